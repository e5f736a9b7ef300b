"""From vectors to atoms with an honest statement of how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.information.bias import FRACTIONS, extrapolate
from analysis.information.binning import TableCoding, given_codes, kmeans_codes, quantile_codes
from analysis.information.cautions import cautions
from analysis.information.coding import CODINGS, Coded, Coding
from analysis.information.decomposition import entropy
from analysis.information.inputs import checked_events, whole_number
from analysis.information.intervals import Evidence, is_informative, judged_atoms
from analysis.information.local import local_atoms
from analysis.information.nulls import Step, p_value, synergy_null, target_null
from analysis.information.posterior import PosteriorCoding
from analysis.information.readings import Readings
from analysis.information.refitting import refit_errors
from analysis.information.resampling import (
    QUANTITIES,
    TOTAL,
    atoms_of_targets,
    joint_information,
    solve_unions,
)
from analysis.information.result import Estimate
from analysis.information.stability import at_resolutions, is_stable, panel_bins
from analysis.information.table import FloatArray, IntArray
from analysis.unfinished import Unfinished
from prism_core.errors import DataError

_SYNERGY: Final = QUANTITIES.index("synergy")
_TOTAL: Final = QUANTITIES.index(TOTAL)


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
    unfinished: Unfinished | None = None,
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
    unfinished
        Keeps the nulls and what else takes long, so that a stopped estimate of the same input goes
        on behind them; None keeps nothing.

    Raises
    ------
    DataError
        When the inputs are not what is said here, do not fit together, or hold fewer than 2
        samples a cell; the text names what is wrong, or the number needed.
    """
    data = checked_events(first, second, target, groups)
    if bins is not None:
        whole_number(bins, "bins", 2)
    for name, value, least in (
        ("permutations", permutations, 1),
        ("num_folds", num_folds, 2),
        ("seed", seed, 0),
    ):
        whole_number(value, name, least)
    coder = _coder(coding, *data, num_folds=num_folds, seed=seed)
    wanted = bins or default_bins(len(data[2]), int(data[2].max()) + 1, coding)
    coded = coder.at(wanted)
    coded.occupancy().require(f"{wanted} bins")
    tell = on_step or (lambda done, of: None)
    pieces = unfinished or Unfinished()

    def half(done: int, of: int) -> None:
        tell(done, 2 * of)

    def rest(done: int, of: int) -> None:
        tell(of + done, 2 * of)

    nulls = _Nulls(
        target=pieces.array(
            "target-null", QUANTITIES, lambda: target_null(coded, permutations, seed, half)
        ),
        synergy=pieces.array(
            "synergy-null",
            ["joint"],
            lambda: synergy_null(coded, permutations, seed, rest)[:, None],
        )[:, 0],
    )
    return _assemble(coder, coded, wanted, nulls, coding, seed, pieces)


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
    if not isinstance(coding, str) or coding not in encoders:
        raise DataError(f"Coding {coding!r} is unknown; choose one of {', '.join(CODINGS)}.")

    def read() -> Readings:
        return Readings(first, second, target, groups, num_folds=num_folds, seed=seed)

    known = coding == "codes"
    return TableCoding(first, second, target, groups, encoders[coding], None if known else read)


def _assemble(
    coder: Coding,
    coded: Coded,
    bins: int,
    nulls: _Nulls,
    coding: str,
    seed: int,
    pieces: Unfinished,
) -> Estimate:
    every = np.arange(len(coded.target))
    union = solve_unions(coded, [(every, coded.target)])[0]
    local = local_atoms(coded, union)
    corrected, split_errors, curve = extrapolate(coded, seed)
    counted = atoms_of_targets(coded, [coded.target])[0]
    informative = is_informative(counted[_TOTAL], nulls.target[:, _TOTAL])
    values = corrected if informative else counted - nulls.target.mean(0)
    refit = pieces.array(
        "refit-errors", QUANTITIES, lambda: refit_errors(coder, coded, bins, seed)[None]
    )[0]
    sampling = np.hypot(local.standard_errors(), split_errors if informative else 0.0)
    evidence = Evidence(
        values=values,
        plug_in=curve[0],
        counted=counted,
        errors=np.maximum(sampling, refit),
        target_null=nulls.target,
        synergy_null=nulls.synergy - union.union + values[_SYNERGY] - curve[0, _SYNERGY],
        synergy_p=p_value(joint_information(coded, every), nulls.synergy),
    )
    atoms = judged_atoms(evidence)
    resolutions = pieces.frame(
        "resolutions",
        lambda: at_resolutions(coder, coded, bins, values, coding, seed, informative),
    )
    retention, stable = coder.retention(coded), is_stable(resolutions, atoms)
    return Estimate(
        atoms=atoms[:4],
        total=atoms[4],
        coding=coding,
        bins=bins,
        sizes=coded.sizes,
        target_entropy=entropy(np.bincount(coded.target) / len(every)),
        samples=len(every),
        users=len(np.unique(coded.groups)),
        occupancy=coded.occupancy(),
        correction="extrapolation" if informative else "shuffle",
        retention=retention,
        synergy_null_95=evidence.synergy_null_95,
        synergy_p_value=evidence.synergy_p,
        resolutions=resolutions,
        sample_sizes=_sample_sizes(curve, corrected, len(every)),
        stable=stable,
        gap=union.gap,
        residual=union.residual,
        method=union.method,
        warnings=tuple(cautions(retention, coded.occupancy(), atoms, stable, coding)),
        table=coded.independent_table(),
        panel_table=coder.at(panel_bins(bins, coded.sizes[3], len(every))).counted_table(),
        local=local,
        local_correction=values - curve[0],
    )


def _sample_sizes(curve: FloatArray, corrected: FloatArray, samples: int) -> pd.DataFrame:
    sizes = [samples / fraction for fraction in FRACTIONS] + [math.inf]
    frame = pd.DataFrame([*curve, corrected], columns=list(QUANTITIES))
    frame.insert(0, "samples", sizes)
    return frame
