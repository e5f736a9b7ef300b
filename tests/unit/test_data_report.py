"""The data report on data small enough to count by hand."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import data_page, data_report
from analysis.plots import data as plots
from prism_core.store.datasets import Dataset, Features, write_dataset
from tests.factories import make_dataset

EVENTS = {0: [(1, 0), (2, 0), (3, 90), (4, 90)], 1: [(1, 86_400), (2, 90_000), (5, 100_000)]}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Two users; items 1 and 2 share title, year and picture, item 5 has no picture."""
    base = make_dataset(tmp_path / "base", num_users=2, num_items=5, length=4)
    rows = [(u, i, t) for u, events in EVENTS.items() for i, t in events]
    vectors = np.array([[0, 0], [1, 2], [1, 2], [3, 4], [5, 6], [0, 0]], dtype=np.float32)
    items = base.items.assign(
        title=["Same", "same", "<b>Other</b>", "Fourth", "Fifth"],
        year=pd.array([1990, 1990, 1990, 1991, 1992], dtype="Int16"),
        popularity=np.array([2, 1, 0, 0, 0], dtype=np.int32),
    )
    description = {k: base.description[k] for k in ("name", "encoders")}
    return write_dataset(
        tmp_path / "data",
        description=description
        | {
            "title": "A <script>alert(1)</script>",
            "sequence": "Users do things.",
            "statistics": {"median_span_minutes": 1.0},
        },
        tables={
            "interactions": pd.DataFrame(rows, columns=["user_index", "item_index", "timestamp"]),
            "items": items,
            "users": base.users,
        },
        features={"image": Features(vectors, np.array([False, True, True, True, True, False]))},
    )


def test_counts(dataset: Dataset) -> None:
    values = data_report.overview(dataset).set_index("quantity")["value"]
    assert values["interactions"] == 7
    assert values["median length"] == 3.5
    assert values["sparsity"] == pytest.approx(0.3)
    assert values["items without an event"] == 0
    assert data_report.lengths(dataset).to_dict("list") == {"length": [3, 4], "users": [1, 1]}


def test_gini_of_equal_and_of_one_sided_counts() -> None:
    assert data_report.gini(np.full(4, 5)) == pytest.approx(0)
    assert data_report.gini(np.array([0, 0, 0, 9])) == pytest.approx(0.75)
    assert data_report.gini(np.zeros(3)) == 0


def test_popularity_is_ordered_and_adds_up(dataset: Dataset) -> None:
    frame = data_report.popularity(dataset)
    assert frame["events"].tolist() == [2, 2, 1, 1, 1]
    assert frame["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert frame["item_id"].tolist() == ["10", "20", "30", "40", "50"]


def test_gaps_and_spans(dataset: Dataset) -> None:
    gaps = data_report.gaps(dataset).set_index("gap")["share"]
    assert gaps["same second"] == pytest.approx(2 / 5)
    assert gaps["under an hour"] == pytest.approx(1 / 5)
    assert gaps["under a day"] == pytest.approx(2 / 5)
    assert gaps.sum() == pytest.approx(1)
    assert data_report.spans(dataset)["days"].tolist() == pytest.approx([90 / 86400, 13600 / 86400])


def test_missing_modalities_are_counted_over_items_and_events(dataset: Dataset) -> None:
    (row,) = data_report.missing(dataset).to_dict("records")
    assert (row["modality"], row["items"]) == ("image", 1)
    assert row["item_share"] == pytest.approx(1 / 5)
    assert row["event_share"] == pytest.approx(1 / 7)


def test_cautions_name_what_could_mislead(dataset: Dataset) -> None:
    shares = data_report.cautions(dataset).set_index("caution")["share"].to_dict()
    assert shares == {
        "the test event shares its time with the one before": 0.5,
        "training events later than the median test event": pytest.approx(1 / 3),
        "test items without a training event": 1.0,
        "items with the title and year of another item": pytest.approx(2 / 5),
        "items whose vectors equal another item's": pytest.approx(2 / 4),
    }


def test_without_times_nothing_is_said_about_time(dataset: Dataset) -> None:
    del dataset.description["statistics"]["median_span_minutes"]
    assert data_report.gaps(dataset).empty
    assert data_report.spans(dataset).empty
    assert not data_report.cautions(dataset)["caution"].str.contains("event shares|later").any()


def test_figures_draw_every_user_and_item(dataset: Dataset) -> None:
    histogram = plots.length_histogram(lengths=data_report.lengths(dataset))
    assert sum(histogram.data[0].y) == 2
    curve = plots.popularity_curve(popularity=data_report.popularity(dataset))
    assert list(curve.data[0].y)[-1] == pytest.approx(1)
    bars = plots.gap_bars(gaps=data_report.gaps(dataset))
    assert sum(bars.data[0].x) == pytest.approx(1)
    assert not plots.gap_bars(gaps=pd.DataFrame({"gap": [], "share": []})).data


def test_the_page_is_whole_and_escapes_what_comes_from_the_data(
    dataset: Dataset, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    data_page.run(argparse.Namespace(data=dataset.path, out=target))
    text = target.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "A &lt;script&gt;alert(1)" in text
    assert "Users do things." in text
    assert text.count('class="plotly-graph-div"') == 4
    assert 'src="http' not in text
