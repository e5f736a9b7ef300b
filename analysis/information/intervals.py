"""Intervals and verdicts: corrected values against their errors and their nulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.information.nulls import p_value
from analysis.information.resampling import QUANTITIES
from analysis.information.result import AtomEstimate
from analysis.information.table import FloatArray

LEVEL: Final = 0.05
_Z: Final = 1.959964
ONE_SIDED_Z: Final = 1.644854
NEGLIGIBLE: Final = 1e-4
"""Bits that are too few to be called information: near the precision of the solver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdict on the atoms rests on; arrays ``(5,)`` in the order of `QUANTITIES`.

    Attributes
    ----------
    values, plug_in
        Corrected and uncorrected bits.
    counted
        Uncorrected bits with the total counted from codes, as in `target_null`.
    errors
        Standard errors.
    target_null
        ``(permutations, 5)`` uncorrected bits when the target says nothing.
    synergy_null
        ``(permutations,)`` corrected synergy when the sources meet only through the target.
    synergy_p
        Probability of so large a total in that world.
    """

    values: FloatArray
    plug_in: FloatArray
    counted: FloatArray
    errors: FloatArray
    target_null: FloatArray
    synergy_null: FloatArray
    synergy_p: float

    @property
    def synergy_null_95(self) -> float:
        """95th percentile of the synergy where the sources meet only through the target."""
        return float(np.quantile(self.synergy_null, 1 - LEVEL))


def is_informative(total: float, null: FloatArray) -> bool:
    """Whether there is information, and more of it than bias.

    Otherwise subtracting the mean of the null is the better correction (root mean square error
    .009 against .065 bit on independent 16-bin variables with 5,000 events).
    """
    return p_value(total, null) <= LEVEL and total - null.mean() > null.mean()


def judged_atoms(evidence: Evidence) -> tuple[AtomEstimate, ...]:
    """The four atoms and their total, each with interval, null and verdict."""
    null = evidence.target_null
    centred = null - null.mean(0)
    errors = np.maximum(evidence.errors, null.std(0))  # never surer than about shuffled data
    found = []
    for column, name in enumerate(QUANTITIES):
        level = float(np.quantile(centred[:, column], 1 - LEVEL))
        chance = p_value(evidence.counted[column], null[:, column])
        if name == "synergy":
            level = max(level, evidence.synergy_null_95)
            chance = max(chance, evidence.synergy_p)
        value, plug_in = evidence.values[column], evidence.plug_in[column]
        found.append(_atom(name, value, plug_in, errors[column], level, chance))
    return tuple(found)


def _atom(
    name: str, value: float, plug_in: float, error: float, level: float, chance: float
) -> AtomEstimate:
    above_zero = value - _needed_z(name) * error > 0
    above_null = value > max(level, NEGLIGIBLE) and chance <= LEVEL
    distinguishable = bool(above_null and above_zero)
    low, high = value - _Z * error, value + _Z * error
    if not distinguishable:
        low, high = min(0.0, value), max(0.0, value) + ONE_SIDED_Z * error
    return AtomEstimate(
        name=name,
        value=float(value),
        plug_in=float(plug_in),
        standard_error=float(error),
        low=float(low),
        high=float(high),
        null_95=level,
        p_value=chance,
        distinguishable=distinguishable,
    )


def _needed_z(name: str) -> float:
    """Errors an atom must lie above zero.

    A unique atom is a maximum over ways to rewire the pairs. Where none is there, more than one of
    them binds, and the largest of their estimates is above zero more often than each.
    """
    return _Z if name.startswith("unique") else ONE_SIDED_Z
