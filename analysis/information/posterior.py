"""Posterior coding: sources as what held-out probes believe about the target, quantised."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.information.coding import Coded
from analysis.information.decomposition import mutual_information
from analysis.information.readings import Readings
from analysis.information.table import FloatArray, IntArray, count_pairs, occupancy


class Quantiser(Protocol):
    """Maps posteriors to codes."""

    size: int

    def encode(self, posterior: FloatArray) -> IntArray: ...


class _LogitBins:
    """Quantile bins of a two-class posterior."""

    def __init__(self, posterior: FloatArray, bins: int) -> None:
        levels = np.linspace(0, 1, bins + 1)[1:-1]
        self.edges = np.unique(np.quantile(posterior[:, 1], levels))
        self.size = len(self.edges) + 1

    def encode(self, posterior: FloatArray) -> IntArray:
        return np.searchsorted(self.edges, posterior[:, 1], side="right").astype(np.int64)


class _PosteriorClusters:
    """k-means in the Hellinger geometry, which keeps what tells posteriors apart."""

    def __init__(self, posterior: FloatArray, bins: int, seed: int) -> None:
        from sklearn.cluster import KMeans

        roots = np.sqrt(posterior)
        rows = np.random.default_rng(seed).permutation(len(roots))[:20_000]
        distinct = len(np.unique(roots[rows].round(12), axis=0))
        self.size = min(bins, distinct)
        self.model = KMeans(self.size, n_init=2, random_state=seed).fit(roots[rows])

    def encode(self, posterior: FloatArray) -> IntArray:
        return self.model.predict(np.sqrt(posterior)).astype(np.int64)


def quantiser(posterior: FloatArray, bins: int, seed: int) -> Quantiser:
    """Quantiser of posteriors ``(n, Y)`` into at most ``bins`` codes."""
    if posterior.shape[1] == 2:
        return _LogitBins(posterior, bins)
    return _PosteriorClusters(posterior, bins, seed)


class PosteriorCoding:
    """Codes of cross-fitted posteriors; redundancy and unique parts from the two pairwise tables.

    Parameters
    ----------
    first, second
        ``(n, d1)`` and ``(n, d2)`` vectors.
    target, groups
        ``(n,)`` classes from 0 and users.
    num_folds, seed
        Cross-fitting folds, split by user.
    """

    def __init__(
        self,
        first: FloatArray,
        second: FloatArray,
        target: IntArray,
        groups: NDArray[Any],
        *,
        num_folds: int,
        seed: int,
    ) -> None:
        self.readings = Readings(first, second, target, groups, num_folds=num_folds, seed=seed)
        self.num_folds, self.seed = num_folds, seed

    def at(self, bins: int) -> Coded:
        """Codes with ``bins`` codes a source and twice as many for the pair."""
        readings = self.readings
        sizes = bins, bins, 2 * bins
        quantisers = [
            quantiser(posterior, size, self.seed)
            for posterior, size in zip(readings.posteriors, sizes, strict=True)
        ]
        codes = [q.encode(p) for q, p in zip(quantisers, readings.posteriors, strict=True)]
        found = [q.size for q in quantisers]
        by_likelihood = self._likelihood_says_more(codes[2], found[2])

        def rejoin(rows: IntArray) -> tuple[IntArray, FloatArray | None]:
            posterior = readings.rejoined(rows)
            likelihood = readings.log_likelihood(posterior) if by_likelihood else None
            return quantisers[2].encode(posterior), likelihood

        return Coded(
            first=codes[0],
            second=codes[1],
            joint=codes[2],
            target=readings.target,
            sizes=(
                quantisers[0].size,
                quantisers[1].size,
                quantisers[2].size,
                readings.num_targets,
            ),
            groups=readings.groups,
            folds=readings.folds,
            log_likelihood=readings.log_likelihood(readings.posteriors[2])
            if by_likelihood
            else None,
            rejoin=rejoin,
        )

    def _likelihood_says_more(self, joint: IntArray, size: int) -> bool:
        """Whether the joint probe's likelihood is a higher lower bound of the total than its codes.

        Both bound what the sources tell together from below: codes lose detail, which matters
        for many target values, and likelihoods lose by poor calibration.
        """
        readings = self.readings
        shape = size, readings.num_targets
        table = count_pairs(joint, readings.target, shape) / len(readings.target)
        bias = occupancy(len(readings.target), *shape).predicted_bias
        return readings.information(2) > mutual_information(table) - bias

    def retention(self, coded: Coded) -> dict[str, float]:
        """Share of each probe's information that its codes keep; see `Readings.retention`."""
        return self.readings.retention(coded)

    def refitted(self, rows: IntArray) -> PosteriorCoding:
        """The same coding with probes that have seen some of the events only."""
        whole = self.readings
        first, second = (source[rows] for source in whole.sources)
        target, groups = whole.target[rows], whole.groups[rows]
        return PosteriorCoding(
            first, second, target, groups, num_folds=self.num_folds, seed=self.seed
        )
