"""From vectors to atoms with an honest statement of how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations as permutations_of
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.information.bias import FRACTIONS, extrapolate
from analysis.information.coding import (
    CODINGS,
    RETENTION_WARNING,
    Coded,
    Coding,
    PosteriorCoding,
    TableCoding,
    given_codes,
    kmeans_codes,
    quantile_codes,
)
from analysis.information.decomposition import ATOMS, to_dit
from analysis.information.definitions import MAX_CELLS
from analysis.information.local import LocalAtoms, local_atoms
from analysis.information.nulls import Step, p_value, synergy_null, target_null
from analysis.information.resampling import (
    QUANTITIES,
    TOTAL,
    atoms_of_targets,
    joint_information,
    solve_unions,
)
from analysis.information.table import FloatArray, IntArray, Occupancy
from prism_core.errors import DataError

if TYPE_CHECKING:
    import dit

MAX_TARGETS: Final = 16
MIN_USERS: Final = 8
FEW_EVENTS: Final = 2_000
"""Below this many events probes recover planted atoms to about .15 bit only."""

LEVEL: Final = 0.05
_SAME: Final = 0.01  # bits; atoms this close are called the same whatever their intervals
_Z: Final = 1.959964
_ONE_SIDED_Z: Final = 1.644854
_SYNERGY: Final = QUANTITIES.index("synergy")
_TOTAL: Final = QUANTITIES.index(TOTAL)


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
    occupancy
        Samples per cell of the fullest table and the bias that predicts.
    correction
        ``"extrapolation"`` or, where there is no sign of information, ``"shuffle"``.
    retention
        Share of the probes' information the codes keep, by source; None for table codings.
    synergy_null_95, synergy_p_value
        When the sources meet only through the target.
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
        The same at a resolution other definitions can be computed at.
    local, local_correction
        Local atoms of the events, and the bits by which the correction moved their means.
    """

    atoms: tuple[AtomEstimate, ...]
    total: AtomEstimate
    coding: str
    bins: int
    sizes: tuple[int, int, int, int]
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


def estimate(
    first: ArrayLike,
    second: ArrayLike,
    target: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    coding: str = "posterior",
    bins: int | None = None,
    permutations: int = 200,
    num_folds: int = 4,
    seed: int = 0,
    on_step: Step | None = None,
) -> Estimate:
    """Estimate unique, redundant and synergistic information from vectors.

    Parameters
    ----------
    first, second
        ``(n, d1)`` and ``(n, d2)`` vectors, or ``(n,)`` scalars or codes.
    target
        ``(n,)`` integer classes, at most 16 (`analysis.information.table.merge_tail`).
    groups
        ``(n,)`` user of each event; None when events are independent.
    coding
        ``"posterior"`` (cross-fitted probes, the default), ``"kmeans"`` (the papers' way),
        ``"quantile"`` (scalars) or ``"codes"`` (already coded).
    bins
        Codes for each source; by default what the number of events allows.
    permutations
        Size of each null.
    num_folds
        Cross-fitting folds, split by user.
    seed
        Of folds, probes, splits and permutations.
    on_step
        Called with (done, of) as the permutations go on.

    Raises
    ------
    DataError
        When the inputs do not fit together, or hold fewer than 2 samples a cell; the text
        names the number needed.
    """
    data = _checked(first, second, target, groups)
    coder = _coder(coding, *data, num_folds=num_folds, seed=seed)
    wanted = bins or default_bins(len(data[2]), int(data[2].max()) + 1, coding)
    coded = coder.at(wanted)
    coded.occupancy().require(f"{wanted} bins")
    tell = on_step or (lambda done, of: None)
    nulls = _Nulls(
        target=target_null(coded, permutations, seed, lambda done, _: tell(done, 2 * permutations)),
        synergy=synergy_null(
            coded, permutations, seed, lambda done, _: tell(permutations + done, 2 * permutations)
        ),
    )
    return _assemble(coder, coded, wanted, nulls, coding, seed)


def default_bins(samples: int, num_targets: int, coding: str) -> int:
    """Resolution that the number of events supports.

    Posterior codes are counted against the target only, so 8 to 64 of them are affordable; table
    codes must fill ``k k Y`` cells ten times over.
    """
    if coding == "posterior":
        step = int(np.searchsorted([2_000, 20_000, 200_000], samples, side="right"))
        return (8, 16, 32, 32)[step] if num_targets == 2 else (8, 16, 32, 64)[step]
    fitting = [k for k in (4, 8, 16, 32) if samples >= 10 * k * k * num_targets]
    return fitting[-1] if fitting else 4


@dataclass(frozen=True, slots=True)
class _Nulls:
    target: FloatArray  # (permutations, 5) plug-in atoms
    synergy: FloatArray  # (permutations,) joint information


def _checked(
    first: ArrayLike, second: ArrayLike, target: ArrayLike, groups: ArrayLike | None
) -> tuple[FloatArray, FloatArray, IntArray, NDArray[Any]]:
    sources = [np.asarray(source, dtype=float) for source in (first, second)]
    sources = [source[:, None] if source.ndim == 1 else source for source in sources]
    classes = np.asarray(target)
    users = np.arange(len(classes)) if groups is None else np.asarray(groups)
    lengths = {len(array) for array in (*sources, classes, users)}
    if len(lengths) != 1 or not len(classes):
        raise DataError(
            f"first, second, target and groups have {len(sources[0])}, {len(sources[1])}, "
            f"{len(classes)} and {len(users)} rows; give one row for each event in all of them."
        )
    for name, source in zip(("first", "second"), sources, strict=True):
        if not np.isfinite(source).all():
            row = int(np.argwhere(~np.isfinite(source))[0, 0])
            raise DataError(f"Source {name!r}, row {row}: a value is not finite.")
    names, codes = np.unique(classes, return_inverse=True)
    if not 2 <= len(names) <= MAX_TARGETS:
        raise DataError(
            f"The target has {len(names)} values; between 2 and {MAX_TARGETS} are allowed. "
            "Merge rare classes with analysis.information.table.merge_tail."
        )
    if (num_users := len(np.unique(users))) < MIN_USERS:
        raise DataError(
            f"The events come from {num_users} users; errors and splits need at least {MIN_USERS}."
        )
    return sources[0], sources[1], codes.astype(np.int64), users


def _coder(
    coding: str,
    first: FloatArray,
    second: FloatArray,
    target: IntArray,
    groups: NDArray[Any],
    *,
    num_folds: int,
    seed: int,
) -> Coding:
    if coding == "posterior":
        return PosteriorCoding(first, second, target, groups, num_folds=num_folds, seed=seed)
    encoders: dict[str, Callable[[FloatArray, int], IntArray]] = {
        "kmeans": lambda source, bins: kmeans_codes(source, bins, seed),
        "quantile": quantile_codes,
        "codes": given_codes,
    }
    if coding not in encoders:
        raise DataError(f"Coding {coding!r} is unknown; choose one of {', '.join(CODINGS)}.")
    return TableCoding(first, second, target, groups, encoders[coding])


def _assemble(
    coder: Coding, coded: Coded, bins: int, nulls: _Nulls, coding: str, seed: int
) -> Estimate:
    every = np.arange(len(coded.target))
    union = solve_unions(coded, [(every, coded.target)])[0]
    local = local_atoms(coded, union)
    corrected, split_errors, curve = extrapolate(coded, seed)
    counted = atoms_of_targets(coded, [coded.target])[0]
    informative = _is_informative(counted[_TOTAL], nulls.target[:, _TOTAL])
    values = corrected if informative else counted - nulls.target.mean(0)
    errors = np.hypot(local.standard_errors(), split_errors if informative else 0.0)
    synergy_values = nulls.synergy - union.union + values[_SYNERGY] - curve[0, _SYNERGY]
    synergy_p = p_value(joint_information(coded, every), nulls.synergy)
    atoms = _atoms(values, curve[0], counted, errors, nulls.target, synergy_values, synergy_p)
    resolutions = _resolutions(coder, coded, bins, values, coding, seed, informative)
    retention = coder.retention(coded)
    stable = _is_stable(resolutions, atoms)
    return Estimate(
        atoms=atoms[:4],
        total=atoms[4],
        coding=coding,
        bins=bins,
        sizes=coded.sizes,
        samples=len(every),
        users=len(np.unique(coded.groups)),
        occupancy=coded.occupancy(),
        correction="extrapolation" if informative else "shuffle",
        retention=retention,
        synergy_null_95=float(np.quantile(synergy_values, 0.95)),
        synergy_p_value=synergy_p,
        resolutions=resolutions,
        sample_sizes=_sample_sizes(curve, corrected, len(every)),
        stable=stable,
        gap=union.gap,
        residual=union.residual,
        method=union.method,
        warnings=tuple(_warnings(retention, coded.occupancy(), atoms, stable)),
        table=coded.independent_table(),
        panel_table=coder.at(_panel_bins(bins, coded.sizes[3])).independent_table(),
        local=local,
        local_correction=values - curve[0],
    )


def _panel_bins(bins: int, num_targets: int) -> int:
    return max(2, min(bins, math.isqrt(MAX_CELLS // num_targets)))


def _is_informative(total: float, null: FloatArray) -> bool:
    """Whether there is information, and more of it than bias.

    Otherwise subtracting the mean of the null is the better correction (root mean square error
    .009 against .065 bit on independent 16-bin variables with 5,000 events).
    """
    return p_value(total, null) <= LEVEL and total - null.mean() > null.mean()


def _atoms(
    values: FloatArray,
    plug_in: FloatArray,
    counted: FloatArray,
    errors: FloatArray,
    null: FloatArray,
    synergy_null_values: FloatArray,
    synergy_p: float,
) -> tuple[AtomEstimate, ...]:
    centred = null - null.mean(0)
    found = []
    for column, name in enumerate(QUANTITIES):
        level = float(np.quantile(centred[:, column], 1 - LEVEL))
        chance = p_value(counted[column], null[:, column])
        if name == "synergy":
            level = max(level, float(np.quantile(synergy_null_values, 1 - LEVEL)))
            chance = max(chance, synergy_p)
        found.append(_atom(name, values[column], plug_in[column], errors[column], level, chance))
    return tuple(found)


def _atom(
    name: str, value: float, plug_in: float, error: float, level: float, chance: float
) -> AtomEstimate:
    above_zero = value - _ONE_SIDED_Z * error > 0
    distinguishable = bool(value > level and chance <= LEVEL and above_zero)
    low, high = value - _Z * error, value + _Z * error
    if not distinguishable:
        low, high = min(0.0, value), max(0.0, value) + _ONE_SIDED_Z * error
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


def _resolutions(
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
        rows.append((size, *_corrected(other, seed, informative)))
    return pd.DataFrame(rows, columns=["bins", *QUANTITIES]).sort_values("bins", ignore_index=True)


_RESOLUTION_PERMUTATIONS: Final = 20


def _corrected(coded: Coded, seed: int, informative: bool) -> FloatArray:
    if informative:
        return extrapolate(coded, seed)[0]
    null = target_null(coded, _RESOLUTION_PERMUTATIONS, seed, lambda done, of: None)
    return atoms_of_targets(coded, [coded.target])[0] - null.mean(0)


def _is_stable(resolutions: pd.DataFrame, atoms: Sequence[AtomEstimate]) -> bool:
    """Whether clearly larger atoms stay larger and all atoms stay within their intervals."""
    values = resolutions[list(ATOMS)].to_numpy()
    allowed = np.array([max(atom.high - atom.low, _SAME) for atom in atoms[:4]])
    ranked = [
        (values[:, one] > values[:, other]).all()
        for (one, larger), (other, smaller) in permutations_of(enumerate(atoms[:4]), 2)
        if larger.low > smaller.high
    ]
    return all(ranked) and bool((np.ptp(values, axis=0) <= allowed).all())


def _sample_sizes(curve: FloatArray, corrected: FloatArray, samples: int) -> pd.DataFrame:
    sizes = [samples / fraction for fraction in FRACTIONS] + [math.inf]
    frame = pd.DataFrame([*curve, corrected], columns=list(QUANTITIES))
    frame.insert(0, "samples", sizes)
    return frame


def _warnings(
    retention: dict[str, float] | None,
    occupancy: Occupancy,
    atoms: Sequence[AtomEstimate],
    stable: bool,
) -> list[str]:
    found = []
    for source, share in (retention or {}).items():
        if share < RETENTION_WARNING:
            found.append(
                f"The codes keep {share:.0%} of what the probe reads from the {source} source: the "
                "atoms describe the codes more than the vectors."
            )
    if retention is None:
        found.append(
            "Clustered or binned sources keep an unknown share of the vectors' information; "
            "posterior coding measures it."
        )
    if retention is not None and occupancy.samples < FEW_EVENTS:
        found.append(
            f"Probes learn little from fewer than {FEW_EVENTS:,} events: synergy is probably low, "
            "and a small unique part may only be the difference between two probes."
        )
    if occupancy.samples_per_cell < 10:
        found.append(
            f"{occupancy.samples_per_cell:.1f} samples a cell: the correction takes off about "
            f"{occupancy.predicted_bias:.3f} bit."
        )
    if atoms[_SYNERGY].value < -_ONE_SIDED_Z * atoms[_SYNERGY].standard_error:
        found.append("Synergy is not resolved: the joint probe reads less than the sources apart.")
    if not stable:
        found.append("The atoms change with the resolution by more than their intervals.")
    return found
