"""Recall, NDCG, hit rate and reciprocal rank at a cutoff, for one true next item per user.

With one relevant item Recall@K equals HitRate@K, and the ideal DCG is 1 (Järvelin and
Kekäläinen 2002, doi:10.1145/582415.582418).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from prism_core.errors import ConfigError
from prism_core.names import CUTOFFS, METRICS

_GAINS: Final[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = {
    "recall": np.ones_like,
    "hr": np.ones_like,
    "ndcg": lambda ranks: 1 / np.log2(ranks + 1),
    "mrr": lambda ranks: 1 / ranks,
}


def per_user(ranks: np.ndarray, metric: str, k: int) -> np.ndarray:
    """Give every user's metric.

    Parameters
    ----------
    ranks
        ``(U,)`` rank of the true next item, from 1.
    metric
        One of ``names.METRICS``.
    k
        Cutoff.

    Returns
    -------
    numpy.ndarray
        ``(U,)`` values in [0, 1]; 0 where the item ranks below ``k``.
    """
    ranks = np.asarray(ranks, dtype=np.float64)
    return np.where(ranks <= k, _GAINS[metric](ranks), 0.0)


def summary(ranks: np.ndarray) -> dict[str, float]:
    """Give the mean of every metric at every cutoff: ``{"ndcg@10": 0.05, ...}``."""
    return {f"{m}@{k}": float(per_user(ranks, m, k).mean()) for m in METRICS for k in CUTOFFS}


def metric_table(ranks: np.ndarray, split: str, seed: int) -> pd.DataFrame:
    """Give the ``metrics`` table of the run store for one split."""
    rows = [
        {"split": split, "metric": m, "k": k, "value": float(per_user(ranks, m, k).mean())}
        for m in METRICS
        for k in CUTOFFS
    ]
    return pd.DataFrame(rows).assign(num_users=len(ranks), seed=seed)


def parse(name: str) -> tuple[str, int]:
    """Split ``ndcg@10`` into metric and cutoff.

    Raises
    ------
    ConfigError
        The text is no metric with a cutoff.
    """
    metric, _, cutoff = name.partition("@")
    if metric not in METRICS or not cutoff.isdecimal() or int(cutoff) < 1:
        raise ConfigError(f"metric {name!r}: write one of {', '.join(METRICS)}, @ and a cutoff.")
    return metric, int(cutoff)
