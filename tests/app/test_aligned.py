"""The tab Across runs: every control of the aligned maps redraws what it names."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.alignment import store_aligned
from analysis.map_points import points_of
from analysis.maps import MapSettings
from analysis.spaces import vectors_of
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.app.conftest import OpenApp, texts
from tests.factories import make_run

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    """Three seeds aligned in the fused vectors, and two of them in synergy."""
    root = tmp_path_factory.mktemp("three")
    runs = [
        Run(make_run(root, dataset=tiny_dataset, run_id=f"prism-seed{s}", seed=s)) for s in SEEDS
    ]
    _align(runs, "fused")
    _align(runs[:2], "synergy")
    return root


def _align(runs: list[Run], space: str) -> None:
    store_aligned(
        runs,
        [vectors_of(run, "items", space) for run in runs],
        scope="items",
        space=space,
        settings=MapSettings(neighbours=5),
        labels=[{"top_part": points_of(run, "items")["top_part"].to_numpy(str)} for run in runs],
    )


def open_tab(open_app: OpenApp, runs: Path) -> AppTest:
    return open_app("maps", runs=runs, run="prism-seed0", view="Across runs")


def figure(app: AppTest) -> dict[str, Any]:
    (chart,) = app.get("plotly_chart")
    return dict(json.loads(chart.proto.spec))


def movers(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "overlap" in table.value)


def choose(app: AppTest, key: str, label: str) -> None:
    """Choose by what the reader sees; the options of these boxes are internal names."""
    box = next(box for box in app.selectbox if str(box.key).startswith(key))
    box.set_value(box.options[[label in option for option in box.options].index(True)]).run()
    assert not app.exception


def test_a_group_is_chosen_and_its_runs_with_it(open_app: OpenApp, three_runs: Path) -> None:
    app = open_tab(open_app, three_runs)
    options = next(b for b in app.selectbox if b.key == "aligned_map").options
    assert sorted(option.partition(",")[0] for option in options) == ["Fused vector", "Synergy"]
    for label, count in (("Fused vector", 3), ("Synergy", 2)):
        choose(app, "aligned_map", label)
        assert len(figure(app)["frames"]) == count
        assert f"**{label} of the items" in texts(app)


def test_the_two_compared_runs_decide_what_moved(open_app: OpenApp, three_runs: Path) -> None:
    app = open_tab(open_app, three_runs)
    choose(app, "aligned_map", "Fused")
    found = {}
    for first, second in (("seed 0", "seed 1"), ("seed 0", "seed 2"), ("seed 1", "seed 2")):
        choose(app, "aligned_from", first)
        choose(app, "aligned_to", second)
        assert f"between PRISM · {first} and PRISM · {second}" in texts(app)
        found[first, second] = movers(app)
        assert found[first, second]["overlap"].is_monotonic_increasing
    assert len({tuple(table["name"]) for table in found.values()}) == 3


def test_a_run_is_not_compared_with_itself(open_app: OpenApp, three_runs: Path) -> None:
    app = open_tab(open_app, three_runs)
    choose(app, "aligned_map", "Fused")
    choose(app, "aligned_from", "seed 2")
    others = next(b for b in app.selectbox if str(b.key).startswith("aligned_to")).options
    assert others == ["PRISM · seed 0", "PRISM · seed 1"]


def test_the_colour_decides_the_traces(open_app: OpenApp, three_runs: Path) -> None:
    app = open_tab(open_app, three_runs)
    choose(app, "aligned_color", "Top part")
    parts = {trace.get("name") for trace in figure(app)["data"]}
    choose(app, "aligned_color", "Popularity")
    assert {trace.get("name") for trace in figure(app)["data"]} != parts
    assert parts & {"Unique image", "Unique text", "Synergy", "Redundancy"}
