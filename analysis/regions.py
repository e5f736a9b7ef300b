"""A selection on a map as geometry: small however many points it holds, and readable in a link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
import pandas as pd

from analysis.maps import METHODS
from analysis.spaces import SCOPES, USERS
from analysis.user_plane import TRIANGLE
from prism_core.errors import ConfigError

Kind = Literal["box", "lasso"]
KINDS: Final[Mapping[str, Kind]] = {"b": "box", "l": "lasso"}
MAX_CORNERS: Final = 120
DECIMALS: Final = 3
FIELD: Final = "~"
NUMBER: Final = "_"


@dataclass(frozen=True, slots=True)
class Shape:
    """A box or lasso on the map of one space, in the map's coordinates.

    Attributes
    ----------
    x, y
        Corners of the lasso, or two opposite corners of the box.
    """

    space: str
    kind: Kind
    x: tuple[float, ...]
    y: tuple[float, ...]

    def holds(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Say for each point ``(N,)`` whether it lies inside."""
        inside = (x >= min(self.x)) & (x <= max(self.x)) & (y >= min(self.y)) & (y <= max(self.y))
        if self.kind == "lasso":
            near = np.flatnonzero(inside)
            inside[near] = _in_polygon(x[near], y[near], np.array(self.x), np.array(self.y))
        return inside


@dataclass(frozen=True, slots=True)
class Region:
    """Everything inside one or more shapes, drawn on the maps of one scope and method.

    The method ``triangle`` stands for the plane of :mod:`analysis.user_plane`.
    """

    scope: str
    method: str
    shapes: tuple[Shape, ...]

    def rows(self, read_map: Callable[[str], pd.DataFrame]) -> np.ndarray:
        """Give the rows inside any of the shapes, in order.

        Parameters
        ----------
        read_map
            From a space to its map (``row``, ``x``, ``y``).
        """
        found = [np.empty(0, dtype=np.int64)]
        for shape in self.shapes:
            plane = read_map(shape.space)
            inside = shape.holds(plane["x"].to_numpy(), plane["y"].to_numpy())
            found.append(plane["row"].to_numpy()[inside])
        return np.unique(np.concatenate(found)).astype(np.int64)

    def text(self) -> str:
        """Write it for an address; :meth:`parse` reads it back."""
        fields = [self.scope, self.method]
        for shape in self.shapes:
            pairs = zip(shape.x, shape.y, strict=True)
            numbers = NUMBER.join(f"{round(v, DECIMALS):g}" for pair in pairs for v in pair)
            fields += [shape.space, shape.kind[0], numbers]
        return FIELD.join(fields)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a region.

        Raises
        ------
        ConfigError
            The text is no region.
        """
        fields = text.split(FIELD)
        if len(fields) < 5 or len(fields) % 3 != 2:
            raise _wrong(text)
        scope, method, *rest = fields
        methods = (*METHODS, TRIANGLE) if scope == USERS else METHODS
        if scope not in SCOPES or method not in methods:
            raise _wrong(text)
        places = range(0, len(rest), 3)
        return cls(scope, method, tuple(_shape(rest[p : p + 3], text) for p in places))


def lasso(space: str, x: list[float], y: list[float]) -> Shape:
    """Make a lasso; very fine ones keep every n-th corner."""
    step = -(-len(x) // MAX_CORNERS) or 1
    return Shape(space, "lasso", tuple(x[::step]), tuple(y[::step]))


def box(space: str, x: list[float], y: list[float]) -> Shape:
    """Make a box from two opposite corners."""
    return Shape(space, "box", tuple(x), tuple(y))


def _shape(fields: list[str], text: str) -> Shape:
    space, kind, numbers = fields
    try:
        values = [float(number) for number in numbers.split(NUMBER)]
    except ValueError:
        raise _wrong(text) from None
    corners = len(values) // 2
    fits = corners == 2 if kind == "b" else 3 <= corners <= MAX_CORNERS
    if kind not in KINDS or len(values) % 2 or not fits or not np.isfinite(values).all():
        raise _wrong(text)
    return Shape(space, KINDS[kind], tuple(values[::2]), tuple(values[1::2]))


def _wrong(text: str) -> ConfigError:
    return ConfigError(
        f"marked={text[:40]!r}: this is no selection on a map; open the map and mark points again."
    )


def _in_polygon(x: np.ndarray, y: np.ndarray, px: np.ndarray, py: np.ndarray) -> np.ndarray:
    """Cast a ray from every point and count the edges it crosses (even-odd rule)."""
    inside = np.zeros(len(x), dtype=bool)
    for x0, y0, x1, y1 in zip(px, py, np.roll(px, -1), np.roll(py, -1), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
