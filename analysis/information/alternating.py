"""Alternating minimisation for the BROJA programme: slower than Newton, hard to upset.

For a fixed pair table ``r(x1, x2)`` the nearest feasible table is ``r a(x1, y) b(x2, y)`` for
each ``y`` (Sinkhorn); for a fixed table the best ``r`` is its own pair marginal. ``log a`` and
``log b`` are dual functions, so the same certificate applies.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.information.certificate import Array, Bounds, bounds, safe_log

SWEEPS: Final = 5
CHECK_EVERY: Final = 50
MAX_ROUNDS: Final = 20_000


def alternating_minimisation(first: Array, second: Array, tolerance: float) -> tuple[Bounds, int]:
    """Solve one programme.

    Parameters
    ----------
    first, second
        ``(1, k1, Y)`` and ``(1, k2, Y)`` pairwise marginals with equal target marginals.
    tolerance
        Duality gap in nats at which to stop.

    Returns
    -------
    Bounds, rounds
        The last bounds, whether or not they met the tolerance, and the number of rounds.
    """
    pair = _start(first, second)
    scale_first, scale_second = np.ones_like(first), np.ones_like(second)
    for rounds in range(1, MAX_ROUNDS + 1):
        scale_first, scale_second = _sinkhorn(pair, scale_first, scale_second, first, second)
        table = pair[..., None] * scale_first[:, :, None, :] * scale_second[:, None, :, :]
        pair = table.sum(3)
        if rounds % CHECK_EVERY == 0 or rounds == MAX_ROUNDS:
            duals = safe_log(scale_first), safe_log(scale_second)
            reached = bounds(table, *duals, first, second)
            if (reached.upper - reached.lower)[0] <= tolerance:
                break
    return reached, rounds


def _start(first: Array, second: Array) -> Array:
    target = first.sum(1)
    inverse = np.where(target > 0, 1.0 / np.where(target > 0, target, 1.0), 0.0)
    return np.einsum("biy,bjy,by->bij", first, second, inverse)


def _sinkhorn(
    pair: Array, scale_first: Array, scale_second: Array, first: Array, second: Array
) -> tuple[Array, Array]:
    for _ in range(SWEEPS):
        scale_first = _divide(first, pair @ scale_second)
        scale_second = _divide(second, pair.swapaxes(1, 2) @ scale_first)
    return scale_first, scale_second


def _divide(marginal: Array, reached: Array) -> Array:
    return np.where(marginal > 0, marginal / np.maximum(reached, 1e-300), 0.0)
