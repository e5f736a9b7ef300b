"""Metrics against a table worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from prism_core.errors import ConfigError
from prism_core.evaluation.metrics import metric_table, parse, per_user, summary

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


@pytest.mark.parametrize("k", [5, 10, 20])
def test_ndcg_agrees_with_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(k)
    scores = rng.normal(size=(50, 40))
    target = rng.integers(0, 40, 50)
    truth = np.eye(40)[target]
    ranks = 1 + (scores > scores[np.arange(50), target][:, None]).sum(axis=1)
    assert per_user(ranks, "ndcg", k).mean() == pytest.approx(ndcg_score(truth, scores, k=k))


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
