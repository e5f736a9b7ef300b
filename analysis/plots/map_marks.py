"""What is marked on maps that are drawn already, as parts of plotly's layout."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.plots.theme import INK
from analysis.regions import Shape

Rows = Sequence[int] | np.ndarray

CROSS: Final = "M-5,-5L5,5M-5,5L5,-5"
"""Path of a cross around the origin, in pixels."""


def outlines(spaces: Sequence[str], shapes: Sequence[Shape], *, dark: bool) -> list[dict[str, Any]]:
    """Give the selection's boxes and lassos, each in the panel it was drawn in, for the layout."""
    found = []
    for shape in (one for one in shapes if one.space in spaces):
        corners = list(zip(shape.x, shape.y, strict=True))
        if shape.kind == "box":
            (x0, y0), (x1, y1) = corners
            outline = {"type": "rect", "x0": x0, "y0": y0, "x1": x1, "y1": y1}
        else:
            outline = {"type": "path", "path": "M" + "L".join(f"{x},{y}" for x, y in corners) + "Z"}
        line = {"color": INK[dark], "width": 1.5, "dash": "dot"}
        found.append({**_axes(spaces, shape.space), "line": line, **outline})
    return found


def pointers(
    *,
    maps: Mapping[str, pd.DataFrame],
    chosen: int | None,
    near: Mapping[str, Rows],
    dark: bool = False,
) -> list[dict[str, Any]]:
    """Give the star of the chosen point and the crosses of its neighbours, for the layout.

    :func:`analysis.plots.maps.linked_maps` draws them as points; these are for a figure that is
    there already.

    Parameters
    ----------
    maps
        Space name to ``row``, ``x``, ``y``, in the order of the panels.
    chosen
        The row that gets a star.
    near
        By space, the rows that get a cross there.
    dark
        Whether the page is dark.
    """
    found = []
    for space, frame in maps.items():
        marked = [(CROSS, row) for row in near.get(space, ())]
        marked += [] if chosen is None else [(star_path(), chosen)]
        places = frame.set_index("row").loc[[row for _, row in marked], ["x", "y"]].to_numpy(float)
        for (path, _), (x, y) in zip(marked, places, strict=True):
            found.append(
                {
                    **_axes(list(maps), space), "type": "path", "path": path,
                    "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x, "yanchor": y,
                    "line": {"color": INK[dark], "width": 2},
                }
            )  # fmt: skip
    return found


def _axes(spaces: Sequence[str], space: str) -> dict[str, str]:
    number = list(spaces).index(space) + 1
    suffix = "" if number == 1 else str(number)
    return {"xref": f"x{suffix}", "yref": f"y{suffix}"}


def star_path(outer: float = 10.0) -> str:
    """Write the path of a star around the origin, in pixels."""
    angles = np.pi / 2 + np.arange(10) * np.pi / 5
    lengths = np.where(np.arange(10) % 2, 0.4 * outer, outer)
    corners = zip(lengths * np.cos(angles), lengths * np.sin(angles), strict=True)
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in corners) + "Z"
