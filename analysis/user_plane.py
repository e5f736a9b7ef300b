"""The plane of users between image alone, text alone and both together."""

from typing import Final

import numpy as np
import pandas as pd

from prism_core.errors import DataError
from prism_core.names import REDUNDANCY, SYNERGY

TRIANGLE: Final = "triangle"
"""Name of this plane in a selection, as its method and as its space."""

_ALONE: Final = "share_unique_"


def corners_of(population: pd.DataFrame) -> list[str]:
    """Name the modalities whose own parts stand at the lower corners, left to right."""
    return [name.removeprefix(_ALONE) for name in population.columns if name.startswith(_ALONE)]


def triangle_plane(population: pd.DataFrame) -> pd.DataFrame:
    """Place every user by the shares of the parts.

    The three coordinates of a user are the shares of the two unique parts, and of synergy and
    redundancy together; corners are (0, 0), (1, 0) and (.5, .87).

    Parameters
    ----------
    population
        One row per user, ``share_<part>``, as of
        :func:`analysis.explanations.population_contributions`.

    Returns
    -------
    pandas.DataFrame
        ``row`` (the label of the user's row), ``x``, ``y``.

    Raises
    ------
    DataError
        There are not exactly two modalities.
    """
    corners = corners_of(population)
    if len(corners) != 2:
        raise DataError("The triangle needs exactly two modalities.")
    joint = population[f"share_{SYNERGY}"] + population[f"share_{REDUNDANCY}"]
    return pd.DataFrame(
        {
            "row": population.index.astype(np.int32),
            "x": population[f"{_ALONE}{corners[1]}"] + 0.5 * joint,
            "y": joint * np.sqrt(3) / 2,
        },
        index=population.index,
    )
