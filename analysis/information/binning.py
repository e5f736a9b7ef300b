"""Codes that are counted in one three-way table: k-means on PCA, quantiles, given codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.coding import Coded
from analysis.information.readings import Readings
from analysis.information.table import FloatArray, IntArray
from prism_core.errors import DataError

PAPER_COMPONENTS: Final = 5

Encode = Callable[[FloatArray, int], IntArray]


class TableCoding:
    """Codes of each source by themselves; a pair's code is its cell of the table.

    Parameters
    ----------
    first, second
        ``(n, d1)`` and ``(n, d2)`` vectors, or ``(n, 1)`` scalars or codes.
    target, groups
        ``(n,)`` classes from 0 and users.
    encode
        Codes of one source at some resolution.
    read
        Reads the sources with probes, for the retention; None where they are codes already.
    """

    def __init__(
        self,
        first: FloatArray,
        second: FloatArray,
        target: IntArray,
        groups: NDArray[Any],
        encode: Encode,
        read: Callable[[], Readings] | None = None,
    ) -> None:
        self.sources, self.target, self.groups = (first, second), target, groups
        self.encode, self.read = encode, read

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
        """Share of what probes read from the vectors that the codes keep; None for given codes."""
        return None if self.read is None else self.read().retention(coded)

    def refitted(self, rows: IntArray) -> None:
        """Nothing here is learned from the target."""
        return


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
    column = _only_column(source, "Quantile bins are for scalars")
    edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, column, side="right").astype(np.int64)


def given_codes(source: FloatArray, bins: int) -> IntArray:
    """Values of a column that already holds codes; the resolution does not matter.

    Raises
    ------
    DataError
        When the source has more than one column.
    """
    return _dense(_only_column(source, "Codes are one column for each source"))


def _only_column(source: FloatArray, rule: str) -> FloatArray:
    if source.shape[1] != 1:
        raise DataError(
            f'{rule}; the source has {source.shape[1]} columns. Use coding="posterior" for vectors.'
        )
    return source[:, 0]


def _dense(codes: NDArray[Any]) -> IntArray:
    return np.unique(codes, return_inverse=True)[1].reshape(-1).astype(np.int64)
