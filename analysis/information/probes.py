"""Cross-fitted probes: what a held-out classifier believes about the target, event by event.

A posterior ``p(y | x)`` keeps everything a source tells about the target, so coding posteriors
loses far less than coding vectors. Each event's posterior comes from a probe trained on other
users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.network import Network
from analysis.information.table import FloatArray, IntArray
from prism_core.errors import DataError

MAX_COMPONENTS: Final = 64
MAX_ROWS: Final = 100_000
SMALLEST_POSTERIOR: Final = 1e-4
_STRENGTHS: Final = (1e-4, 1e-3, 1e-2, 0.1)  # inverse regularisation of the logistic probes
_VALIDATION_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Probe:
    """A classifier behind its own dimension reduction.

    Attributes
    ----------
    reducers
        One scaler, and PCA where needed, for each source the probe reads.
    classifier
        A fitted classifier with scikit-learn's interface.
    kind
        ``"logistic"``, ``"network"`` or ``"constant"``: whichever predicted held-out users better.
    """

    reducers: tuple[Any, ...]
    classifier: Any
    kind: str
    num_targets: int

    def posterior(self, sources: Sequence[FloatArray]) -> FloatArray:
        """Posterior ``(n, Y)`` for sources ``(n, d_i)``, nowhere below `SMALLEST_POSTERIOR`."""
        inputs = [reducer.transform(x) for reducer, x in zip(self.reducers, sources, strict=True)]
        return _posterior(self.classifier, np.concatenate(inputs, axis=1), self.num_targets)


@dataclass(frozen=True, slots=True)
class CrossFit:
    """One probe for each fold, trained on the other folds."""

    probes: tuple[Probe, ...]
    folds: IntArray

    def posterior(self, sources: Sequence[FloatArray]) -> FloatArray:
        """Posterior ``(n, Y)``, each event by the probe that has not seen its user."""
        result = np.empty((len(self.folds), self.probes[0].num_targets))
        for fold, probe in enumerate(self.probes):
            held_out = self.folds == fold
            result[held_out] = probe.posterior([source[held_out] for source in sources])
        return result


def assign_folds(groups: NDArray[Any], num_folds: int, seed: int) -> IntArray:
    """Put every user's events into one of the folds, the folds about equally large.

    Raises
    ------
    DataError
        When there are fewer users than folds.
    """
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < num_folds:
        raise DataError(
            f"{len(names)} users cannot be split into {num_folds} folds; give more users."
        )
    shuffled = np.random.default_rng(seed).permutation(len(names))
    running = np.cumsum(sizes[shuffled]) - sizes[shuffled] / 2
    fold_of = np.empty(len(names), dtype=np.int64)
    fold_of[shuffled] = np.minimum(running * num_folds / sizes.sum(), num_folds - 1).astype(int)
    return fold_of[index]


def cross_fit(
    sources: Sequence[FloatArray],
    target: IntArray,
    folds: IntArray,
    groups: NDArray[Any],
    seed: int,
) -> CrossFit:
    """Train one probe for each fold on all other folds.

    Parameters
    ----------
    sources
        One ``(n, d_i)`` array for each source the probe may read.
    target
        ``(n,)`` classes from 0.
    folds, groups
        ``(n,)`` fold and user of each event; a user's events are all in one fold.
    """
    num_targets = int(target.max()) + 1
    probes = []
    for fold in range(int(folds.max()) + 1):
        rows = np.flatnonzero(folds != fold)
        if len(rows) > MAX_ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
        parts = [source[rows] for source in sources]
        probes.append(_fit(parts, target[rows], groups[rows], num_targets, seed + fold))
    return CrossFit(tuple(probes), folds)


def _fit(
    sources: Sequence[FloatArray],
    target: IntArray,
    groups: NDArray[Any],
    num_targets: int,
    seed: int,
) -> Probe:
    reducers = tuple(_reducer(source, seed) for source in sources)
    inputs = np.concatenate(
        [r.transform(x) for r, x in zip(reducers, sources, strict=True)], axis=1
    )
    share = max(2, round(1 / _VALIDATION_SHARE))
    inner = min(share, len(np.unique(groups)))
    held_out = assign_folds(groups, inner, seed) == 0 if inner > 1 else np.zeros(len(target), bool)
    train, valid = (inputs[~held_out], target[~held_out]), (inputs[held_out], target[held_out])
    if len(np.unique(train[1])) < 2:
        return Probe(reducers, _Constant(train[1]), "constant", num_targets)
    fitted = [("logistic", _logistic(*train, strength)) for strength in _STRENGTHS]
    fitted.append(("network", Network(*train, *valid, seed)))
    kind, model = min(fitted, key=lambda one: _loss(one[1], *valid, num_targets))
    return Probe(reducers, model, kind, num_targets)


class _Constant:
    """Predicts the only class it has seen."""

    def __init__(self, target: IntArray) -> None:
        self.classes_ = np.unique(target)

    def predict_proba(self, inputs: FloatArray) -> FloatArray:
        return np.ones((len(inputs), 1))


def _reducer(source: FloatArray, seed: int) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    components = min(MAX_COMPONENTS, len(source) // 4)
    if source.shape[1] <= components:
        return StandardScaler().fit(source)
    pca = PCA(components, svd_solver="randomized", random_state=seed)
    return make_pipeline(pca, StandardScaler()).fit(source)


def _logistic(inputs: FloatArray, target: IntArray, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=200).fit(inputs, target)


def _loss(model: Any, inputs: FloatArray, target: IntArray, num_targets: int) -> float:
    if not len(target):
        return 0.0
    return -float(
        np.log(_posterior(model, inputs, num_targets)[np.arange(len(target)), target]).mean()
    )


def _posterior(model: Any, inputs: FloatArray, num_targets: int) -> FloatArray:
    posterior = np.zeros((len(inputs), num_targets))
    posterior[:, model.classes_] = model.predict_proba(inputs)
    posterior = np.maximum(posterior, SMALLEST_POSTERIOR)
    return posterior / posterior.sum(1, keepdims=True)
