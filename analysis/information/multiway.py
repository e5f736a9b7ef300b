"""More than two modalities: each against the rest, and every pair.

The full lattice is in `analysis.information.lattice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.information.decomposition import Decomposition, decompose
from analysis.information.estimate import estimate
from analysis.information.result import Estimate
from analysis.information.table import FloatArray
from prism_core.errors import DataError


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
