"""The page Maps: stored maps as linked panels, marked items that outlive the chart."""

from pathlib import Path

import pytest

from analysis.maps import MapSettings, map_name, store_map
from analysis.spaces import item_vectors
from app.state import MARKED
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.app.conftest import OpenApp, html, texts
from tests.factories import make_run


@pytest.fixture
def mapped(tmp_path: Path, tiny_dataset: Dataset) -> Path:
    run = Run(make_run(tmp_path / "runs", dataset=tiny_dataset))
    for space in run.parts[:2]:
        name = map_name("items", space, "pca")
        store_map(run, name, item_vectors(run, space), MapSettings(method="pca"))
    return tmp_path / "runs"


def test_stored_maps_are_drawn_and_the_missing_ones_offered(
    open_app: OpenApp, mapped: Path
) -> None:
    app = open_app("maps", runs=mapped)
    assert app.get("button_group")[0].options == ["Unique image", "Unique text"]
    assert app.selectbox("map_method").options == ["PCA"]
    assert app.button(key="compute_maps").label == "Compute maps"
    assert len(app.get("plotly_chart")) == 1


def test_marked_items_are_listed_until_cleared(open_app: OpenApp, mapped: Path) -> None:
    app = open_app("maps", runs=mapped)
    app.session_state[MARKED] = [0, 4, 7]
    app.run()
    assert "3 marked items" in texts(app)
    assert all(f"Film number {number}<" in html(app) for number in (1, 5, 8))
    app.button("clear_marked").click().run()
    assert "marked items" not in texts(app)


def test_search_and_colour_redraw_the_same_panels(open_app: OpenApp, mapped: Path) -> None:
    app = open_app("maps", runs=mapped)
    app.selectbox("map_color").set_value("top_part").run()
    app.text_input("map_search").set_value("number 1").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1


def test_run_without_vectors_says_so(open_app: OpenApp) -> None:
    assert "stored without item vectors" in texts(open_app("maps", run="popularity"))
