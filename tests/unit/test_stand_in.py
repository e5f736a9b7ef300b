"""What replaces a switched-off part: every kind is what it says, and worlds with a known answer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.explanations import TOLERANCE, explain_user
from prism_core.errors import ConfigError, DataError
from prism_core.stand_in import KINDS, StandIn
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.user_scoring import UserScorer

OTHER = StandIn(kind="other", user_id="9")
ALL = [StandIn(), StandIn(kind="users"), StandIn(kind="zero"), OTHER]


@pytest.fixture(scope="module")
def run(trained_runs: Path) -> Run:
    (path,) = trained_runs.iterdir()
    return Run(path)


@pytest.fixture(scope="module")
def scorer(run: Run, tiny_dataset: Dataset) -> UserScorer:
    return UserScorer.load(run, tiny_dataset, device="cpu")


@pytest.mark.parametrize("stand_in", ALL, ids=lambda one: one.to_text())
def test_links_and_words(stand_in: StandIn) -> None:
    assert StandIn.from_text(stand_in.to_text()) == stand_in
    assert ("user 9" in stand_in.words) == (stand_in.kind == "other")


@pytest.mark.parametrize("text", ["", "median", "other", "zero:9", "other:"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="stand-in"):
        StandIn.from_text(text)


@pytest.mark.parametrize("stand_in", ALL, ids=lambda one: one.to_text())
def test_contributions_sum_to_the_difference_under_every_stand_in(
    run: Run, scorer: UserScorer, stand_in: StandIn
) -> None:
    found = explain_user(run, "7", scorer=scorer.replacing_with(stand_in))
    assert found.residual <= TOLERANCE
    assert found.stand_in == stand_in
    stored = explain_user(run, "7").recommendations
    np.testing.assert_allclose(found.recommendations["score"], stored["score"], atol=1e-4)


def test_the_default_is_what_the_run_was_stored_with(run: Run, scorer: UserScorer) -> None:
    anew, stored = explain_user(run, "7", scorer=scorer), explain_user(run, "7")
    assert stored.stand_in == StandIn()
    np.testing.assert_allclose(
        anew.contributions["contribution"], stored.contributions["contribution"], atol=1e-4
    )


def test_every_stand_in_gives_other_contributions(run: Run, scorer: UserScorer) -> None:
    found = {
        one.kind: explain_user(run, "7", scorer=scorer.replacing_with(one))
        .contributions["contribution"]
        .to_numpy()
        for one in ALL
    }
    assert set(found) == set(KINDS)
    for one in KINDS:
        for two in KINDS[: KINDS.index(one)]:
            assert np.abs(found[one] - found[two]).max() > 1e-4


def test_another_user_in_every_part_gives_that_user_s_scores(scorer: UserScorer) -> None:
    items = ["10", "20", "30"]
    games = scorer.replacing_with(OTHER).part_coalitions("7", items)
    of_other = scorer.recommender.scores([scorer.history("9")])[0, scorer.indices(items)]
    assert len(scorer.history("9")) == len(scorer.history("7"))
    np.testing.assert_allclose(games[:, 0], of_other, atol=1e-5)
    assert np.abs(games[:, -1] - of_other).max() > 1e-4


def test_a_shorter_other_history_is_filled_with_the_mean(scorer: UserScorer) -> None:
    recommender = scorer.recommender
    donors = recommender.aligned([[5, 6]], [[1, 2, 3]])
    assert donors.tolist() == [[0, 5, 6]]
    assert recommender.aligned([[4, 5, 6]], [[1, 2]]).tolist() == [[5, 6]]
    off = torch.zeros(len(recommender.players), dtype=torch.bool)
    switches = scorer.replacing_with(OTHER).switches([[1, 2, 3]], off)
    scores = recommender.scores([[1, 2, 3]], switches)
    assert np.isfinite(scores[:, 1:]).all()


def test_zero_takes_parts_out_of_the_score(scorer: UserScorer) -> None:
    games = scorer.replacing_with(StandIn(kind="zero")).part_coalitions("7", ["10", "20"])
    assert games[0, 0] == games[1, 0]


def test_the_mean_over_users_weighs_items_by_their_histories(
    scorer: UserScorer, tiny_dataset: Dataset
) -> None:
    weights = scorer._weights_of_users.numpy()
    users = tiny_dataset.users["user_id"].tolist()
    expected = np.zeros(tiny_dataset.num_items + 1)
    for user in users:
        history = scorer.history(user)
        np.add.at(expected, history, 1 / len(history))
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    assert weights.sum() == pytest.approx(len(users))


def test_ranks_without_nothing_are_the_stored_ones(run: Run, scorer: UserScorer) -> None:
    stored = run.table("user_metrics")
    ranks = scorer.ranks_without(stored["user_id"].tolist())
    assert ranks["rank"].tolist() == stored["rank"].tolist()
    users, off = ["7", "9"], torch.ones(5, dtype=torch.bool)
    off[3] = False
    for user in users:
        history = scorer.history(user)
        scores = scorer.recommender.scores([history], scorer.switches([history], off))[0]
        target = scorer.indices(stored.loc[stored["user_id"] == user, "target_item_id"])[0]
        scores[history] = -np.inf
        rank = ranks.loc[ranks["user_id"] == user, "rank_without_synergy"].item()
        assert rank == (scores >= scores[target]).sum()


def test_unknown_users_and_items_are_named(scorer: UserScorer) -> None:
    with pytest.raises(DataError, match="there is no user 'nobody'"):
        scorer.history("nobody")
    with pytest.raises(DataError, match="there is no item 'nothing'"):
        scorer.part_coalitions("7", ["nothing"])
