"""Metrics and ranks against a table worked out by hand and against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    label_ranking_average_precision_score,
    ndcg_score,
    top_k_accuracy_score,
)

from prism_core.errors import ConfigError
from prism_core.evaluation.metrics import metric_table, parse, per_user, summary
from prism_core.evaluation.ranking import target_ranks

RANKS = np.array([1, 3, 10, 11, 200])
BY_HAND = {
    ("recall", 5): 2 / 5,
    ("recall", 10): 3 / 5,
    ("hr", 20): 4 / 5,
    ("ndcg", 5): (1 + 0.5) / 5,
    ("ndcg", 10): (1 + 0.5 + 0.2890648263) / 5,
    ("mrr", 5): (1 + 1 / 3) / 5,
    ("mrr", 10): (1 + 1 / 3 + 0.1) / 5,
    ("mrr", 20): (1 + 1 / 3 + 0.1 + 1 / 11) / 5,
}


@pytest.mark.parametrize(("metric", "k"), BY_HAND)
def test_metrics_match_a_table_worked_out_by_hand(metric: str, k: int) -> None:
    assert summary(RANKS)[f"{metric}@{k}"] == pytest.approx(BY_HAND[metric, k], abs=1e-9)


def scored(seed: int, levels: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores ``(U, N)``, tied if there are few levels, target columns, and this project's ranks."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(50, 40)).astype(np.float32)
    if levels is not None:
        scores = rng.integers(0, levels, size=scores.shape).astype(np.float32)
    target = rng.integers(0, 40, 50)
    ranks = target_ranks(torch.from_numpy(scores), torch.from_numpy(target))
    return scores, target, ranks.numpy()


@pytest.mark.parametrize("k", [5, 10, 20])
def test_ndcg_agrees_with_scikit_learn(k: int) -> None:
    scores, target, ranks = scored(k)
    expected = ndcg_score(np.eye(40)[target], scores, k=k)
    assert per_user(ranks, "ndcg", k).mean() == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["recall", "hr"])
@pytest.mark.parametrize("k", [1, 5, 10, 20])
def test_hits_agree_with_scikit_learn(metric: str, k: int) -> None:
    scores, target, ranks = scored(k)
    expected = top_k_accuracy_score(target, scores, k=k, labels=np.arange(40))
    assert per_user(ranks, metric, k).mean() == pytest.approx(expected)


@pytest.mark.parametrize("levels", [None, 3, 1])
def test_reciprocal_ranks_and_ties_agree_with_scikit_learn(levels: int | None) -> None:
    scores, target, ranks = scored(0, levels)
    expected = label_ranking_average_precision_score(np.eye(40)[target], scores)
    assert per_user(ranks, "mrr", 40).mean() == pytest.approx(expected)


def test_the_table_has_every_metric_and_cutoff_once() -> None:
    table = metric_table(RANKS, "test", seed=3)
    assert len(table) == 12
    assert not table.duplicated(["split", "metric", "k"]).any()
    assert set(table["num_users"]) == {5}
    assert set(table["seed"]) == {3}


def test_a_metric_name_is_read_strictly() -> None:
    assert parse("ndcg@10") == ("ndcg", 10)
    for text in ("ndcg", "ndcg@0", "auc@10", "ndcg@ten"):
        with pytest.raises(ConfigError, match=text):
            parse(text)
