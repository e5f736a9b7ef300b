"""What drove a list: means over the listed items alone, the same wherever they are shown."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.drivers import list_drivers
from analysis.explanations import explain_user, population_contributions
from analysis.plots.drivers import driver_bars
from analysis.plots.theme import label_of
from analysis.recipes import Recipe, draw
from prism_core.store.reader import Run


@pytest.fixture(scope="module")
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


def test_means_and_intervals_are_those_of_the_listed_items(run: Run) -> None:
    explained = explain_user(run, "7")
    assert (explained.recommendations["rank"] > run.list_length).any()
    shares = explained.contributions.query("rank <= @run.list_length")
    drivers = list_drivers(explained).set_index("player")
    for player, rows in shares.groupby("player"):
        values = rows["contribution"].to_numpy()
        expected = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        assert drivers.loc[player, ["low", "high"]].tolist() == pytest.approx(list(expected))
        assert drivers.loc[player, "items"] == run.list_length
    assert drivers["contribution"].is_monotonic_decreasing
    assert drivers["share"].sum() == pytest.approx(1)


def test_a_user_has_one_mean_on_every_view(run: Run) -> None:
    population = population_contributions(run).set_index("user_id")
    for user in ("1", "7", "12"):
        drivers = list_drivers(explain_user(run, user)).set_index("player")["contribution"]
        for player in run.players:
            everywhere = population.loc[user, f"contribution_{player}"]
            assert everywhere == pytest.approx(drivers[player])


def test_the_figure_shows_the_means_largest_first_and_is_drawn_again(
    run: Run, tiny_runs: Path
) -> None:
    drivers = list_drivers(explain_user(run, "7"))
    figure = driver_bars(drivers=drivers)
    assert [trace.y[0] for trace in figure.data] == [label_of(p) for p in drivers["player"]]
    np.testing.assert_allclose([trace.x[0] for trace in figure.data], drivers["contribution"])
    recipe = Recipe(figure="drivers", runs=("prism-seed0",), options={"user_id": "7"})
    again = draw(recipe, {"prism-seed0": tiny_runs / "prism-seed0"})
    assert again.to_json() == figure.to_json()
