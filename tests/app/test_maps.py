"""The page Maps: every control redraws, marks outlive everything, links reopen the same view."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.alignment import store_aligned
from analysis.map_points import points_of
from analysis.maps import MapSettings, map_name, store_map
from analysis.plots.theme import label_of
from analysis.regions import Region, box
from analysis.spaces import vectors_of
from app import jobs
from app.catalogue import make_catalogue
from app.components import health_badge, map_card
from app.state import SELECTION
from prism_core.names import PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.app.conftest import OpenApp, html, texts
from tests.factories import make_run

PCA = MapSettings(method="pca")
SPACES = {"items": (*PARTS, "fused", "raw_image"), "users": ("state", "weights")}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    """Two runs with maps of items and users, aligned with each other."""
    root = tmp_path_factory.mktemp("mapped")
    ids = ("prism-seed0", "prism-seed1")
    paths = [make_run(root, dataset=tiny_dataset, run_id=r, seed=s) for s, r in enumerate(ids)]
    run = Run(paths[0])
    for scope, spaces in SPACES.items():
        for space in spaces:
            vectors = vectors_of(run, scope, space, tiny_dataset)
            groups = {"top_part": points_of(run, scope)["top_part"].astype(str).to_numpy()}
            store_map(run, map_name(scope, space, "pca"), vectors, PCA, groups)
    add_copy_as_umap(run)
    return root


@pytest.fixture(scope="module")
def aligned(mapped: Path) -> Path:
    runs = [Run(path) for path in sorted(mapped.iterdir())]
    tables = [vectors_of(run, "items", "fused") for run in runs]
    groups = [{"top_part": points_of(run, "items")["top_part"].to_numpy(str)} for run in runs]
    store_aligned(
        runs, tables, scope="items", space="fused", settings=MapSettings(neighbours=5),
        labels=groups,
    )  # fmt: skip
    return mapped


def add_copy_as_umap(run: Run) -> None:
    """Store a second method without computing it."""
    table = Run(run.path).table("maps/items-synergy-pca")
    add_artifact(run.path, "maps/items-synergy-umap", table, key="copied")


def figure(app: AppTest, place: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def marks(app: AppTest) -> dict:
    """What the chart is told to mark: rows and outlines."""
    (told,) = [
        json.loads(one.proto.json) for one in app.get("bidi_component")
        if one.proto.component_name == "prism_map_marks"
    ]  # fmt: skip
    if told["rows"] is not None:
        bits = np.frombuffer(base64.b64decode(told["rows"]), dtype=np.uint8)
        told["rows"] = np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist()
    return told


def all_of(run: Run, space: str) -> str:
    """A box around the left half of a map, as the address has it."""
    plane = run.table(f"maps/items-{space}-pca")
    corners = [[float(plane[a].min()) - 1, float(plane[a].max()) + 1] for a in ("x", "y")]
    corners[0][1] = float(plane["x"].median())
    return Region("items", "pca", (box(space, *corners),)).text()


@pytest.fixture
def marked(mapped: Path) -> tuple[str, list[int]]:
    """A selection as text, and its rows."""
    run = Run(mapped / "prism-seed0")
    text = all_of(run, "synergy")
    rows = Region.parse(text).rows(lambda space: run.table(f"maps/items-{space}-pca"))
    return text, rows.tolist()


def open_map(open_app: OpenApp, runs: Path, view: str = "items~pca", **query: str) -> AppTest:
    return open_app("maps", runs=runs, run="prism-seed0", map=view, **query)


def test_four_parts_are_linked_panels_of_one_figure(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    assert len(app.get("plotly_chart")) == 1
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    names = ["Unique image", "Unique text", "Synergy", "Redundancy"]
    assert [title.split("  ")[0] for title in titles] == names
    assert all(w in title for title in titles for w in ("trust", "kept", "silhouette"))
    assert "groups by top part separate" in texts(app)


def test_points_choose_items_or_users(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    assert app.selectbox("map_scope").options == ["Items", "Users"]
    app.selectbox("map_scope").set_value("users").run()
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    assert [title.split("  ")[0] for title in titles] == ["User state", "Fusion weights"]
    assert app.query_params["map"] == ["users~pca"] or app.query_params["map"] == "users~pca"


def test_method_is_chosen_among_the_stored_ones(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    assert app.selectbox("map_method").options == ["UMAP", "PCA"]
    app.selectbox("map_method").set_value("umap").run()
    assert app.get("button_group")[0].options == ["Synergy"]


def test_every_column_can_be_the_colour(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    offered = app.selectbox("map_color").options
    assert {"Category", "Top part", "Popularity", "Year", "Weight of synergy"} <= set(offered)
    assert any(option.startswith("Error") for option in offered)
    for view, count in (("items~pca", len(offered)), ("users~pca", None)):
        app = open_map(open_app, mapped, view)
        names = app.selectbox("map_color").options
        assert count in (None, len(names))
        for place in range(len(names)):
            app.selectbox("map_color").select_index(place).run()
            assert not app.exception
            assert len(app.get("plotly_chart")) == 1


def test_spaces_choose_the_panels(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped, "items~pca~~fused.raw_image")
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    assert [title.split("  ")[0] for title in titles] == ["Fused vector", "Raw image"]
    assert app.get("button_group")[0].value == ["fused", "raw_image"]


def test_spaces_are_chosen_on_the_page(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    app.button_group("map_spaces").set_value(["redundancy", "raw_image"]).run()
    titles = [note["text"] for note in figure(app)["layout"]["annotations"]]
    assert [title.split("  ")[0] for title in titles] == ["Redundancy", "Raw image"]


def test_search_rings_what_it_finds(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    app.text_input("map_search").set_value("number 17").run()
    rings = [t for t in figure(app)["data"] if t["marker"].get("symbol") == "circle-open"]
    assert len(rings) == len(PARTS)


def test_marks_of_a_link_are_listed_measured_and_cleared(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]]
) -> None:
    text, rows = marked
    app = open_map(open_app, mapped, marked=text)
    assert f"{len(rows)} marked items" in texts(app)
    assert "How well is the model for them?" in texts(app)
    assert len(app.get("plotly_chart")) == 2
    titles = {t.value["Title"].size for t in app.dataframe if "Title" in t.value}
    assert titles == {len(rows)}
    app.button("clear_marked").click().run()
    assert "marked items" not in texts(app)


def test_verdicts_stand_beside_the_weights_of_marked_users(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = pd.DataFrame({"part": ["synergy"], "verdict": ["leaks"], "evidence": ["It hardly."]})
    assert "Synergy: leaks" not in texts(open_map(open_app, mapped, marked=marked[0]))
    monkeypatch.setattr(health_badge, "verdicts", lambda run: known)
    assert "Synergy: leaks" in texts(open_map(open_app, mapped, marked=marked[0]))


def test_the_card_of_a_point_says_the_weights_and_the_verdict_on_their_parts(
    mapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(mapped / "prism-seed0")
    users, items = points_of(run, "users"), points_of(run, "items")
    assert "<em" not in map_card.user_card(run, users, 0, "rank")
    known = pd.DataFrame({"part": ["synergy"], "verdict": ["leaks"], "evidence": ["It hardly."]})
    monkeypatch.setattr(health_badge, "verdicts", lambda run: known)
    card = map_card.user_card(run, users, 0, "weight_synergy")
    badge = '<em class="orange">≈ leaks</em>'
    assert f"Synergy {users['weight_synergy'].iloc[0]:.2f} {badge}" in card
    assert card.count("<em") == 1
    assert all(label_of(part) in card for part in PARTS)
    catalogue = make_catalogue(run.table("items"))
    assert badge in map_card.item_card(run, items, 0, catalogue, "weight_synergy")
    assert badge not in map_card.item_card(run, items, 0, catalogue, "weight_redundancy")


def test_badges_stand_below_maps_of_weights(
    open_app: OpenApp, mapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = pd.DataFrame({"part": ["synergy"], "verdict": ["leaks"], "evidence": ["It hardly."]})
    monkeypatch.setattr(health_badge, "verdicts", lambda run: known)
    app = open_map(open_app, mapped)
    app.selectbox("map_color").select("popularity").run()
    assert "Synergy: leaks" not in texts(app)
    app.selectbox("map_color").select("weight_synergy").run()
    assert "Synergy: leaks" in texts(app)


def test_marks_show_in_every_panel_and_survive_colour_method_and_pages(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]]
) -> None:
    text, rows = marked
    app = open_map(open_app, mapped, marked=text)
    for change in (
        lambda: app.selectbox("map_color").select("popularity"),
        lambda: app.selectbox("map_method").set_value("umap"),
        lambda: app.switch_page("app_pages/users.py").run().switch_page("app_pages/maps.py"),
    ):
        change().run()
        assert marks(app)["rows"] == rows
    outlines = marks(open_map(open_app, mapped, marked=text))["selections"]
    assert [outline["xref"] for outline in outlines] == ["x3"]


def test_another_run_starts_without_marks(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]]
) -> None:
    app = open_map(open_app, mapped, marked=marked[0])
    app.query_params["run"] = "prism-seed1"
    app.run()
    assert app.session_state[SELECTION].marked is None


def test_marks_can_be_saved_as_a_slice(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]]
) -> None:
    app = open_map(open_app, mapped, marked=marked[0])
    app.text_input("marked-slice-name").set_value("left half").run()
    app.button("marked-slice-save").click().run()
    assert app.session_state[SELECTION].slice == "left half"
    assert "left half" in app.selectbox("slice_picker").options


def test_link_opens_the_same_view(
    open_app: OpenApp, mapped: Path, marked: tuple[str, list[int]]
) -> None:
    app = open_map(open_app, mapped, "items~pca~popularity~synergy", marked=marked[0])
    (code,) = [c.value for c in app.code]
    assert f"marked={marked[0]}" in code
    assert "map=items~pca~popularity~synergy" in code
    assert "run=prism-seed0" in code


@pytest.mark.parametrize("text", ["x", "items~pca~synergy~q~1_2_3_4", "items~pca~synergy~b~1_2_3"])
def test_link_that_marks_nothing_sensible_is_refused_once(
    open_app: OpenApp, mapped: Path, text: str
) -> None:
    app = open_map(open_app, mapped, marked=text)
    assert "no selection on a map" in texts(app)
    app.run()
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize("view", ["~~~~", "nothing~tsne~colour~space~x", "users", "items~pca~~x.y"])
def test_link_to_a_view_that_is_not_there_shows_what_is(
    open_app: OpenApp, mapped: Path, view: str
) -> None:
    app = open_map(open_app, mapped, view)
    assert not app.error
    assert len(app.get("plotly_chart")) == 1


def test_chosen_point_has_its_neighbours_from_the_space_itself(
    open_app: OpenApp, mapped: Path
) -> None:
    app = open_map(open_app, mapped, "items~pca~~synergy")
    app.selectbox("map_chosen").set_value(4).run()
    assert app.session_state[SELECTION].item == "50"
    run = Run(mapped / "prism-seed0")
    vectors = vectors_of(run, "items", "synergy")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = int(np.argsort(-(unit @ unit[4]))[1])
    assert f"Film number {nearest + 1}<" in html(app)
    symbols = [trace["marker"].get("symbol") for trace in figure(app)["data"]]
    assert {"star-open", "x-thin-open"} <= {s for s in symbols if isinstance(s, str)}


def test_neighbours_of_a_user_are_users(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped, "users~pca~~state")
    app.selectbox("map_chosen").set_value(2).run()
    assert app.session_state[SELECTION].user == "3"
    assert texts(app).count("User ") >= 10


def test_quality_is_told_for_every_drawn_map(open_app: OpenApp, mapped: Path) -> None:
    app = open_map(open_app, mapped)
    table = next(t.value for t in app.dataframe if "Trustworthiness" in t.value)
    assert table["Space"].tolist() == ["Unique image", "Unique text", "Synergy", "Redundancy"]
    assert table["Neighbours kept"].between(0, 1).all()
    assert "sha256" in texts(app)


def fill_in(app: AppTest) -> None:
    app.selectbox("compute_map_scope").set_value("users").run()
    app.selectbox("compute_map_method").set_value("densmap").run()
    app.number_input("compute_map_neighbours").set_value(7)
    app.number_input("compute_map_min_dist").set_value(0.2)
    app.number_input("compute_map_seed").set_value(3)


@pytest.mark.parametrize(
    ("change", "options", "spaces"),
    [
        (
            fill_in,
            "--scope users --method densmap --neighbours 7 --min-dist 0.2 --seed 3",
            ["state", "weights", *PARTS, "id", "fused", "raw_image", "raw_text"],
        ),
        (
            lambda app: app.button_group("compute_map_spaces-items-umap").set_value(["id"]).run(),
            "--scope items --method umap",
            ["id"],
        ),
    ],
    ids=["every setting", "one space"],
)
def test_maps_are_computed_by_a_subprocess_with_what_the_form_says(
    open_app: OpenApp,
    mapped: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[AppTest], object],
    options: str,
    spaces: list[str],
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda target, command, **_: started.append(command))
    app = open_map(open_app, mapped)
    change(app)
    app.button("compute_maps").click().run()
    (command,) = started
    assert command[:2] == ["analysis", "map"]
    assert options in " ".join(command[3:])
    assert [command[k + 1] for k, part in enumerate(command) if part == "--space"] == spaces


def test_a_map_started_from_the_page_appears_on_it(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    make_run(tmp_path, dataset=tiny_dataset, run_id="prism-seed0")
    app = open_app("maps", runs=tmp_path)
    assert "no maps yet" in texts(app)
    app.selectbox("compute_map_method").set_value("pca").run()
    app.button("compute_maps").click().run()
    (job,) = jobs.jobs().values()
    assert job.process.wait(timeout=120) == 0
    app.run()
    app.run()
    assert app.selectbox("map_method").options == ["PCA"]


def test_aligned_runs_have_a_slider_and_movers(open_app: OpenApp, aligned: Path) -> None:
    app = open_app("maps", runs=aligned, run="prism-seed0", view="Across runs")
    drawn = figure(app)
    steps = drawn["layout"]["sliders"][0]["steps"]
    assert [step["label"] for step in steps] == ["PRISM · seed 0", "PRISM · seed 1"]
    assert len(drawn["frames"]) == 2
    movers = next(t.value for t in app.dataframe if "overlap" in t.value)
    assert movers["overlap"].is_monotonic_increasing
    assert "Two seeds of one recipe share" in texts(app)
    assert texts(app).count("silhouette by top part") == 2
    app.selectbox("aligned_from").set_value("prism-seed1").run()
    app.selectbox("aligned_color").select("top_part").run()
    assert not app.exception


def test_alignment_is_started_for_the_chosen_runs(
    open_app: OpenApp, mapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda target, command, **_: started.append(command))
    app = open_app("maps", runs=mapped, run="prism-seed0", view="Across runs")
    assert app.button("start_alignment").disabled
    app.multiselect("align_runs").set_value(["prism-seed1"]).run()
    app.selectbox("align_space").set_value("synergy").run()
    app.button("start_alignment").click().run()
    (command,) = started
    assert [Path(part).name for part in command[2:4]] == ["prism-seed0", "prism-seed1"]
    assert command[4:] == ["--aligned", "--space", "synergy"]


def test_run_without_vectors_says_so(open_app: OpenApp) -> None:
    assert "the vectors of its items" in texts(open_app("maps", run="popularity"))
