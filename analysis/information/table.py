"""Joint tables of two coded sources and a target: built, checked, merged, and how full."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analysis.information.inputs import FloatArray, IntArray, numbers
from prism_core.errors import DataError

MIN_SAMPLES_PER_CELL: Final = 2.0
"""Below this many samples a cell no bias correction holds and estimates are refused."""

RARE_MASS: Final = 1e-9
OTHER: Final = "other"


def checked_probabilities(table: Any) -> FloatArray:
    """Return a table ``(k1, k2, Y)`` as float64 probabilities that sum to exactly one.

    Raises
    ------
    DataError
        When an entry is no number, negative or not finite, or the total differs from one by more
        than 1e-6.
    """
    array = numbers(
        table, "decompose takes probabilities (k1, k2, Y) or a dit.Distribution of three variables"
    )
    if array.ndim != 3 or array.size == 0:
        raise DataError(
            f"A table of two sources and a target has three axes (k1, k2, Y); "
            f"got shape {array.shape}."
        )
    wrong = np.argwhere(~np.isfinite(array) | (array < 0))
    if len(wrong):
        cell = tuple(int(index) for index in wrong[0])
        raise DataError(f"Cell {cell} is {array[cell]}; probabilities are finite and not negative.")
    total = array.sum()
    if abs(total - 1.0) > 1e-6:
        raise DataError(
            f"The probabilities sum to {total:.6g}, not 1; divide counts by their number first."
        )
    return array / total


def merge_rare_states(table: FloatArray) -> FloatArray:
    """Move states of total mass below 1e-9 into the most probable state of their axis.

    The shape stays; the emptied states have zero mass. The solver loses its footing on masses
    far below the precision of the answer, which this changes by less than 1e-7 bit.
    """
    for axis in range(3):
        lead = np.moveaxis(table.copy(), axis, 0)
        mass = lead.sum((1, 2))
        rare = (mass > 0) & (mass < RARE_MASS)
        lead[mass.argmax()] += lead[rare].sum(0)
        lead[rare] = 0.0
        table = np.moveaxis(lead, 0, axis)
    return table


def count_table(
    first: IntArray, second: IntArray, target: IntArray, shape: tuple[int, ...]
) -> FloatArray:
    """Count events into a table.

    Parameters
    ----------
    first, second, target
        ``(n,)`` codes from 0.
    shape
        ``(k1, k2, Y)``.

    Returns
    -------
    array ``(k1, k2, Y)`` of counts.
    """
    flat = np.ravel_multi_index((first, second, target), shape)
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape).astype(float)


def count_pairs(codes: IntArray, target: IntArray, shape: tuple[int, int]) -> FloatArray:
    """Count ``(n,)`` codes against ``(n,)`` targets into a table ``(k, Y)``."""
    flat = codes * shape[1] + target
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape).astype(float)


def merge_tail(labels: Sequence[Hashable], limit: int = 16) -> tuple[IntArray, tuple[str, ...]]:
    """Number labels by frequency and put all beyond the limit into one class "other".

    Parameters
    ----------
    labels
        ``n`` labels, e.g. the genre of the next item of each event.
    limit
        Largest number of classes, "other" included.

    Returns
    -------
    codes, names
        ``(n,)`` codes from 0 and the name of each class, the most frequent first.
    """
    ranked = sorted(Counter(labels).items(), key=lambda entry: (-entry[1], str(entry[0])))
    kept = [label for label, _ in ranked]
    if len(kept) > limit:
        kept = kept[: limit - 1]
    code_of = {label: code for code, label in enumerate(kept)}
    codes = np.array([code_of.get(label, len(kept)) for label in labels], dtype=np.int64)
    names = tuple(str(label) for label in kept)
    return codes, (*names, OTHER) if len(kept) < len(ranked) else names


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """How many samples a table's cells hold, and the bias that follows.

    Attributes
    ----------
    samples, cells
        Number of events and of cells of the fullest table that is counted.
    predicted_bias
        Bits by which the uncorrected joint information, and with it synergy, is expected to be
        too high: ``(k - 1)(Y - 1) / (2 n ln 2)`` (Miller 1955; Panzeri and Treves 1996).
    """

    samples: int
    cells: int
    predicted_bias: float

    @property
    def samples_per_cell(self) -> float:
        """Samples for each cell."""
        return self.samples / self.cells

    @property
    def samples_needed(self) -> int:
        """Fewest samples at which an estimate is given."""
        return math.ceil(MIN_SAMPLES_PER_CELL * self.cells)

    def require(self, what: str) -> None:
        """Refuse when there are too few samples a cell.

        Raises
        ------
        DataError
            Naming the number of samples needed.
        """
        if self.samples < self.samples_needed:
            raise DataError(
                f"{what}: {self.samples:,} samples for {self.cells:,} cells is "
                f"{self.samples_per_cell:.2f} a cell; at least {self.samples_needed:,} samples are "
                "needed. Use fewer bins, fewer target values or more data."
            )


def occupancy(samples: int, states: int, num_targets: int) -> Occupancy:
    """Occupancy of a table with so many source states (``k1 k2`` or ``k``) and targets."""
    bias = (states - 1) * (num_targets - 1) / (2 * samples * math.log(2)) if samples else math.inf
    return Occupancy(samples=samples, cells=states * num_targets, predicted_bias=bias)
