"""How the parts differ: spread, length, reaction to a withheld modality, likeness to each other.

Measured on item vectors with numpy alone: after every epoch of a training, and on stored runs.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prism_core.errors import DataError

Array = NDArray[np.floating]

MAX_ITEMS: Final = 4096
"""Items, evenly spaced over the catalogue, that are measured after an epoch."""


class PartMeasure(NamedTuple):
    """One number about one part.

    Attributes
    ----------
    quantity
        ``spread``, ``norm``, ``sensitivity``, ``cka`` or ``explains``.
    other
        The withheld modality, the other part, or the modality that is explained; empty where the
        number is about the part alone.
    """

    part: str
    quantity: str
    other: str
    value: float


def measure_parts(
    vectors: Mapping[str, Array], without: Mapping[str, Mapping[str, Array]]
) -> list[PartMeasure]:
    """Measure all parts.

    Parameters
    ----------
    vectors
        ``(n, d)`` item vectors of each part.
    without
        By modality, then part: the same with that modality withheld.

    Raises
    ------
    DataError
        When the parts' arrays differ in rows.
    """
    if len({len(array) for array in vectors.values()}) != 1:
        raise DataError("The parts' vectors have different numbers of rows.")
    found = []
    for part, array in vectors.items():
        found.append(PartMeasure(part, "spread", "", spread(array)))
        found.append(PartMeasure(part, "norm", "", norm(array)))
        for modality, changed in without.items():
            moved = sensitivity(array, changed[part])
            found.append(PartMeasure(part, "sensitivity", modality, moved))
    for one, other in combinations(vectors, 2):
        value = linear_cka(vectors[one], vectors[other])
        found += [PartMeasure(one, "cka", other, value), PartMeasure(other, "cka", one, value)]
    return found


def spread(vectors: Array) -> float:
    """Root mean square distance of item vectors ``(n, d)`` from their mean."""
    centred = vectors - vectors.mean(0)
    return float(np.sqrt((centred**2).sum(1).mean()))


def norm(vectors: Array) -> float:
    """Root mean square length of item vectors ``(n, d)``."""
    return float(np.sqrt((vectors**2).sum(1).mean()))


def sensitivity(vectors: Array, without: Array) -> float:
    """How far items move when a modality is withheld, in spreads of the part.

    Parameters
    ----------
    vectors, without
        ``(n, d)`` a part's item vectors with all modalities, and with one withheld.
    """
    moved = float(np.sqrt(((vectors - without) ** 2).sum(1).mean()))
    return moved / max(spread(vectors), 1e-12)


def linear_cka(one: Array, other: Array) -> float:
    """Linear centred kernel alignment of ``(n, d1)`` and ``(n, d2)`` vectors, 0 to 1.

    Kornblith et al. 2019, arXiv:1905.00414. 0 where one of them is constant.
    """
    left, right = one - one.mean(0), other - other.mean(0)
    cross = np.linalg.norm(left.T @ right) ** 2
    own = np.linalg.norm(left.T @ left) * np.linalg.norm(right.T @ right)
    return float(cross / own) if own > 0 else 0.0
