"""All atoms of three or four sources, by dit's RDR: what any group of them tells alone.

BROJA is defined for two sources. RDR is defined for any number and never negative; the price is
another idea of redundancy, see `analysis.information.definitions`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.information.bounded import LIMIT, Bounded
from analysis.information.decomposition import entropy, mutual_information, to_dit
from analysis.information.nulls import Step, permute_by_user
from analysis.information.posterior import quantiser
from analysis.information.probes import assign_folds, cross_fit
from analysis.information.table import FloatArray, IntArray, Occupancy, occupancy
from prism_core.errors import DataError

MAX_SOURCES: Final = 4
"""The lattice has 18 nodes for three sources, 166 for four and 7,579 for five."""

_BINS: Final = (6, 5, 4, 3, 2)
_SAMPLES_PER_CELL: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeEstimate:
    """Atoms of a lattice with what must stand beside them.

    Attributes
    ----------
    atoms
        Columns node (e.g. ``"{image}{text,audio}"``: what the image tells, and so do text and audio
        together), value (bits, less the mean of the null) and null_95.
    bins, occupancy
        Codes of each source, and how full the counted table is.
    retention
        Share of what a probe of all sources reads that their codes keep together.
    total
        Bits all codes tell together, less the mean of the null.
    """

    atoms: pd.DataFrame
    bins: int
    occupancy: Occupancy
    retention: float
    total: float


def lattice(table: FloatArray, names: Sequence[str] | None = None) -> pd.DataFrame:
    """All atoms of a table of up to four sources by dit's RDR, which is never negative.

    Parameters
    ----------
    table
        ``(k1, ..., kM, Y)`` probabilities.
    names
        Of the sources; their numbers by default.

    Returns
    -------
    frame
        Columns node (e.g. ``"{0}{1,2}"``) and value in bits; a node is information that each of
        its groups of sources carries on its own.

    Raises
    ------
    DataError
        When there are more than four sources.
    """
    shown = list(names or map(str, range(table.ndim - 1)))
    _check(len(shown))
    values = rdr_atoms(table)
    rows = [(_name(node, shown), value) for node, value in values.items()]
    return pd.DataFrame(rows, columns=["node", "value"])


def estimate_lattice(
    sources: Mapping[str, ArrayLike],
    target: IntArray,
    *,
    groups: NDArray[Any],
    permutations: int = 20,
    num_folds: int = 4,
    seed: int = 0,
    limit: float = LIMIT,
    on_step: Step | None = None,
) -> LatticeEstimate:
    """Estimate all atoms of three or four sources from vectors.

    Every source is coded by what a held-out probe of it alone believes about the target, so synergy
    of sources that tell nothing alone is not seen here; pairs and each against the rest see it.

    Parameters
    ----------
    sources
        ``(n, d_i)`` vectors by name.
    target, groups
        ``(n,)`` classes from 0, and users.
    permutations
        Shuffles of the target; their mean is taken off as the bias of small samples.
    limit
        Seconds dit may take for one table.
    on_step
        Called with (done, of).

    Raises
    ------
    DataError
        When there are fewer than two or more than four sources, or too few samples.
    TimeLimitError
        When dit does not end in time.
    """
    _check(len(sources))
    vectors = [np.asarray(source, dtype=float) for source in sources.values()]
    folds = assign_folds(groups, num_folds, seed)
    bins = _fitting_bins(len(target), len(vectors), int(target.max()) + 1)
    codes = [_codes(v, target, folds, groups, bins, seed) for v in vectors]
    rng = np.random.default_rng(seed)
    shuffled = [permute_by_user(target, groups, rng) for _ in range(permutations)]
    found = []
    with Bounded(limit) as process:
        for done, labels in enumerate([target, *shuffled], start=1):
            found.append(process.call(rdr_atoms, _table(codes, labels)))
            if on_step:
                on_step(done, permutations + 1)
    table = _table(codes, target)
    null = pd.DataFrame(found[1:])
    return LatticeEstimate(
        atoms=_corrected(found[0], null, list(sources)),
        bins=bins,
        occupancy=occupancy(len(target), math.prod(table.shape[:-1]), table.shape[-1]),
        retention=_retention(table, vectors, target, folds, groups, seed),
        total=sum(found[0].values()) - float(null.sum(axis=1).mean()),
    )


def rdr_atoms(table: FloatArray) -> dict[tuple[tuple[int, ...], ...], float]:
    """Atoms of a table ``(k1, ..., kM, Y)`` by dit's RDR, by node."""
    from dit.pid import PID_RDR

    sources = [[index] for index in range(table.ndim - 1)]
    measure = PID_RDR(to_dit(table), sources, [table.ndim - 1])
    return {node: float(measure[node]) for node in measure._lattice}


def _check(num_sources: int) -> None:
    if not 2 <= num_sources <= MAX_SOURCES:
        raise DataError(
            f"{num_sources} sources have no lattice that can be shown; between 2 and {MAX_SOURCES} "
            "have. Use each against the rest."
        )


def _fitting_bins(samples: int, num_sources: int, num_targets: int) -> int:
    cells = {bins: bins**num_sources * num_targets for bins in _BINS}
    fitting = [bins for bins in _BINS if samples >= _SAMPLES_PER_CELL * cells[bins]]
    if not fitting:
        needed = _SAMPLES_PER_CELL * cells[_BINS[-1]]
        raise DataError(
            f"{samples:,} samples; a lattice of {num_sources} sources and {num_targets} target "
            f"values needs at least {needed:,}."
        )
    return fitting[0]


def _codes(
    vectors: FloatArray,
    target: IntArray,
    folds: IntArray,
    groups: NDArray[Any],
    bins: int,
    seed: int,
) -> IntArray:
    posterior = cross_fit([vectors], target, folds, groups, seed).posterior([vectors])
    return quantiser(posterior, bins, seed).encode(posterior)


def _table(codes: Sequence[IntArray], target: IntArray) -> FloatArray:
    shape = (*(int(code.max()) + 1 for code in codes), int(target.max()) + 1)
    flat = np.ravel_multi_index((*codes, target), shape)
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape) / len(target)


def _corrected(
    found: Mapping[tuple[tuple[int, ...], ...], float], null: pd.DataFrame, names: list[str]
) -> pd.DataFrame:
    means = null.mean()
    levels = (null - means).quantile(0.95)
    rows = [
        (_name(node, names), value - means[node], levels[node]) for node, value in found.items()
    ]
    return pd.DataFrame(rows, columns=["node", "value", "null_95"])


def _retention(
    table: FloatArray,
    vectors: list[FloatArray],
    target: IntArray,
    folds: IntArray,
    groups: NDArray[Any],
    seed: int,
) -> float:
    """What the codes keep of a probe of everything; NaN where that reads nothing."""
    posterior = cross_fit(vectors, target, folds, groups, seed).posterior(vectors)
    likelihood = np.log2(posterior[np.arange(len(target)), target]).mean()
    probe = entropy(np.bincount(target) / len(target)) + float(likelihood)
    states = math.prod(table.shape[:-1])
    bias = occupancy(len(target), states, table.shape[-1]).predicted_bias
    kept = mutual_information(table.reshape(states, -1)) - bias
    return kept / probe if probe >= 0.01 else math.nan


def _name(node: tuple[tuple[int, ...], ...], names: Sequence[str]) -> str:
    groups = sorted(node, key=lambda group: (len(group), group))
    return "".join("{" + ",".join(names[source] for source in group) + "}" for group in groups)
