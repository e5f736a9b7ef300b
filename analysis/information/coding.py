"""Events as codes: everything an estimate counts, whatever way the codes were made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.information.table import (
    FloatArray,
    IntArray,
    Occupancy,
    count_pairs,
    count_table,
    occupancy,
)
from prism_core.errors import DataError

CODINGS: Final = ("posterior", "kmeans", "quantile", "codes")
RETENTION_WARNING: Final = 0.8

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

    def counted_table(self) -> FloatArray:
        """The events counted over codes of first, second and target: ``(k1, k2, Y)``."""
        shape = self.sizes[0], self.sizes[1], self.sizes[3]
        return count_table(self.first, self.second, self.target, shape) / len(self.target)

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

    def refitted(self, rows: IntArray) -> Coding | None:
        """The same coding learned from some of the events alone; None if nothing is learned."""
        ...


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
