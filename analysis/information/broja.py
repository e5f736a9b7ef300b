"""Union information after Bertschinger et al., solved exactly, fast and with proof.

Redundancy and both unique parts depend on the two *pairwise* tables ``p(x1, y)`` and
``p(x2, y)`` only, so these are what the solvers take. Newton's method runs first, many tables
together; a table it cannot finish goes to alternating minimisation; a table neither can prove
raises instead of returning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from analysis.information.alternating import alternating_minimisation
from analysis.information.certificate import (
    Array,
    Bounds,
    CertifiedUnion,
    is_certified,
    safe_log,
)
from analysis.information.interior_point import interior_point
from prism_core.errors import DataError

NATS_PER_BIT: Final = math.log(2.0)
INTERIOR_POINT: Final = "interior point"
ALTERNATING: Final = "alternating minimisation"
_TOLERANCE: Final = 1e-9
_FALLBACK_TOLERANCE: Final = 1e-6
_SMALLEST_MASS: Final = 1e-12
_BATCH_BYTES: Final = 64_000_000


def solve(first: Array, second: Array) -> CertifiedUnion:
    """Union information of one pair of pairwise tables.

    Parameters
    ----------
    first, second
        ``(k1, Y)`` and ``(k2, Y)`` probabilities ``p(x1, y)`` and ``p(x2, y)`` with equal target
        marginals. Masses below 1e-12 count as zero.

    Raises
    ------
    DataError
        When the tables are not probabilities over the same target.
    CertificateError
        When no solver could prove its answer.
    """
    return solve_batch(np.asarray(first)[None], np.asarray(second)[None])[0]


def solve_batch(first: Array, second: Array) -> list[CertifiedUnion]:
    """Union information of ``B`` pairs of tables of one shape, solved together.

    Parameters
    ----------
    first, second
        ``(B, k1, Y)`` and ``(B, k2, Y)`` pairwise probabilities.
    """
    first, second = _checked(first, second)
    swapped = first.shape[1] < second.shape[1]
    if swapped:
        first, second = second, first
    found = []
    for rows in _chunks(first, second):
        found += _solve_chunk(first[rows], second[rows], swapped)
    return found


def _checked(first: Array, second: Array) -> tuple[Array, Array]:
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 3 or second.ndim != 3 or first.shape[::2] != second.shape[::2]:
        raise DataError(
            f"Pairwise tables have shapes {first.shape} and {second.shape}; give (B, k1, Y) and "
            "(B, k2, Y) with the same number of tables and of target values."
        )
    for table in (first, second):
        if not np.isfinite(table).all() or (table < 0).any():
            raise DataError("A pairwise table has a negative or non-finite probability.")
    target = first.sum(1)
    if np.abs(target - second.sum(1)).max() > 1e-9 or np.abs(target.sum(1) - 1).max() > 1e-9:
        raise DataError(
            "The pairwise tables must sum to 1 and have the same target marginal; count both on "
            "the same events and divide by their number."
        )
    return _without_dust(first, target), _without_dust(second, target)


def _without_dust(table: Array, target: Array) -> Array:
    kept = np.where(table < _SMALLEST_MASS, 0.0, table)
    target = np.where(target < _SMALLEST_MASS, 0.0, target)
    reached = kept.sum(1)
    factor = np.where(reached > 0, target / np.where(reached > 0, reached, 1.0), 0.0)
    return kept * factor[:, None, :]


def _chunks(first: Array, second: Array) -> Iterator[slice]:
    """Rows that fit into memory together; the coupling matrix is the largest array."""
    each = 8 * first[0].size * second[0].size
    size = max(1, _BATCH_BYTES // each)
    return (slice(start, start + size) for start in range(0, len(first), size))


def _solve_chunk(first: Array, second: Array, swapped: bool) -> list[CertifiedUnion]:
    reached, steps = interior_point(first, second, _TOLERANCE)
    found = []
    for row in range(len(first)):
        one = Bounds(*(array[row : row + 1] for array in reached))
        method, count = INTERIOR_POINT, int(steps[row])
        if not _is_proved(one):
            tables = first[row : row + 1], second[row : row + 1]
            one, count = alternating_minimisation(*tables, _FALLBACK_TOLERANCE)
            method = ALTERNATING
        found.append(_result(one, first[row], second[row], method, count, swapped))
    return found


def _is_proved(one: Bounds) -> bool:
    gap = (one.upper - one.lower)[0] / NATS_PER_BIT
    return is_certified(float(gap), float(one.residual[0]))


def _result(
    one: Bounds, first: Array, second: Array, method: str, steps: int, swapped: bool
) -> CertifiedUnion:
    target_entropy = _entropy(first.sum(0))
    information = _information(first), _information(second)
    duals = one.dual_first[0] / NATS_PER_BIT, one.dual_second[0] / NATS_PER_BIT
    if swapped:
        information, duals = information[::-1], duals[::-1]
    return CertifiedUnion(
        union=target_entropy + float(one.upper[0]) / NATS_PER_BIT,
        information_first=information[0],
        information_second=information[1],
        gap=float(one.upper[0] - one.lower[0]) / NATS_PER_BIT,
        residual=float(one.residual[0]),
        method=method,
        iterations=steps,
        dual_first=duals[0],
        dual_second=duals[1],
    )


def _entropy(probabilities: Array) -> float:
    return -float((probabilities * safe_log(probabilities)).sum()) / NATS_PER_BIT


def _information(table: Array) -> float:
    return _entropy(table.sum(0)) + _entropy(table.sum(1)) - _entropy(table)
