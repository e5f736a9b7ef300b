"""Colouring many points by a column: few codes and one scale instead of one colour string each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analysis.plots.text import short
from analysis.plots.theme import (
    CATEGORY_COLORS,
    MUTED,
    PART_COLORS,
    SEQUENTIAL,
    color_of,
    even_scale,
    label_of,
    marker_of,
)

MAX_CATEGORIES: Final = len(CATEGORY_COLORS)
OTHER: Final = "other"
CATEGORY_MARKERS: Final = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "x",
    "triangle-down",
    "pentagon",
    "star",
    "hexagon",
)


@dataclass(frozen=True, slots=True)
class Coloring:
    """Colours of points by a column.

    Attributes
    ----------
    codes
        ``(N,)`` int8 category codes, or float32 numbers.
    colorscale
        Scale for ``codes``.
    categories
        ``(name, colour, symbol)`` of each code, empty for numbers.
    """

    codes: np.ndarray
    colorscale: list[list[float | str]]
    categories: tuple[tuple[str, str, str], ...]

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the scale."""
        if self.categories:
            return -0.5, len(self.categories) - 0.5
        known = self.codes[np.isfinite(self.codes)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)

    @property
    def is_known(self) -> np.ndarray:
        """``(N,)``: whether a point has a value."""
        return np.isfinite(self.codes)

    @property
    def symbols(self) -> list[str] | str:
        """One symbol for each point; a single one for numbers."""
        if not self.categories:
            return "circle"
        return np.array([symbol for _, _, symbol in self.categories])[self.codes].tolist()


def coloring_of(values: pd.Series, *, dark: bool = False) -> Coloring:
    """Colour points by a column: numbers on a scale, names by colour and symbol.

    The ten most frequent names are kept (nine and "other" where there are more).
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return Coloring(
            values.to_numpy(dtype=np.float32, na_value=np.nan), even_scale(SEQUENTIAL), ()
        )
    names = values.astype("string").fillna(OTHER)
    kept = _kept(names)
    shown = names.where(names.isin(kept), OTHER)
    styles = tuple(_style(name, place, dark) for place, name in enumerate(kept))
    codes = pd.Categorical(shown, kept).codes.astype(np.int8)
    return Coloring(codes, _steps([color for _, color, _ in styles]), styles)


def _kept(names: pd.Series) -> list[str]:
    found = names.value_counts().index.to_list()
    if set(found) <= set(PART_COLORS):
        return [part for part in PART_COLORS if part in found]
    if len(found) <= MAX_CATEGORIES:
        return sorted(found, key=lambda name: name == OTHER)
    return [*[name for name in found if name != OTHER][: MAX_CATEGORIES - 1], OTHER]


def _style(name: str, place: int, dark: bool) -> tuple[str, str, str]:
    if name in PART_COLORS:
        return label_of(name), color_of(name), marker_of(name)
    if name == OTHER:
        return "Other", MUTED[dark], "circle"
    place %= MAX_CATEGORIES
    return short(name, width=24), CATEGORY_COLORS[place], CATEGORY_MARKERS[place]


def _steps(colors: list[str]) -> list[list[float | str]]:
    """Stepped colour scale: each code has one flat colour."""
    count = len(colors)
    edges = [(place / count, (place + 1) / count) for place in range(count)]
    return [[end, color] for ends, color in zip(edges, colors, strict=True) for end in ends]
