"""Linear probes of parts: what explains a part, and what a part explains."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.information.histories import principal_components
from analysis.information.table import merge_tail
from prism_core.store.datasets import Dataset

Array = NDArray[np.floating]

FOLDS: Final = 4
MAX_ITEMS: Final = 10_000
"""Items, drawn at random, that probes are trained and tested on."""

_STRENGTHS: Final = tuple(float(10.0**power) for power in range(0, 6))


def probe_scores(
    parts: dict[str, Array], available: NDArray[np.bool_], dataset: Dataset, seed: int
) -> pd.DataFrame:
    """Held-out R² of linear probes.

    Parameters
    ----------
    parts
        ``(N, d)`` item vectors by part, without the padding row.
    available
        ``(N,)`` items that have every modality.

    Returns
    -------
    frame
        Columns part, quantity, other, value: ``probe`` rows for what each modality's features
        explain of the part, ``explains`` rows for what the part explains of an item's first
        category and of the logarithm of its popularity.
    """
    rows = np.flatnonzero(available)
    if len(rows) > MAX_ITEMS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ITEMS, replace=False))
    features = {name: _features(dataset, name)[rows] for name in dataset.modalities}
    labels = {
        "category": _one_hot(dataset)[rows],
        "popularity": np.log1p(dataset.items["popularity"].to_numpy(float))[rows, None],
    }
    found = []
    for part, vectors in parts.items():
        mine = vectors[rows].astype(float)
        found += [(part, "probe", n, explained(x, mine, seed)) for n, x in features.items()]
        found += [(part, "explains", n, explained(mine, y, seed)) for n, y in labels.items()]
    return pd.DataFrame(found, columns=["part", "quantity", "other", "value"])


def explained(inputs: Array, outputs: Array, seed: int) -> float:
    """Share of the variance of outputs ``(n, e)`` a ridge regression on ``(n, d)`` explains.

    Measured on items it was not fitted to; below zero where it predicts worse than the mean.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold
    from sklearn.preprocessing import StandardScaler

    left = 0.0
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(inputs):
        scaler = StandardScaler().fit(inputs[train])
        model = RidgeCV(alphas=_STRENGTHS).fit(scaler.transform(inputs[train]), outputs[train])
        predicted = model.predict(scaler.transform(inputs[test])).reshape(len(test), -1)
        left += float(((outputs[test] - predicted) ** 2).sum())
    total = float(((outputs - outputs.mean(0)) ** 2).sum())
    return 1.0 - left / max(total, 1e-12)


def _features(dataset: Dataset, name: str) -> Array:
    features = dataset.features(name)
    return principal_components(features.vectors.astype(float), features.available)[1:]


def _one_hot(dataset: Dataset) -> Array:
    lists = dataset.items["categories"]
    codes, names = merge_tail([str(v[0]) if len(v) else "none" for v in lists])
    return np.eye(len(names))[codes]
