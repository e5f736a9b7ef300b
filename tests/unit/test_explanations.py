"""Explanations of users: exact, named, and right on games whose answer is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import explanations
from prism_core.errors import DataError, NotFittedError
from prism_core.names import PARTS, players_of
from prism_core.store.reader import Run

PLAYERS = players_of(("image", "text"))


@pytest.fixture(scope="module")
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


def planted(shares: dict[str, float], pair: float = 0.0) -> np.ndarray:
    """A game with given shares, and ``pair`` only where both unique parts are on."""
    on = (np.arange(32)[:, None] >> np.arange(5)) & 1
    weights = np.array([shares.get(player, 0.0) for player in PLAYERS])
    return (on @ weights + pair * on[:, 1] * on[:, 2]).astype(np.float32)


def test_contributions_sum_to_the_score_difference(run: Run) -> None:
    explained = explanations.explain_user(run, "7")
    assert explained.is_exact
    listed = explained.recommendations
    sums = explained.contributions.groupby("rank")["contribution"].sum()
    gaps = sums.loc[listed["rank"]].to_numpy() - (listed["score"] - listed["baseline"]).to_numpy()
    assert np.abs(gaps).max() < 1e-5


def test_a_score_that_is_not_the_full_coalition_is_noticed(run: Run) -> None:
    listed = run.table("recommendations", where={"user_id": "7"})
    shares = explanations.contributions_of(listed, run.players)
    wrong = listed.assign(score=listed["score"] + 0.01)
    assert explanations._residual(wrong, shares) == pytest.approx(0.01, rel=1e-2)


def test_the_true_item_is_marked_and_titles_are_joined(run: Run) -> None:
    explained = explanations.explain_user(run, "7")
    marked = explained.recommendations.query("is_target")
    assert marked["item_id"].tolist() == [explained.target_item_id]
    assert marked["rank"].tolist() == [explained.target_rank]
    number = int(explained.target_item_id) // 10
    assert marked["title"].tolist() == [f"Film number {number}"]


def test_a_user_driven_by_the_image_alone_is_recovered() -> None:
    rows = pd.DataFrame(
        {"rank": [1], "item_id": ["9"], "part_coalitions": [planted({"unique_image": 2.0})]}
    )
    shares = explanations.contributions_of(rows, PLAYERS).set_index("player")["contribution"]
    assert shares["unique_image"] == pytest.approx(2.0)
    assert shares.drop("unique_image").abs().max() < 1e-6


def test_an_interaction_is_shared_equally_by_those_who_make_it() -> None:
    rows = pd.DataFrame({"rank": [1], "item_id": ["9"], "part_coalitions": [planted({}, pair=1.0)]})
    shares = explanations.contributions_of(rows, PLAYERS).set_index("player")["contribution"]
    assert shares["unique_image"] == pytest.approx(0.5)
    assert shares["unique_text"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ([0.0, 0.0, 0.0, 1.0], "synergy"),
        ([0.0, 1.0, 1.0, 1.0], "suppression"),
        ([0.0, 1.0, 2.0, 3.0], "none"),
        ([1.0, 1.0, 1.0, 1.0], "none"),
    ],
)
def test_the_interaction_is_named(scores: list[float], kind: str) -> None:
    rows = pd.DataFrame({"modality_coalitions": [np.array(scores, dtype=np.float32)]})
    assert explanations.modality_interactions(rows)["interaction_kind"].tolist() == [kind]


def test_percentiles_count_users_at_or_below() -> None:
    users = pd.DataFrame({"user_id": list("abcd"), "weight_unique_image": [0.1, 0.2, 0.3, 0.4]})
    weights = explanations.weights_against_population(users, "c", ("unique_image",))
    assert weights["percentile"].tolist() == [75.0]
    assert weights["population_median"].tolist() == [0.25]


def test_population_shares_sum_to_one_and_name_the_top_part(run: Run) -> None:
    population = explanations.population_contributions(run)
    shares = population[[f"share_{part}" for part in PARTS]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares.idxmax(axis=1).str.removeprefix("share_") == population["top_part"]).all()
    assert len(population) == len(run.table("users"))


def test_users_alike_are_near_and_exclude_the_user(run: Run) -> None:
    near = explanations.users_like(run, "7", count=5)
    assert "7" not in set(near["user_id"])
    assert near["distance"].is_monotonic_increasing
    assert near["distance"].between(0, 1).all()


def test_a_run_without_parts_and_an_unknown_user_are_refused(run: Run, tiny_runs: Path) -> None:
    with pytest.raises(NotFittedError, match="has no parts"):
        explanations.explain_user(Run(tiny_runs / "popularity"), "7")
    with pytest.raises(DataError, match="no user '9999'"):
        explanations.explain_user(run, "9999")
    with pytest.raises(DataError, match="no user '9999'"):
        explanations.users_like(run, "9999")


def test_a_game_of_the_wrong_size_is_refused() -> None:
    rows = pd.DataFrame({"rank": [1], "item_id": ["9"], "part_coalitions": [np.zeros(16)]})
    with pytest.raises(DataError, match="5 players need 32"):
        explanations.contributions_of(rows, PLAYERS)
