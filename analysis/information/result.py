"""What an estimate says: atoms with their uncertainty, and everything needed to judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis.information.decomposition import to_dit
from analysis.information.local import LocalAtoms
from analysis.information.table import FloatArray, Occupancy

if TYPE_CHECKING:
    import dit


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEstimate:
    """One atom with its uncertainty, in bits.

    Attributes
    ----------
    value
        Bias-corrected estimate; may be negative and is then shown so.
    plug_in
        Uncorrected estimate.
    standard_error, low, high
        User-clustered error and 95 % interval around `value`; one-sided (from zero, or from a
        negative value, upwards) where the atom is not distinguishable from zero.
    null_95
        95th percentile of the same quantity, less its mean, when the target says nothing; for
        synergy the larger one of that and of the percentile when the sources meet only through
        the target.
    p_value
        Probability of so large an uncorrected value in that world.
    distinguishable
        Whether the atom lies above its null and its one-sided interval above zero.
    """

    name: str
    value: float
    plug_in: float
    standard_error: float
    low: float
    high: float
    null_95: float
    p_value: float
    distinguishable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Atoms of two sources about a target, with everything needed to judge them.

    The intervals are those of the codes' atoms. What the probes could not learn from so many events
    is outside of them: total and synergy are then too low, and of two equally informative sources
    the better-learnt one can look unique.

    Attributes
    ----------
    atoms, total
        The four atoms in the order of `ATOMS`, and their sum.
    coding, bins, sizes
        How the sources were coded, the resolution, and the numbers of codes of first, second,
        joint and target.
    target_entropy
        Bits needed to know the target when nothing is known of the sources.
    occupancy
        Samples per cell of the fullest table and the bias that predicts.
    correction
        ``"extrapolation"`` or, where there is no sign of information, ``"shuffle"``.
    retention
        Share of the probes' information the codes keep, by source; None for table codings.
    synergy_null_95, synergy_p_value
        Of the second null, in which the sources meet only through the target.
    resolutions
        Corrected atoms at three resolutions: columns bins and `QUANTITIES`.
    sample_sizes
        Plug-in atoms at ``n, n/2, n/4`` and the corrected limit (samples = inf).
    stable
        Whether the ranking of the atoms and, within the intervals, their values are the same at
        all resolutions.
    gap, residual, method
        Certificate of the union information.
    warnings
        Sentences to show beside the numbers.
    table
        ``(k1, k2, Y)`` the distribution the pairwise tables define.
    panel_table
        The events counted over codes of first, second and target, at a resolution other
        definitions can be computed at. Unlike BROJA they depend on how the sources go together.
    local, local_correction
        Local atoms of the events, and the bits by which the correction moved their means.
    """

    atoms: tuple[AtomEstimate, ...]
    total: AtomEstimate
    coding: str
    bins: int
    sizes: tuple[int, int, int, int]
    target_entropy: float
    samples: int
    users: int
    occupancy: Occupancy
    correction: Literal["extrapolation", "shuffle"]
    retention: dict[str, float] | None
    synergy_null_95: float
    synergy_p_value: float
    resolutions: pd.DataFrame
    sample_sizes: pd.DataFrame
    stable: bool
    gap: float
    residual: float
    method: str
    warnings: tuple[str, ...]
    table: FloatArray
    panel_table: FloatArray
    local: LocalAtoms
    local_correction: FloatArray

    def __getitem__(self, name: str) -> AtomEstimate:
        """The atom of that name."""
        return next(atom for atom in (*self.atoms, self.total) if atom.name == name)

    def frame(self) -> pd.DataFrame:
        """One row for each atom, and one for their total."""
        fields = AtomEstimate.__slots__
        rows = [{name: getattr(a, name) for name in fields} for a in (*self.atoms, self.total)]
        return pd.DataFrame(rows).rename(columns={"name": "atom"})

    def distribution(self) -> dit.Distribution:
        """``p(x1 | y) p(x2 | y) p(y)`` as a `dit.Distribution`.

        Its redundancy and unique atoms are the plug-in ones here; its synergy is not, because
        synergy is taken from the joint probe.
        """
        return to_dit(self.table)
