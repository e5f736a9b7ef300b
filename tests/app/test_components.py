"""Pieces of the app that need no page: cards, pictures, text, the verdict."""

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from app.catalogue import make_catalogue
from app.components.cards import picture_address
from app.components.text import duration, markdown
from app.components.title_card import title_card
from app.components.verdict import against_floors
from app.pictures import Pictures
from prism_core.errors import DataError

JPEG = b"\xff\xd8\xff\xe0 a small picture"
HOSTILE = '"><script>alert(1)</script>& ]]> <b>'


def card(title: str, seed: str = "1") -> str:
    return title_card(title=title, year="1999", category="Drama", color="#0072B2", seed=seed)


@pytest.mark.parametrize(
    "title",
    [HOSTILE, "", "M", "Supercalifragilisticexpialidocious " * 12, "七人の侍", "\x00\ufffe"],
)
def test_title_card_is_well_formed_for_any_title(title: str) -> None:
    root = ElementTree.fromstring(card(title))
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")


def test_title_card_shows_title_year_and_genre() -> None:
    text = " ".join(ElementTree.fromstring(card("Seven Samurai")).itertext())
    assert all(word in text for word in ("Seven", "Samurai", "1999", "DRAMA"))


def test_title_card_follows_from_its_seed() -> None:
    assert card("A", "1") == card("A", "1")
    assert card("A", "1") != card("A", "2")


def test_pictures_from_folder_and_zip_agree(tmp_path: Path) -> None:
    (tmp_path / "7.jpg").write_bytes(JPEG)
    (tmp_path / "8.txt").write_text("no picture")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "7.jpg", "posters/7.jpg")
    for source in (Pictures(tmp_path), Pictures(tmp_path / "all.zip")):
        assert source.get("7") == ("image/jpeg", JPEG)
        assert source.get("8") is None
        assert len(source) == 1


def test_file_that_only_claims_to_be_a_picture_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "7.jpg").write_bytes(b"<html>")
    assert Pictures(tmp_path).get("7") is None


def test_wrong_picture_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder or a zip"):
        Pictures(tmp_path / "missing.zip")


def test_item_without_picture_gets_a_title_card(tmp_path: Path) -> None:
    (tmp_path / "10.jpg").write_bytes(JPEG)
    frame = pd.DataFrame(
        {
            "item_id": ["10", "20"],
            "title": ["A", HOSTILE],
            "year": pd.array([1999, None], dtype="Int16"),
            "categories": [["Drama"], []],
            "popularity": [1, 2],
        }
    )
    catalogue = make_catalogue(frame)
    pictures = Pictures(tmp_path)
    first, second = (picture_address(catalogue.get(i), catalogue, pictures) for i in ("10", "20"))
    assert first.startswith("data:image/jpeg;base64,")
    assert second.startswith("data:image/svg+xml,")
    assert "<" not in second
    assert '"' not in second


def test_catalogue_names_unknown_items_by_id() -> None:
    empty = pd.DataFrame(
        {"item_id": [], "title": [], "year": [], "categories": [], "popularity": []}
    )
    assert make_catalogue(empty).get("99").label == "Item 99"


@pytest.mark.parametrize("text", ["*a* _b_", "$x$ :red[y]", "<script>", "[link](http://x)", "# h"])
def test_markdown_shows_special_letters_as_they_are(text: str) -> None:
    escaped = markdown(text)
    unescaped = escaped.replace("\\", "")
    assert unescaped == text
    for place, letter in enumerate(escaped):
        if letter in "*_$[<#":
            assert escaped[place - 1] == "\\"


@pytest.mark.parametrize(
    ("seconds", "text"), [(48.2, "48 s"), (125, "2 min 5 s"), (3840, "1 h 4 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def floors(**differences: tuple[float, float, float]) -> pd.DataFrame:
    rows = [
        {"name": name, "difference": d, "low": low, "high": high}
        for name, (d, low, high) in differences.items()
    ]
    fixed = {"metric": "ndcg@10", "value": 0.04, "reference_value": 0.05, "num_users": 610}
    return pd.DataFrame(rows).assign(**fixed)


@pytest.mark.parametrize(
    ("table", "outcome", "words"),
    [
        (floors(kNN=(-0.02, -0.03, -0.01)), "beats", "beats every floor on NDCG@10"),
        (floors(kNN=(-0.01, -0.03, 0.01)), "ahead", "not clearly above kNN"),
        (floors(kNN=(0.01, -0.01, 0.03), Pop=(-1, -2, -0.5)), "behind", "does not beat kNN on"),
    ],
)
def test_verdict_says_no_more_than_the_intervals(
    table: pd.DataFrame, outcome: str, words: str
) -> None:
    judged = against_floors("PRISM", table)
    assert judged.outcome == outcome
    assert words in judged.text


def test_verdict_turns_the_interval_to_the_side_of_the_run() -> None:
    text = against_floors("PRISM", floors(kNN=(-0.02, -0.03, -0.01))).text
    assert "+0.0200" in text
    assert "+0.0100 to +0.0300" in text
