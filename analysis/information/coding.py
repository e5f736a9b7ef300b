"""From vectors to a few codes for each source, and how much of the information they keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.information.decomposition import entropy, mutual_information
from analysis.information.probes import CrossFit, assign_folds, cross_fit
from analysis.information.table import FloatArray, IntArray, Occupancy, count_pairs, occupancy
from prism_core.errors import DataError

CODINGS: Final = ("posterior", "kmeans", "quantile", "codes")
PAPER_COMPONENTS: Final = 5
RETENTION_WARNING: Final = 0.8
_MIN_INFORMATION: Final = 0.01

Rejoin = Callable[[IntArray], tuple[IntArray, FloatArray | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Events as codes: everything an estimate counts.

    Attributes
    ----------
    first, second, joint, target
        ``(n,)`` codes from 0. ``joint`` codes both sources together: a table's own cells, or
        the bins of a joint probe's posterior.
    sizes
        Number of codes of first, second, joint and target.
    groups
        ``(n,)`` user of each event.
    folds
        ``(n,)`` cross-fitting fold; one fold where nothing was fitted.
    log_likelihood
        ``(n,)`` ``log2 p(y | x1, x2)`` of the held-out joint probe when the total is taken
        from it instead of from the codes, else None.
    rejoin
        Codes (and log-likelihoods) of the pairs when the second source's rows are replaced by
        those at the given ``(n,)`` indices; the synergy null needs it.
    """

    first: IntArray
    second: IntArray
    joint: IntArray
    target: IntArray
    sizes: tuple[int, int, int, int]
    groups: NDArray[Any]
    folds: IntArray
    log_likelihood: FloatArray | None
    rejoin: Rejoin

    def occupancy(self) -> Occupancy:
        """Occupancy of the fullest table that is counted."""
        return occupancy(len(self.target), max(self.sizes[:3]), self.sizes[3])

    def independent_table(self) -> FloatArray:
        """``p(x1 | y) p(x2 | y) p(y)``: the table ``(k1, k2, Y)`` the pairs alone define."""
        first = count_pairs(self.first, self.target, (self.sizes[0], self.sizes[3]))
        second = count_pairs(self.second, self.target, (self.sizes[1], self.sizes[3]))
        counts = np.maximum(first.sum(0), 1.0)
        return first[:, None] * second[None] / (counts * first.sum())


class Coding(Protocol):
    """Codes the same events at any resolution."""

    def at(self, bins: int) -> Coded: ...

    def retention(self, coded: Coded) -> dict[str, float] | None: ...


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
        self.sources, self.target, self.groups, self.seed = (first, second), target, groups, seed
        self.folds = assign_folds(groups, num_folds, seed)
        fits = [self._fit([first]), self._fit([second]), self._fit([first, second])]
        self.joint_fit: CrossFit = fits[2]
        inputs: list[Sequence[FloatArray]] = [[first], [second], [first, second]]
        self.posteriors = [f.posterior(x) for f, x in zip(fits, inputs, strict=True)]

    def _fit(self, sources: Sequence[FloatArray]) -> CrossFit:
        return cross_fit(sources, self.target, self.folds, self.groups, self.seed)

    def at(self, bins: int) -> Coded:
        """Codes with ``bins`` codes a source and twice as many for the pair."""
        quantisers = [
            quantiser(posterior, size, self.seed)
            for posterior, size in zip(self.posteriors, (bins, bins, 2 * bins), strict=True)
        ]
        codes = [q.encode(p) for q, p in zip(quantisers, self.posteriors, strict=True)]
        num_targets = int(self.target.max()) + 1
        by_likelihood = self._likelihood_says_more(codes[2], quantisers[2].size)

        def rejoin(rows: IntArray) -> tuple[IntArray, FloatArray | None]:
            posterior = self.joint_fit.posterior([self.sources[0], self.sources[1][rows]])
            likelihood = self._log_likelihood(posterior) if by_likelihood else None
            return quantisers[2].encode(posterior), likelihood

        return Coded(
            first=codes[0],
            second=codes[1],
            joint=codes[2],
            target=self.target,
            sizes=(quantisers[0].size, quantisers[1].size, quantisers[2].size, num_targets),
            groups=self.groups,
            folds=self.folds,
            log_likelihood=self._log_likelihood(self.posteriors[2]) if by_likelihood else None,
            rejoin=rejoin,
        )

    def _likelihood_says_more(self, joint: IntArray, size: int) -> bool:
        """Whether the joint probe's likelihood is a higher lower bound of the total than its codes.

        Both bound what the sources tell together from below: codes lose detail, which matters
        for many target values, and likelihoods lose by poor calibration.
        """
        num_targets = int(self.target.max()) + 1
        table = count_pairs(joint, self.target, (size, num_targets)) / len(self.target)
        bias = occupancy(len(self.target), size, num_targets).predicted_bias
        return self._probe_information(2) > mutual_information(table) - bias

    def _probe_information(self, source: int) -> float:
        target = np.bincount(self.target) / len(self.target)
        return entropy(target) + float(self._log_likelihood(self.posteriors[source]).mean())

    def _log_likelihood(self, posterior: FloatArray) -> FloatArray:
        return np.log2(posterior[np.arange(len(self.target)), self.target])

    def retention(self, coded: Coded) -> dict[str, float] | None:
        """Share of each probe's information that its codes keep, bias removed.

        The probe's information is ``H(Y)`` less its held-out cross-entropy. NaN where that is
        below 0.01 bit: a share of nothing says nothing. Above one where the probe is poorly
        calibrated, which codes forgive.
        """
        shares = {}
        codes = {"first": coded.first, "second": coded.second, "joint": coded.joint}
        for source, (name, code) in enumerate(codes.items()):
            shape = coded.sizes[source], coded.sizes[3]
            table = count_pairs(code, self.target, shape) / len(self.target)
            bias = occupancy(len(self.target), *shape).predicted_bias
            kept, probe = mutual_information(table) - bias, self._probe_information(source)
            shares[name] = kept / probe if probe >= _MIN_INFORMATION else float("nan")
        return shares


class TableCoding:
    """Codes that are counted in one three-way table: k-means on PCA, quantiles, given codes.

    Parameters
    ----------
    encode
        Codes of one source at some resolution.
    """

    def __init__(
        self,
        first: FloatArray,
        second: FloatArray,
        target: IntArray,
        groups: NDArray[Any],
        encode: Callable[[FloatArray, int], IntArray],
    ) -> None:
        self.sources, self.target, self.groups, self.encode = (
            (first, second),
            target,
            groups,
            encode,
        )

    def at(self, bins: int) -> Coded:
        """Codes with at most ``bins`` codes a source; a pair's code is its table cell."""
        first, second = (_dense(self.encode(source, bins)) for source in self.sources)
        sizes = int(first.max()) + 1, int(second.max()) + 1

        def rejoin(rows: IntArray) -> tuple[IntArray, FloatArray | None]:
            return first * sizes[1] + second[rows], None

        return Coded(
            first=first,
            second=second,
            joint=first * sizes[1] + second,
            target=self.target,
            sizes=(*sizes, sizes[0] * sizes[1], int(self.target.max()) + 1),
            groups=self.groups,
            folds=np.zeros(len(first), dtype=np.int64),
            log_likelihood=None,
            rejoin=rejoin,
        )

    def retention(self, coded: Coded) -> dict[str, float] | None:
        """Not known: no probe was trained. `posterior_retention` measures it against one."""
        return None


def kmeans_codes(source: FloatArray, bins: int, seed: int = 0) -> IntArray:
    """Codes by k-means on the first principal components: the papers' way.

    Rows are scaled to unit length and reduced to `PAPER_COMPONENTS` components first, as in
    Liang et al. (arXiv:2302.12247). It shows what varies most, not what matters.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    unit = source / np.maximum(np.linalg.norm(source, axis=1, keepdims=True), 1e-12)
    components = min(PAPER_COMPONENTS, source.shape[1], len(source))
    reduced = PCA(components, random_state=seed).fit_transform(unit)
    size = min(bins, len(np.unique(reduced.round(9), axis=0)))
    return KMeans(size, n_init=2, random_state=seed).fit_predict(reduced).astype(np.int64)


def quantile_codes(source: FloatArray, bins: int) -> IntArray:
    """Codes of one scalar a row by quantiles.

    Raises
    ------
    DataError
        When the source has more than one column.
    """
    if source.shape[1] != 1:
        raise DataError(
            f"Quantile bins are for scalars; the source has {source.shape[1]} columns. "
            'Use coding="posterior".'
        )
    edges = np.unique(np.quantile(source[:, 0], np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, source[:, 0], side="right").astype(np.int64)


def given_codes(source: FloatArray, bins: int) -> IntArray:
    """Values of a column that already holds codes; the resolution does not matter."""
    return _dense(source[:, 0])


def _dense(codes: NDArray[Any]) -> IntArray:
    return np.unique(codes, return_inverse=True)[1].reshape(-1).astype(np.int64)


def subset(coded: Coded, rows: IntArray) -> Coded:
    """The same codes for some of the events; the synergy null is not defined on them."""

    def rejoin(_: IntArray) -> tuple[IntArray, FloatArray | None]:
        raise DataError("A subset of coded events cannot be paired anew; code the subset itself.")

    likelihood = coded.log_likelihood
    return replace(
        coded,
        first=coded.first[rows],
        second=coded.second[rows],
        joint=coded.joint[rows],
        target=coded.target[rows],
        groups=coded.groups[rows],
        folds=coded.folds[rows],
        log_likelihood=None if likelihood is None else likelihood[rows],
        rejoin=rejoin,
    )
