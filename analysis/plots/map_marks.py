"""What is marked on maps that are drawn already, as parts of plotly's layout."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.plots.theme import INK
from analysis.regions import Shape

Rows = Sequence[int] | np.ndarray


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


def _axes(spaces: Sequence[str], space: str) -> dict[str, str]:
    number = list(spaces).index(space) + 1
    suffix = "" if number == 1 else str(number)
    return {"xref": f"x{suffix}", "yref": f"y{suffix}"}
