"""The share of the error that comes from the probes: had other users taught them, what then?

Errors from the local atoms take the codes as given. With few events the probes themselves are
uncertain: of two equally informative sources one is learned better by luck and then looks unique.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.information.bias import split_by_user
from analysis.information.coding import Coded, Coding
from analysis.information.resampling import QUANTITIES, atoms_of_subsets
from analysis.information.table import FloatArray, IntArray

PARTS: Final = 4
MOST_EVENTS: Final = 5_000
"""From here on the probes' share is small, and learning them anew takes long."""


def refit_errors(coder: Coding, coded: Coded, bins: int, seed: int) -> FloatArray:
    """Jackknife standard errors ``(5,)`` with probes learned anew; zero where none are learned.

    Each of four groups of users is left out in turn (Quenouille 1956; Efron and Stein 1981).
    """
    nothing = np.zeros(len(QUANTITIES))
    if len(coded.target) >= MOST_EVENTS or len(np.unique(coded.groups)) < 2 * PARTS:
        return nothing
    left_out = split_by_user(coded, PARTS, np.random.default_rng(seed))
    every = np.arange(len(coded.target))
    atoms = []
    for part in left_out:
        found = _atoms(coder, np.setdiff1d(every, part), bins)
        if found is None:
            return nothing
        atoms.append(found)
    deviations = np.stack(atoms) - np.mean(atoms, axis=0)
    return np.sqrt((PARTS - 1) / PARTS * (deviations**2).sum(0))


def _atoms(coder: Coding, rows: IntArray, bins: int) -> FloatArray | None:
    again = coder.refitted(rows)
    if again is None:
        return None
    coded = again.at(bins)
    return atoms_of_subsets(coded, [np.arange(len(rows))])[0]
