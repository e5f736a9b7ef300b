"""Groups of users: tastes from their histories, means with intervals, many users as few marks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.explanations import population_contributions
from analysis.plots.triangle import summarised
from analysis.plots.user_groups import entropy_histogram, group_bars
from analysis.tastes import BANDS, user_tastes
from analysis.user_groups import group_profiles
from prism_core.names import PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run


@pytest.fixture(scope="module")
def population(tiny_runs: Path) -> pd.DataFrame:
    return population_contributions(Run(tiny_runs / "prism-seed0"))


def test_tastes_leave_the_true_next_item_out(tiny_dataset: Dataset) -> None:
    tastes = user_tastes(tiny_dataset).set_index("user_id")
    items = tiny_dataset.items.set_index("item_index")
    events = tiny_dataset.interactions.query("user_index == 6")["item_index"].to_numpy()[:-1]
    first = items.loc[events, "categories"].map(lambda names: names[0])
    counts = first.value_counts()
    assert counts[tastes.loc["7", "favourite category"]] == counts.max()
    assert set(tastes["popularity taste"]) == set(BANDS)
    means = {
        user: np.log1p(items.loc[rows["item_index"].to_numpy()[:-1], "popularity"]).mean()
        for user, rows in tiny_dataset.interactions.groupby("user_index")
    }
    rare = [means[int(user) - 1] for user in tastes.index[tastes["popularity taste"] == BANDS[0]]]
    popular = [means[int(u) - 1] for u in tastes.index[tastes["popularity taste"] == BANDS[2]]]
    assert max(rare) < min(popular)


def test_profiles_are_the_means_of_the_groups(population: pd.DataFrame) -> None:
    groups = population[["user_id"]].assign(
        half=np.where(np.arange(len(population)) < 20, "a", "b")
    )
    profiles = group_profiles(population, groups, "half")
    row = profiles.query("group == 'b' and part == 'synergy'").iloc[0]
    mine = population["share_synergy"].iloc[20:]
    assert row["num_users"] == len(mine)
    assert row["share"] == pytest.approx(mine.mean())
    assert row["low"] < row["share"] < row["high"]
    figure = group_bars(profiles=profiles)
    drawn = {trace.name: trace for trace in figure.data}
    assert drawn["Synergy"].x[1] == pytest.approx(100 * mine.mean())
    assert [str(values[0]) for values in drawn["Synergy"].customdata] == ["a", "b"]


def test_marks_of_many_users_keep_their_number(population: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    placed = pd.DataFrame(rng.random((3000, 2)) / 10, columns=["x", "y"])
    placed["row"] = range(len(placed))
    placed["user_id"] = [str(user) for user in range(len(placed))]
    placed["top_part"] = rng.choice(PARTS, len(placed))
    marks = summarised(placed)
    assert marks["users"].sum() == len(placed)
    assert len(marks) < len(placed) / 5
    assert marks["user_id"].is_unique
    parts = placed.set_index("user_id")["top_part"]
    assert (parts[marks["user_id"]].to_numpy() == marks["top_part"].to_numpy()).all()


def test_the_entropy_of_the_marked_user_is_written_inside() -> None:
    entropy = pd.Series([0.2, 1.0, 1.9])
    figure = entropy_histogram(entropy=entropy, num_parts=4, value=1.9)
    assert sum(figure.data[0].y) == 3
    assert figure.layout.annotations[0].text == "1.90 (≥ 100 % of users)"
    assert figure.layout.annotations[0].xanchor == "right"
    assert entropy_histogram(entropy=entropy.iloc[:0], num_parts=4).layout.annotations[0].text
