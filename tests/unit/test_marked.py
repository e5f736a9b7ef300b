"""What a selection stands for: its users, their metrics with intervals, their weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.marked import marked_metrics, marked_weights, users_behind
from analysis.plots.marked import weight_histograms
from analysis.resampling import unpaired_interval
from prism_core.names import PARTS
from prism_core.store.reader import Run


@pytest.fixture
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


def test_items_stand_for_the_users_whose_true_next_item_they_are(run: Run) -> None:
    outcomes = run.table("user_metrics")
    wanted = outcomes["target_item_id"].iloc[[0, 5]]
    expected = outcomes.loc[outcomes["target_item_id"].isin(wanted), "user_id"]
    assert users_behind(run, "items", wanted).tolist() == expected.tolist()
    users = outcomes["user_id"].iloc[[2, 3]]
    assert users_behind(run, "users", users).tolist() == users.tolist()


def test_metrics_are_means_over_the_marked_and_the_others(run: Run) -> None:
    outcomes = run.table("user_metrics")
    users = outcomes["user_id"].to_numpy()[:15]
    table = marked_metrics(run, users).set_index(["metric", "group"])
    hit = (outcomes["rank"] <= 10).to_numpy()
    assert table.loc[("hr@10", "marked"), "value"] == pytest.approx(hit[:15].mean())
    assert table.loc[("hr@10", "others"), "value"] == pytest.approx(hit[15:].mean())
    gap = table.loc[("hr@10", "difference")]
    assert gap["value"] == pytest.approx(hit[:15].mean() - hit[15:].mean())
    assert gap["low"] < gap["value"] < gap["high"]
    assert table.loc[("ndcg@10", "marked"), "num_users"] == 15


def test_everybody_or_nobody_has_no_others(run: Run) -> None:
    users = run.table("user_metrics")["user_id"].to_numpy()
    assert marked_metrics(run, users).empty
    assert marked_metrics(run, users[:0]).empty


def test_interval_of_two_groups_covers_their_true_difference() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        ours, theirs = rng.random(40) < 0.5, rng.random(120) < 0.3
        found = unpaired_interval(ours, theirs, seed=trial, resamples=500)
        covered += found.low <= 0.2 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_histograms_sum_to_one_for_marked_and_others(run: Run) -> None:
    users = run.table("users")["user_id"].to_numpy()[:10]
    weights = marked_weights(run, users)
    assert weights.groupby("part")["is_marked"].sum().tolist() == [10] * len(PARTS)
    figure = weight_histograms(weights=weights)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    lines = [trace for trace in figure.data if trace.type == "scatter"]
    assert len(bars) == len(lines) == len(PARTS)
    assert all(np.sum(trace.y) == pytest.approx(1) for trace in bars)
    assert all(np.sum(trace.y) / 2 == pytest.approx(1) for trace in lines)


def test_nobody_behind_the_marks_is_said_in_words() -> None:
    weights = pd.DataFrame({"part": ["synergy"], "weight": [0.2], "is_marked": [False]})
    assert "No user" in weight_histograms(weights=weights).layout.annotations[0].text
