"""From raw files to a data set: what is kept, in which order, and the same bytes every time."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from prism_core.data import command
from prism_core.data.feature_files import read_features
from prism_core.data.options import PreparationOptions
from prism_core.data.preparation import prepare
from prism_core.data.readers.movielens import read_movielens
from prism_core.data.readers.sequence_text import read_sequences
from prism_core.errors import ConfigError, DataError
from prism_core.store.datasets import Dataset

ENCODERS = {"image": "random, 6-d", "text": "random, 4-d"}
OPTIONS = PreparationOptions(k_core=3, last=4)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Write MovieLens files: 6 users, 7 films; film 70 has no picture, film 60 is rated once."""
    events = [(u, 10 * i) for u in range(1, 7) for i in (5, 4, 3, 2, 1, 7)] + [(1, 60)]
    ratings = [f"{u},{i},4.0,{1000 + 7 * (i % 20)}" for u, i in events]
    films = [f'{10 * i},"Film, The number {i} ({1990 + i})",Drama|Comedy' for i in range(1, 7)]
    films.append("70,Untitled,(no genres listed)")
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *ratings]))
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *films]) + "\n")
    (folder / "README.txt").write_text("terms of use")
    rng = np.random.default_rng(0)
    np.savez(
        folder / "features.npz",
        image=rng.normal(size=(6, 6)).astype(np.float16),
        image_movie_id=10 * np.arange(1, 7),
        text=rng.normal(size=(7, 4)).astype(np.float16),
        text_movie_id=10 * np.arange(7, 0, -1),
    )
    return folder


def prepared(raw: Path, target: Path, options: PreparationOptions = OPTIONS) -> Dataset:
    features = read_features(raw / "features.npz")
    return prepare(read_movielens(raw), features, target, options, ENCODERS)


def test_core_order_and_ties_are_as_promised(raw: Path, tmp_path: Path) -> None:
    dataset = prepared(raw, tmp_path / "out")
    assert dataset.items["item_id"].tolist() == ["10", "20", "30", "40", "50"]
    first = dataset.interactions[dataset.interactions["user_index"] == 0]
    assert first["timestamp"].tolist() == [1000, 1070, 1070, 1070]
    assert first["item_index"].tolist() == [2, 5, 3, 1]
    assert dataset.users["user_id"].tolist() == [str(u) for u in range(1, 7)]


def test_titles_years_and_categories_are_split(raw: Path, tmp_path: Path) -> None:
    item = prepared(raw, tmp_path / "out").items.iloc[1]
    assert item["title"] == "Film, The number 2"
    assert item["year"] == 1992
    assert item["categories"].tolist() == ["Drama", "Comedy"]


def test_popularity_counts_training_events_only(raw: Path, tmp_path: Path) -> None:
    items = prepared(raw, tmp_path / "out").items.set_index("item_id")
    assert items["popularity"].to_dict() == {"10": 0, "20": 6, "30": 0, "40": 0, "50": 6}


def test_vectors_follow_their_items_and_modalities_keep_their_order(
    raw: Path, tmp_path: Path
) -> None:
    dataset = prepared(raw, tmp_path / "out")
    source = read_features(raw / "features.npz")
    assert dataset.modalities == ("image", "text")
    text = dataset.features("text").vectors
    assert np.array_equal(text[1], source["text"].vectors[6].astype(np.float32))
    assert not text[0].any()


def test_an_item_without_a_modality_is_flagged_when_kept(raw: Path, tmp_path: Path) -> None:
    options = PreparationOptions(k_core=3, last=None, complete_items=False)
    dataset = prepared(raw, tmp_path / "out", options)
    image = dataset.features("image")
    assert dataset.items["item_id"].iloc[-1] == "70"
    assert not image.available[-1]
    assert dataset.description["statistics"]["items_without"] == {"image": 1, "text": 0}


def test_the_same_input_gives_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    one, two = prepared(raw, tmp_path / "one"), prepared(raw, tmp_path / "two")
    for path in sorted(p for p in one.path.rglob("*") if p.is_file()):
        assert path.read_bytes() == (two.path / path.relative_to(one.path)).read_bytes()
    assert (one.path / "README.txt").read_text() == "terms of use"


def test_the_sequence_sentence_carries_measured_figures(raw: Path, tmp_path: Path) -> None:
    dataset = prepared(raw, tmp_path / "out")
    assert dataset.description["statistics"]["median_span_minutes"] == pytest.approx(70 / 60)
    assert dataset.description["statistics"]["same_second_share"] == pytest.approx(2 / 3)
    assert "66.7 % of consecutive events share a second" in dataset.description["sequence"]


def test_too_small_a_core_or_history_is_refused() -> None:
    for options in ({"k_core": 2}, {"last": 2}):
        with pytest.raises(ConfigError, match="at least 3"):
            PreparationOptions(**options)


def test_an_empty_result_is_refused_and_nothing_is_written(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no interactions are left after the 50-core"):
        prepared(raw, tmp_path / "out", PreparationOptions(k_core=50))
    assert [p.name for p in tmp_path.iterdir()] == ["raw"]


def test_an_encoder_must_be_named(raw: Path, tmp_path: Path) -> None:
    features = read_features(raw / "features.npz")
    with pytest.raises(ConfigError, match="'text' has no encoder name"):
        prepare(read_movielens(raw), features, tmp_path / "out", OPTIONS, {"image": "random"})


def test_options_choose_by_rating_time_and_user(raw: Path, tmp_path: Path) -> None:
    lines = (raw / "ratings.csv").read_text().splitlines()
    low = [line.replace(",4.0,", ",1.0,") if line.startswith("6,") else line for line in lines]
    (raw / "ratings.csv").write_text("\n".join(low))
    options = PreparationOptions(k_core=3, min_rating=2.0, since=1070, until=1070, users=4)
    dataset = prepared(raw, tmp_path / "out", options)
    assert dataset.num_users == 4
    assert set(dataset.interactions["timestamp"]) == {1070}
    assert "6" not in set(dataset.users["user_id"])
    again = prepared(raw, tmp_path / "again", options)
    assert again.fingerprint == dataset.fingerprint


def test_options_that_the_data_cannot_serve_are_refused(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "s.txt").write_text("1 1 2 3\n2 1 2 3\n3 1 2 3\n")
    sequences = read_sequences(tmp_path / "s")
    for change, message in (({"min_rating": 3.0}, "no ratings"), ({"since": 5}, "no times")):
        options = PreparationOptions(k_core=3, **change)
        with pytest.raises(ConfigError, match=message):
            prepare(sequences, {}, tmp_path / "out", options, {})
    with pytest.raises(ConfigError, match="since = 9 is after until = 3"):
        PreparationOptions(since=9, until=3)
    with pytest.raises(ConfigError, match="users = 0"):
        PreparationOptions(users=0)


def test_the_command_encodes_texts_and_maps_columns(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = [f"u{u},s{i},{i}" for u in range(4) for i in range(5)]
    (folder / "interactions.csv").write_text("\n".join(["who,sku,when", *rows]))
    items = [f"s{i},thing number{i},a|b" for i in range(5)]
    (folder / "items.csv").write_text("\n".join(["sku,title,categories", *items]))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = ["table", str(folder), "--out", str(tmp_path / "out"), "--k-core", "4"]
    for pair in ("user_id=who", "item_id=sku", "timestamp=when"):
        words += ["--column", pair]
    command.run(parser.parse_args([*words, "--encode", "title=tfidf-svd"]))
    dataset = Dataset(tmp_path / "out")
    assert dataset.modalities == ("title",)
    assert dataset.description["encoders"] == {"title": "TF-IDF + SVD, 4-d; title"}
    with pytest.raises(ConfigError, match="format 'movielens' has fixed columns"):
        command.run(parser.parse_args(["movielens", *words[1:]]))
