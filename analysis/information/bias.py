"""Taking the finite-sample bias out of plug-in atoms by extrapolating to endless data."""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.information.coding import Coded
from analysis.information.resampling import atoms_of_subsets
from analysis.information.table import FloatArray, IntArray

REPEATS: Final = 6
FRACTIONS: Final = (1, 2, 4)


def extrapolate(coded: Coded, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quadratic extrapolation of the atoms in ``1 / n`` (Strong et al. 1998).

    The events are split by user into halves and quarters several times; with the mean atoms at
    ``n``, ``n / 2`` and ``n / 4`` the limit of ``a + b / n + c / n^2`` is
    ``(8 A(n) - 6 A(n/2) + A(n/4)) / 3``.

    Returns
    -------
    corrected, errors, curve
        ``(5,)`` atoms at the limit, ``(5,)`` their standard errors from the choice of splits
        alone, and ``(3, 5)`` mean atoms at ``n, n/2, n/4``; bits, in the order of
        `resampling.QUANTITIES`.
    """
    rng = np.random.default_rng(seed)
    every = np.arange(len(coded.target))
    halves = [part for _ in range(REPEATS) for part in split_by_user(coded, 2, rng)]
    quarters = [part for _ in range(REPEATS) for part in split_by_user(coded, 4, rng)]
    atoms = atoms_of_subsets(coded, [every, *halves, *quarters])
    half = atoms[1 : 1 + len(halves)].reshape(REPEATS, -1, atoms.shape[1]).mean(1)
    quarter = atoms[1 + len(halves) :].reshape(REPEATS, -1, atoms.shape[1]).mean(1)
    limits = (8 * atoms[0] - 6 * half + quarter) / 3
    errors = limits.std(0, ddof=1) / np.sqrt(REPEATS)
    return limits.mean(0), errors, np.stack([atoms[0], half.mean(0), quarter.mean(0)])


def split_by_user(coded: Coded, parts: int, rng: np.random.Generator) -> list[IntArray]:
    """Split the events into random parts that keep each user's events together.

    Needs at least as many users as parts."""
    names, index = np.unique(coded.groups, return_inverse=True)
    part_of = rng.permutation(len(names)) % parts
    return [np.flatnonzero(part_of[index] == part) for part in range(parts)]
