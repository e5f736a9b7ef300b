"""Exact cooperative-game values from the scores of all coalitions.

A row of ``values`` has ``2 ** n`` scores; entry ``mask`` is the score with exactly the players
switched on whose bit is set in ``mask``.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import factorial

import numpy as np

from prism_core.errors import DataError


def num_players(values: np.ndarray) -> int:
    """Give ``n`` for an array of ``2 ** n`` coalition scores on its last axis.

    Raises
    ------
    DataError
        The number of scores is not a power of two.
    """
    size = values.shape[-1]
    if size < 1 or size & (size - 1):
        raise DataError(f"{size} coalition scores given; expected a power of two.")
    return size.bit_length() - 1


def shapley_values(values: np.ndarray) -> np.ndarray:
    """Share ``v(all) - v(none)`` among the players.

    Parameters
    ----------
    values
        ``(..., 2 ** n)`` scores of all coalitions.

    Returns
    -------
    numpy.ndarray
        ``(..., n)`` float64; sums over players to ``values[..., -1] - values[..., 0]``.

    References
    ----------
    Shapley (1953), A value for n-person games.
    """
    return np.asarray(values, dtype=np.float64) @ _shapley_matrix(num_players(values))


def interaction_index(values: np.ndarray, members: Sequence[int] | None = None) -> np.ndarray:
    """Measure what some players add together beyond their smaller groups.

    For two players of two this is ``v(11) - v(10) - v(01) + v(00)``: positive is synergy,
    negative is suppression (one makes the other superfluous).

    Parameters
    ----------
    values
        ``(..., 2 ** n)`` scores of all coalitions.
    members
        The players whose interaction is asked; all ``n`` by default.

    Returns
    -------
    numpy.ndarray
        ``(...)`` float64, the Shapley interaction index of ``members``.

    References
    ----------
    Grabisch and Roubens (1999), doi:10.1007/s001820050125.
    """
    players = num_players(values)
    chosen = tuple(range(players)) if members is None else tuple(members)
    return np.asarray(values, dtype=np.float64) @ _interaction_vector(players, chosen)


@lru_cache(maxsize=16)
def _shapley_matrix(players: int) -> np.ndarray:
    """Weights ``(2 ** n, n)`` that turn coalition scores into Shapley values."""
    masks = np.arange(2**players)
    present = (masks[:, None] >> np.arange(players)) & 1
    sizes = present.sum(axis=1)
    gain = [factorial(s - 1) * factorial(players - s) if s else 0 for s in sizes]
    loss = [factorial(s) * factorial(players - s - 1) if s < players else 0 for s in sizes]
    weights = np.where(present == 1, np.array(gain)[:, None], -np.array(loss)[:, None])
    return weights / factorial(players)


@lru_cache(maxsize=64)
def _interaction_vector(players: int, members: tuple[int, ...]) -> np.ndarray:
    """Weights ``(2 ** n,)`` of the Shapley interaction index of ``members``."""
    order = len(members)
    inside = np.zeros(2**players)
    group = sum(1 << m for m in members)
    scale = factorial(players - order + 1)
    for mask in range(2**players):
        outer = (mask & ~group).bit_count()
        sign = (-1) ** (order - (mask & group).bit_count())
        inside[mask] = sign * factorial(outer) * factorial(players - outer - order) / scale
    return inside
