"""Taking the finite-sample bias out of plug-in atoms by extrapolating to endless data."""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.information.coding import Coded
from analysis.information.resampling import atoms_of_subsets
from analysis.information.table import FloatArray, IntArray

REPEATS: Final = 6
FRACTIONS: Final = (1, 2, 4)


def extrapolate(coded: Coded, seed: int) -> tuple[FloatArray, FloatArray]:
    """Quadratic extrapolation of the atoms in ``1 / n`` (Strong et al. 1998).

    The events are split by user into halves and quarters several times; with the mean atoms at
    ``n``, ``n / 2`` and ``n / 4`` the limit of ``a + b / n + c / n^2`` is
    ``(8 A(n) - 6 A(n/2) + A(n/4)) / 3``.

    Returns
    -------
    corrected, curve
        ``(5,)`` atoms at the limit and ``(3, 5)`` mean atoms at ``n, n/2, n/4``, in bits, in
        the order of `resampling.QUANTITIES`.
    """
    rng = np.random.default_rng(seed)
    every = np.arange(len(coded.target))
    halves = [part for _ in range(REPEATS) for part in split_by_user(coded, 2, rng)]
    quarters = [part for _ in range(REPEATS) for part in split_by_user(coded, 4, rng)]
    atoms = atoms_of_subsets(coded, [every, *halves, *quarters])
    half, quarter = atoms[1 : 1 + len(halves)].mean(0), atoms[1 + len(halves) :].mean(0)
    corrected = (8 * atoms[0] - 6 * half + quarter) / 3
    return corrected, np.stack([atoms[0], half, quarter])


def split_by_user(coded: Coded, parts: int, rng: np.random.Generator) -> list[IntArray]:
    """Split the events into random parts that keep each user's events together."""
    names, index = np.unique(coded.groups, return_inverse=True)
    part_of = rng.permutation(len(names)) % parts
    pieces = [np.flatnonzero(part_of[index] == part) for part in range(parts)]
    return [piece for piece in pieces if len(piece)]
