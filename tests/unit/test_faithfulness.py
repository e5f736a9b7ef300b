"""Faithfulness: exact curves by hand, planted faithful and unfaithful explanations told apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import coalitions
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
    assert result.verdict.startswith("These explanations are faithful.")
    assert f"Over {result.count} users" in result.verdict


def test_a_game_without_any_effect_is_not_called_faithful(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    games = judged._games(run, None)
    flat = replace(games, values=np.ones_like(games.values))
    monkeypatch.setattr(judged, "_games", lambda *_: flat)
    result = judged.faithfulness(run)
    assert not result.is_faithful
    assert result.verdict.startswith("These explanations are not shown to be faithful.")


def test_places_are_counted_among_the_listed_items() -> None:
    target, rival = additive([3.0, 1.0])[0], additive([0.0, 2.0])[0]
    places = np.array([True, False]), np.array([True, True])
    games = judged.Games(np.array(["u", "u"]), *places, np.stack([target, rival]))
    moves = judged.rank_moves(games).iloc[0]
    assert moves["explained"] == 1
    assert moves["random"] == 0.5


def test_places_among_all_items_are_those_of_the_model(run: Run) -> None:
    games = judged._games(run, None)
    users = games.user_ids[games.is_target]
    first = coalitions.shapley_values(games.values[games.is_target]).argmax(axis=1)
    ranks = pd.DataFrame({"user_id": users[::-1], "rank": 10})
    for place, player in enumerate(run.players):
        ranks[f"rank_without_{player}"] = np.where(first[::-1] == place, 24, 9)
    moves = judged.rank_moves_among_all(games, ranks, run.players)
    assert moves["user_id"].tolist() == users.tolist()
    assert (moves["explained"] == 14).all()
    assert moves["random"].to_numpy() == pytest.approx((14 - 4) / 5)
    text = judged.faithfulness(run, ranks=ranks).verdict
    assert "the true item falls by a median of 14 places among all items" in text
    assert (
        "without a random part, it falls by a median of 2 places (median difference 12, 95 % "
        "interval 12 to 12)." in text
    )


def test_scores_that_follow_do_not_make_up_for_ranks_that_do_not(run: Run) -> None:
    users = run.table("users")["user_id"]
    still = pd.DataFrame({"user_id": users, "rank": 10})
    ranks = still.assign(**{f"rank_without_{player}": 12 for player in run.players})
    result = judged.faithfulness(run, ranks=ranks)
    assert result.explains_scores
    assert not result.is_faithful
    assert "faithful to the scores, but not shown to be to the rank" in result.verdict


@pytest.mark.parametrize(
    ("places", "words"),
    [(-0.4, "rises by 0.4 places"), (0.0, "does not move"), (1.0, "falls by 1 place"),
     (1234.0, "falls by 1,234 places")],
)  # fmt: skip
def test_moves_are_said_without_a_minus(places: float, words: str) -> None:
    assert judged._move_words(places, "") == words


def test_one_user_is_judged_over_the_listed_items(run: Run) -> None:
    result = judged.faithfulness(run, ["7"])
    stored = run.table("recommendations", where={"user_id": "7"})
    listed = stored[stored["rank"] <= run.list_length]
    assert len(listed) < len(stored)
    assert (result.count, result.unit) == (len(listed), "listed item")
    assert result.comprehensiveness.low < result.comprehensiveness.value
    assert "median" not in result.verdict
    values = np.stack(listed["part_coalitions"].to_list())
    whole = judged.faithfulness_curves(run, ["7"]).query("curve == 'deletion' and players == 0")
    assert whole["value"].to_numpy() == pytest.approx((values[:, -1] - values[:, 0]).mean())


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
