"""The proof that a BROJA result is right: a feasible table above, a feasible dual below.

The union information of two sources is a convex programme over tables ``q(x1, x2, y)`` that
keep both pairwise marginals [1]_. Any such table gives an upper bound, any pair of functions
``l(x1, y), m(x2, y)`` with ``sum_y exp(l + m) <= 1`` a lower one. This module makes both
feasible exactly, so their difference bounds the error of every atom.

References
----------
.. [1] Bertschinger, Rauh, Olbrich, Jost, Ay: Quantifying unique information. Entropy 16,
   2014. doi:10.3390/e16042161
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prism_core.errors import PrismError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAP_LIMIT: Final = 1e-5
"""Largest duality gap, in bits, a result may have."""

RESIDUAL_LIMIT: Final = 1e-9
"""Largest deviation of a pairwise marginal, in probability, a result may have."""


class CertificateError(PrismError):
    """No solver proved its answer to within `GAP_LIMIT`; no number is given."""


class Bounds(NamedTuple):
    """A batch of ``B`` certified bounds on the union information, in nats.

    Attributes
    ----------
    upper, lower
        ``(B,)`` value of the feasible table and of the feasible dual, less ``H(Y)``.
    residual
        ``(B,)`` largest deviation of the feasible table's pairwise marginals.
    dual_first, dual_second
        ``(B, k1, Y)`` and ``(B, k2, Y)`` feasible dual functions; ``-inf`` where the
        pairwise marginal is zero.
    """

    upper: Array
    lower: Array
    residual: Array
    dual_first: Array
    dual_second: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedUnion:
    """Union information of two sources about a target; exists only with its proof.

    Attributes
    ----------
    union, information_first, information_second
        Bits. ``union`` is what the two sources tell when they are combined as redundantly as
        their pairwise marginals allow.
    gap, residual, method, iterations
        Duality gap in bits, largest marginal deviation, solver, number of steps.
    dual_first, dual_second
        ``(k1, Y)`` and ``(k2, Y)`` optimal dual functions in bits; with them
        `analysis.information.local` splits the atoms over events.

    Raises
    ------
    CertificateError
        When the gap or the residual is outside its limit.
    """

    union: float
    information_first: float
    information_second: float
    gap: float
    residual: float
    method: str
    iterations: int
    dual_first: Array
    dual_second: Array

    def __post_init__(self) -> None:
        if not is_certified(self.gap, self.residual):
            raise CertificateError(
                f"The {self.method} solver stopped with a gap of {self.gap:.2g} bit and a marginal "
                f"residual of {self.residual:.2g}; at most {GAP_LIMIT:g} bit and "
                f"{RESIDUAL_LIMIT:g} are accepted. Merge rare states and try again."
            )

    @property
    def redundancy(self) -> float:
        """Information both sources carry, in bits."""
        return self.information_first + self.information_second - self.union

    @property
    def unique_first(self) -> float:
        """Information only the first source carries, in bits."""
        return self.union - self.information_second

    @property
    def unique_second(self) -> float:
        """Information only the second source carries, in bits."""
        return self.union - self.information_first


def is_certified(gap: float, residual: float) -> bool:
    """Whether a gap (bits) and a marginal residual prove a result."""
    return bool(abs(gap) <= GAP_LIMIT and residual <= RESIDUAL_LIMIT)


def bounds(
    table: Array, dual_first: Array, dual_second: Array, first: Array, second: Array
) -> Bounds:
    """Make a primal and a dual iterate feasible and evaluate both.

    Parameters
    ----------
    table
        ``(B, k1, k2, Y)`` nearly feasible tables.
    dual_first, dual_second
        ``(B, k1, Y)`` and ``(B, k2, Y)`` dual iterates in nats.
    first, second
        ``(B, k1, Y)`` and ``(B, k2, Y)`` pairwise marginals to keep.
    """
    feasible = _with_marginals(table, first, second)
    dual_first = _feasible_dual(dual_first, dual_second, first > 0, second > 0)
    lower = _dot(first, dual_first) + _dot(second, dual_second)
    residual = np.maximum(
        np.abs(feasible.sum(2) - first).max((1, 2)), np.abs(feasible.sum(1) - second).max((1, 2))
    )
    return Bounds(
        upper=negative_conditional_entropy(feasible),
        lower=lower,
        residual=residual,
        dual_first=np.where(first > 0, dual_first, -np.inf),
        dual_second=np.where(second > 0, dual_second, -np.inf),
    )


def negative_conditional_entropy(table: Array) -> Array:
    """``-H(Y | X1, X2)`` of each table ``(B, k1, k2, Y)``, in nats, shape ``(B,)``."""
    pairs = table.sum(3, keepdims=True)
    return _dot(table, safe_log(table) - safe_log(pairs))


def safe_log(values: Array) -> Array:
    """Natural logarithm with ``log 0 = 0``, for use under a factor that is zero there."""
    return np.log(np.where(values > 0, values, 1.0))


def _dot(left: Array, right: Array) -> Array:
    return np.einsum("bi,bi->b", left.reshape(len(left), -1), right.reshape(len(right), -1))


def _with_marginals(table: Array, first: Array, second: Array) -> Array:
    """Round to the nearest feasible table: scale down, then add a rank-one remainder.

    Algorithm 2 of Altschuler, Weed, Rigollet (2017), arXiv:1705.09634, for each target value.
    """
    table = table * _ratio(first, table.sum(2))[:, :, None, :]
    table = table * _ratio(second, table.sum(1))[:, None, :, :]
    missing_first = first - table.sum(2)
    missing_second = second - table.sum(1)
    total = missing_first.sum(1)[:, None, None, :]
    product = missing_first[:, :, None, :] * missing_second[:, None, :, :]
    return table + np.where(total > 0, product / np.where(total > 0, total, 1.0), 0.0)


def _ratio(wanted: Array, found: Array) -> Array:
    return np.minimum(1.0, wanted / np.where(found > 0, found, 1.0))


def _feasible_dual(dual_first: Array, dual_second: Array, on_first: Mask, on_second: Mask) -> Array:
    """Lower ``l(x1, .)`` until the worst pair meets ``sum_y exp(l + m) <= 1``."""
    support = on_first[:, :, None, :] & on_second[:, None, :, :]
    sums = np.where(support, dual_first[:, :, None, :] + dual_second[:, None, :, :], -np.inf)
    peak = np.maximum(sums.max(3, keepdims=True), -1e300)
    worst = (np.log(np.maximum(np.exp(sums - peak).sum(3), 1e-300)) + peak[..., 0]).max(2)
    return np.where(on_first, dual_first - np.where(worst > -1e299, worst, 0.0)[:, :, None], 0.0)
