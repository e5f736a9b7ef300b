"""Do the atoms depend on the resolution of the codes?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations as permutations_of
from typing import Final

import numpy as np
import pandas as pd

from analysis.information.bias import extrapolate
from analysis.information.coding import Coded, Coding
from analysis.information.decomposition import ATOMS
from analysis.information.definitions import MAX_CELLS
from analysis.information.nulls import target_null
from analysis.information.resampling import QUANTITIES, atoms_of_targets
from analysis.information.result import AtomEstimate
from analysis.information.table import FloatArray

PANEL_SAMPLES_PER_CELL: Final = 5

_SAME: Final = 0.01  # bits; atoms this close are called the same whatever their intervals


def at_resolutions(
    coder: Coding,
    coded: Coded,
    bins: int,
    values: FloatArray,
    coding: str,
    seed: int,
    informative: bool,
) -> pd.DataFrame:
    """Atoms at three resolutions with the same correction; one that is too fine is left out."""
    if coding == "codes":
        return pd.DataFrame([(bins, *values)], columns=["bins", *QUANTITIES])
    finer = coder.at(2 * bins)
    fits = finer.occupancy().samples >= finer.occupancy().samples_needed
    sizes = (bins // 2, 2 * bins) if fits else (bins // 4, bins // 2)
    rows = [(bins, *values)]
    for size in (size for size in sizes if size >= 2):
        other = finer if size == 2 * bins else coder.at(size)
        rows.append((size, *corrected_atoms(other, seed, informative)))
    return pd.DataFrame(rows, columns=["bins", *QUANTITIES]).sort_values("bins", ignore_index=True)


_RESOLUTION_PERMUTATIONS: Final = 20


def corrected_atoms(coded: Coded, seed: int, informative: bool) -> FloatArray:
    if informative:
        return extrapolate(coded, seed)[0]
    null = target_null(coded, _RESOLUTION_PERMUTATIONS, seed, lambda done, of: None)
    return atoms_of_targets(coded, [coded.target])[0] - null.mean(0)


def is_stable(resolutions: pd.DataFrame, atoms: Sequence[AtomEstimate]) -> bool:
    """Whether clearly larger atoms stay larger and all atoms stay within their intervals."""
    values = resolutions[list(ATOMS)].to_numpy()
    allowed = np.array([max(atom.high - atom.low, _SAME) for atom in atoms[:4]])
    ranked = [
        (values[:, one] > values[:, other]).all()
        for (one, larger), (other, smaller) in permutations_of(enumerate(atoms[:4]), 2)
        if larger.low > smaller.high
    ]
    return all(ranked) and bool((np.ptp(values, axis=0) <= allowed).all())


def panel_bins(bins: int, num_targets: int, samples: int) -> int:
    """Finest resolution, up to ``bins``, at which other definitions can be computed.

    They look at the whole table and not at its pairs alone, so its cells must be filled.
    """
    cells = min(MAX_CELLS, samples // PANEL_SAMPLES_PER_CELL)
    return max(2, min(bins, math.isqrt(cells // num_targets)))
