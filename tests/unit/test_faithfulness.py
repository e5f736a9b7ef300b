"""Faithfulness: exact curves by hand, planted faithful and unfaithful explanations told apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import faithfulness as judged
from analysis.plots.faithfulness import faithfulness_curves
from prism_core.errors import DataError, NotFittedError
from prism_core.store.reader import Run


def additive(shares: list[float]) -> np.ndarray:
    on = (np.arange(2 ** len(shares))[:, None] >> np.arange(len(shares))) & 1
    return (on @ np.array(shares))[None]


@pytest.fixture(scope="module")
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


def test_players_leave_and_enter_by_contribution() -> None:
    values = additive([1.0, 5.0, -2.0])
    np.testing.assert_allclose(judged.deletion_scores(values), [[4, -1, -2, 0]])
    np.testing.assert_allclose(judged.insertion_scores(values), [[0, 5, 6, 4]])


def test_the_random_curve_is_the_mean_over_all_orders() -> None:
    values = additive([1.0, 5.0, -2.0])
    np.testing.assert_allclose(judged._mean_by_size(values), [[0, 4 / 3, 8 / 3, 4]])


def test_an_additive_game_is_explained_faithfully(run: Run) -> None:
    result = judged.faithfulness(run)
    assert result.is_faithful
    assert "not shown to be faithful" not in result.verdict
    assert f"Over {result.num_users} users" in result.verdict


def test_a_game_without_any_effect_is_not_called_faithful(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    games = judged._games(run, None)
    flat = replace(games, values=np.ones_like(games.values))
    monkeypatch.setattr(judged, "_games", lambda *_: flat)
    result = judged.faithfulness(run)
    assert not result.is_faithful
    assert result.verdict.endswith("not shown to be faithful.")


def test_places_are_counted_among_the_listed_items() -> None:
    target, rival = additive([3.0, 1.0])[0], additive([0.0, 2.0])[0]
    games = judged.Games(np.array(["u", "u"]), np.array([True, False]), np.stack([target, rival]))
    moves = judged.rank_moves(games).iloc[0]
    assert moves["explained"] == 1
    assert moves["random"] == 0.5


def test_curves_start_and_end_where_they_must(run: Run) -> None:
    curves = judged.faithfulness_curves(run).set_index(["curve", "order", "players"])["value"]
    for order in ("explained", "random"):
        assert curves["deletion", order, 5] == pytest.approx(0)
        assert curves["insertion", order, 0] == pytest.approx(0)
        assert curves["deletion", order, 0] == pytest.approx(curves["insertion", order, 5])


def test_the_figure_draws_the_curves(run: Run) -> None:
    curves = judged.faithfulness_curves(run, ["1", "2", "3"])
    figure = faithfulness_curves(curves=curves)
    assert sum(len(trace.x) for trace in figure.data) == len(curves)
    first = curves[(curves["curve"] == "deletion") & (curves["order"] == "explained")]
    np.testing.assert_allclose(figure.data[0].y, first["value"])
    np.testing.assert_allclose(
        figure.data[0].y - figure.data[0].error_y.arrayminus, first["low"], atol=1e-12
    )


def test_what_cannot_be_judged_is_refused(run: Run, tiny_runs: Path) -> None:
    with pytest.raises(NotFittedError, match="has no parts"):
        judged.faithfulness(Run(tiny_runs / "popularity"))
    with pytest.raises(DataError, match="none of the chosen users"):
        judged.faithfulness(run, ["nobody"])
