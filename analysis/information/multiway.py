"""More than two modalities: each against the rest, every pair, and dit's lattice."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.information.decomposition import Decomposition, decompose, to_dit
from analysis.information.estimate import estimate
from analysis.information.result import Estimate
from analysis.information.table import FloatArray
from prism_core.errors import DataError

MAX_LATTICE_SOURCES: Final = 4
"""The lattice has 18 nodes for three sources, 166 for four and 7,579 for five."""


def against_the_rest(
    sources: Mapping[str, ArrayLike], target: ArrayLike, **options: Any
) -> dict[str, Estimate]:
    """Estimate what each source tells beyond all others together.

    Parameters
    ----------
    sources
        Vectors ``(n, d_i)`` by name, two or more.
    target
        ``(n,)`` classes.
    **options
        Passed on to `analysis.information.estimate.estimate`.

    Returns
    -------
    dict
        By source name; `first` is that source, `second` all others side by side.
    """
    arrays = _columns(sources)
    return {
        name: estimate(
            array,
            np.concatenate([other for key, other in arrays.items() if key != name], axis=1),
            target,
            **options,
        )
        for name, array in arrays.items()
    }


def pairs(
    sources: Mapping[str, ArrayLike], target: ArrayLike, **options: Any
) -> dict[tuple[str, str], Estimate]:
    """Estimate every pair of sources; the others are left out of account."""
    arrays = _columns(sources)
    return {
        (one, other): estimate(arrays[one], arrays[other], target, **options)
        for one, other in combinations(arrays, 2)
    }


def _columns(sources: Mapping[str, ArrayLike]) -> dict[str, FloatArray]:
    if len(sources) < 2:
        raise DataError(f"{len(sources)} source given; at least two are needed.")
    arrays = {name: np.asarray(source, dtype=float) for name, source in sources.items()}
    return {name: a[:, None] if a.ndim == 1 else a for name, a in arrays.items()}


def decompose_each_against_rest(table: FloatArray) -> list[Decomposition]:
    """Exact decomposition of a table ``(k1, ..., kM, Y)``, each source against all others."""
    num_sources = table.ndim - 1
    found = []
    for source in range(num_sources):
        lead = np.moveaxis(table, source, 0)
        found.append(decompose(lead.reshape(lead.shape[0], -1, lead.shape[-1])))
    return found


def lattice(table: FloatArray) -> pd.DataFrame:
    """All atoms of a table of up to four sources by dit's RDR, which is never negative.

    Parameters
    ----------
    table
        ``(k1, ..., kM, Y)`` probabilities.

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
    num_sources = table.ndim - 1
    if num_sources > MAX_LATTICE_SOURCES:
        raise DataError(
            f"{num_sources} sources have too large a lattice; at most {MAX_LATTICE_SOURCES} are "
            "shown. Use each against the rest."
        )
    from dit.pid import PID_RDR

    sources = [[index] for index in range(num_sources)]
    measure = PID_RDR(to_dit(table), sources, [num_sources])
    rows = [(_name(node), float(measure[node])) for node in measure._lattice]
    return pd.DataFrame(rows, columns=["node", "value"])


def _name(node: tuple[tuple[int, ...], ...]) -> str:
    return "".join("{" + ",".join(str(source) for source in group) + "}" for group in node)
