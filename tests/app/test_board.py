"""The board collects figures over pages and gives them as one bundle that draws itself again."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis import bundle, data_recipes, rendering
from analysis.export import FORMATS
from analysis.printing import PrintOptions
from analysis.recipes import Recipe
from app import saved_board
from app.board import Pinned
from app.components import health_badge
from app.components.text import markdown, plain
from app.look import Look
from prism_core.errors import PrismError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.app.conftest import OpenApp, texts
from tests.factories import make_run

ROOT = Path(__file__).parents[2]


def pins(app: AppTest) -> list[str]:
    return [button.key for button in app.button if str(button.key).endswith("-pin")]


def collect(app: AppTest, *keys: str) -> AppTest:
    for key in keys:
        app.button(key).click().run()
        assert app.button(key).label == "On board"
    return app


def board_page(app: AppTest) -> AppTest:
    app.switch_page("app_pages/board.py").run()
    assert not app.exception, app.exception
    return app


def names(app: AppTest) -> list[str]:
    return [field.value for field in app.text_input if str(field.key).startswith("board-name")]


@pytest.fixture
def collected(open_app: OpenApp) -> AppTest:
    """The board with three figures of two pages."""
    app = open_app("users", run="prism-seed0", user="7")
    collect(app, "user-fusion-weights-pin", "user-contributions-pin")
    app.switch_page("app_pages/overview.py").run()
    return board_page(collect(app, "overview-floors-pin"))


def test_an_empty_board_says_how_to_fill_it(open_app: OpenApp) -> None:
    assert "Every figure has a button" in texts(open_app("board"))


@pytest.mark.parametrize("page", ["overview", "users", "ablations", "data"])
def test_every_figure_can_be_collected(open_app: OpenApp, page: str) -> None:
    app = open_app(page, run="prism-seed0")
    assert len(pins(app)) == len(app.get("plotly_chart")) > 0


def test_figures_of_several_pages_are_drawn_in_order(collected: AppTest) -> None:
    assert names(collected) == ["user-fusion-weights", "user-contributions", "overview-floors"]
    assert len(collected.get("plotly_chart")) == 3
    captions = [area.value for area in collected.text_area]
    assert captions[2].startswith("This run beside the floors. Lines: 95 % intervals")
    assert not collected.get("download_button")[0].disabled


def test_a_badge_stands_below_collected_weights_alone(
    collected: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = pd.DataFrame({"part": ["synergy"], "verdict": ["leaks"], "evidence": ["It hardly."]})
    assert "Synergy: leaks" not in texts(collected)
    monkeypatch.setattr(health_badge, "verdicts", lambda run: known)
    assert texts(collected.run()).count("Synergy: leaks") == 1


def test_order_and_removal(collected: AppTest) -> None:
    collected.button("board--1-3").click().run()
    assert names(collected) == ["user-fusion-weights", "overview-floors", "user-contributions"]
    assert collected.button("board--1-1").disabled
    assert collected.button("board-1-2").disabled
    collected.button("board-remove-1").click().run()
    assert names(collected) == ["overview-floors", "user-contributions"]
    collected.switch_page("app_pages/users.py").run()
    assert collected.button("user-fusion-weights-pin").label == "Board"
    collected.button("user-contributions-pin").click().run()
    assert names(board_page(collected)) == ["overview-floors"]


def test_words_and_width_are_kept_over_pages(collected: AppTest) -> None:
    collected.text_input("board-name-1").set_value("weights").run()
    collected.text_area("board-caption-1").set_value("Weights & more").run()
    collected.segmented_control("board-1-span").set_value("full").run()
    collected.selectbox("paper_venue").set_value("icml").run()
    assert "6.75 x" in texts(collected)
    assert "3.25 x" in texts(collected)
    collected.switch_page("app_pages/overview.py").run()
    board_page(collected)
    assert names(collected)[0] == "weights"
    assert collected.text_area("board-caption-1").value == "Weights & more"
    assert "6.75 x" in texts(collected)


def test_a_bad_or_double_name_blocks_the_download(collected: AppTest) -> None:
    collected.text_input("board-name-1").set_value("../evil").run()
    assert any("use letters, digits" in error.value for error in collected.error)
    assert collected.get("download_button")[0].disabled
    collected.text_input("board-name-1").set_value("overview-floors").run()
    assert any("same file name" in error.value for error in collected.error)
    assert collected.get("download_button")[0].disabled


def test_a_run_that_is_gone_is_said(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    for run_id in ("one", "two"):
        make_run(tmp_path / "runs", dataset=tiny_dataset, run_id=run_id)
    app = open_app("users", runs=tmp_path / "runs", run="one", user="7")
    collect(app, "user-contributions-pin")
    shutil.rmtree(tmp_path / "runs" / "one")
    board_page(app)
    assert any("was not found" in error.value for error in app.error)
    assert app.get("download_button")[0].disabled


def test_without_a_browser_it_is_said_what_is_left_out(
    collected: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "find_browser", lambda: None)
    board_page(collected)
    assert "will lack PDF, SVG and PNG" in texts(collected)
    assert not collected.get("download_button")[0].disabled


def test_a_saved_board_is_opened_in_another_session(collected: AppTest, open_app: OpenApp) -> None:
    collected.text_area("board-caption-2").set_value("My words").run()
    collected.segmented_control("board-2-legend").set_value("bottom").run()
    collected.selectbox("paper_venue").set_value("icml").run()
    collected.selectbox("paper_font").set_value("Helvetica").run()
    look = Look(venue="icml", font="Helvetica")
    saved = saved_board.write([one.card(look) for one in collected.session_state["board"]])
    other = open_app("board")
    assert "Nothing is on the board" in texts(other)
    other.file_uploader("board_file").set_value(("board.json", saved, "application/json")).run()
    other.button("open_board").click().run()
    assert not other.exception, other.exception
    assert names(other) == names(collected)
    assert other.text_area("board-caption-2").value == "My words"
    assert other.segmented_control("board-2-legend").value == "bottom"
    assert other.selectbox("paper_venue").value == "icml"
    assert other.selectbox("paper_font").value == "Helvetica"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not a board of version"),
        (b'{"bundle_version": 2, "figures": 3}', "expected a list of at most"),
        (b'{"bundle_version": 2, "figures": [{"name": 1}]}', "not as it was saved"),
        (b'{"bundle_version": 2, "figures": [null]}', "not as it was saved"),
    ],
)
def test_a_hostile_board_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(PrismError, match=rf"(board\.json: )?.*{told}"):
        saved_board.read(content, "board.json")


def test_a_saved_recipe_is_held_to_texts(collected: AppTest) -> None:
    entry = bundle.card_entry(collected.session_state["board"][0].card(Look()))
    for change in (
        {"recipe": entry["recipe"] | {"figure": "__import__"}},
        {"recipe": entry["recipe"] | {"options": {"user_id": {"a": 1}}}},
        {"options": entry["options"] | {"venue": "nature"}},
        {"options": entry["options"] | {"code": "1"}},
        {"name": "../../evil"},
    ):
        wrong = {"bundle_version": bundle.VERSION, "figures": [entry | change]}
        with pytest.raises(PrismError):
            saved_board.read(json.dumps(wrong).encode(), "board.json")


def test_markup_does_not_reach_a_caption() -> None:
    title = "Film *one* [x](y) 50 % \\ a_b"
    assert plain(f"**{markdown(title)}**") == title


def test_the_bundle_draws_the_same_files_again_without_the_app(
    tiny_runs: Path, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    places = {Run(path).run_id: path for path in sorted(tiny_runs.iterdir())}
    places[tiny_dataset.fingerprint] = tiny_dataset.path
    recipes = (
        Recipe(figure="user", runs=("prism-seed0",), options={"user_id": "7"}),
        *(Recipe(figure=name, runs=(tiny_dataset.fingerprint,)) for name in data_recipes.FIGURES),
    )
    cards = [
        Pinned(key, recipe, f"figure-{key}", "A caption").card(Look(venue="icml", palette="grey"))
        for key, recipe in enumerate(recipes)
    ]
    assert cards[0].options == PrintOptions(venue="icml", palette="grey")
    formats = [name for name in FORMATS if name != "png600"]
    first = tmp_path / "first"
    archive = zipfile.ZipFile(io.BytesIO(bundle.bundle_zip(cards, places, formats=formats)))
    archive.extractall(first)
    script = (
        "import runpy, sys; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__');"
        "assert 'streamlit' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(first / "make_figures.py"),
         str(places["prism-seed0"]), str(tiny_dataset.path), "--out", str(tmp_path / "again")],
        check=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    for name in archive.namelist():
        assert (tmp_path / "again" / name).read_bytes() == archive.read(name), name
    manifest = json.loads(archive.read("manifest.json"))
    has_browser = rendering.find_browser() is not None
    assert manifest["formats"] == [f for f in formats if has_browser or not FORMATS[f].image]
    assert manifest["runs"]["prism-seed0"]["dataset"]["fingerprint"] == tiny_dataset.fingerprint
    assert manifest["runs"]["prism-seed0"]["seed"] == 0
    assert manifest["data"][tiny_dataset.fingerprint]["name"] == "tiny"


def test_a_title_cannot_be_a_formula_in_a_csv(
    tmp_path: Path, tiny_dataset: Dataset, tiny_runs: Path
) -> None:
    run = tmp_path / "prism-seed0"
    shutil.copytree(tiny_runs / "prism-seed0", run)
    manifest = json.loads((run / "manifest.json").read_text())
    listed = pd.read_parquet(run / "items.parquet")
    listed.assign(title="=HYPERLINK(1)").to_parquet(run / "items.parquet")
    (run / "manifest.json").write_text(json.dumps(manifest))
    recipe = Recipe(figure="user", runs=("prism-seed0",), options={"user_id": "7"})
    card = Pinned(1, recipe, "user", "").card(Look())
    files = dict(bundle.bundle_files([card], {"prism-seed0": run}, formats=["csv"]))
    cells = [
        cell for row in csv.reader(io.StringIO(files["data/user.csv"].decode())) for cell in row
    ]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not any(cell.startswith("=") for cell in cells)
