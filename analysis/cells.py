"""Cells of heat maps as vectors: a browser draws them as a picture of a pixel a cell."""

import re
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from analysis.palettes import as_dict
from analysis.plots.theme import ink_on
from analysis.signs import true_minus

SEAM: Final = 0.5
"""Width in px of the line that closes the seam between cells without a gap."""

_VALUE: Final = re.compile(r"%\{z(?::([^}]*))?\}")


def with_vector_cells(figure: go.Figure) -> go.Figure:
    """Copy a figure with every heat map of named rows and columns as rectangles and texts.

    Colours, texts, colour bar and the order of rows and columns stay; nothing is shown on hovering.
    """
    if not any(trace.type == "heatmap" for trace in figure.data):
        return figure
    drawn = go.Figure({"data": [], "layout": as_dict(figure)["layout"]})
    shapes = list(drawn.layout.shapes)
    for trace in figure.data:
        if trace.type != "heatmap":
            drawn.add_trace(trace)
            continue
        fills = _fills(trace)
        drawn.add_trace(_texts(trace, fills))
        shapes += _rectangles(trace, fills)
        _fix_range(drawn, figure, "xaxis", trace.xaxis, fills.shape[1])
        _fix_range(drawn, figure, "yaxis", trace.yaxis, fills.shape[0])
    drawn.layout.shapes = shapes
    return drawn


def _limits(trace: go.Heatmap) -> tuple[float, float]:
    """Values at the two ends of the colour scale."""
    values = np.asarray(trace.z, dtype=np.float64)
    known = values[np.isfinite(values)]
    low = min(known, default=0.0) if trace.zmin is None else trace.zmin
    return low, max(known, default=1.0) if trace.zmax is None else trace.zmax


def _fills(trace: go.Heatmap) -> NDArray[np.object_]:
    """Colours ``rgb(...)`` of the cells, ``(rows, columns)``; empty where there is no value."""
    values = np.asarray(trace.z, dtype=np.float64)
    known, (low, high) = np.isfinite(values), _limits(trace)
    filled = np.full(values.shape, "", dtype=object)
    places = np.clip((values[known] - low) / ((high - low) or 1), 0, 1)
    scale = [list(stop) for stop in trace.colorscale]
    filled[known] = sample_colorscale(scale, places.tolist())
    return filled


def _texts(trace: go.Heatmap, fills: NDArray[np.object_]) -> go.Scatter:
    """Give the texts of all cells, row by row, and the colour bar."""
    rows, columns = np.indices(fills.shape).reshape(2, -1)
    has_levels = not isinstance(trace.y[0], str)
    labels = [np.asarray(level)[rows] for level in (trace.y if has_levels else [trace.y])]
    inks = [trace.textfont.color or (ink_on(fill) if fill else "#000000") for fill in fills.ravel()]
    return go.Scatter(
        x=np.asarray(trace.x)[columns],
        y=labels if has_levels else labels[0],
        xaxis=trace.xaxis,
        yaxis=trace.yaxis,
        mode="text" if trace.showscale is False else "markers+text",
        text=[_word(trace, row, column) for row, column in zip(rows, columns, strict=True)],
        textfont=trace.textfont.to_plotly_json() | {"color": inks},
        marker=_color_bar(trace),
        hoverinfo="skip",
        showlegend=False,
    )


def _word(trace: go.Heatmap, row: int, column: int) -> str:
    value = trace.z[row][column]
    if not trace.texttemplate or not np.isfinite(value):
        return ""
    own = "" if trace.text is None else str(trace.text[row][column])
    filled = trace.texttemplate.replace("%{text}", own)
    return _VALUE.sub(lambda match: true_minus(format(value, match[1] or "")), filled)


def _color_bar(trace: go.Heatmap) -> dict[str, Any]:
    """Give unseen markers that bring the colour bar along."""
    if trace.showscale is False:
        return {}
    low, high = _limits(trace)
    values = np.nan_to_num(np.asarray(trace.z, dtype=np.float64).ravel(), nan=low)
    scale = {"colorscale": trace.colorscale, "cmin": low, "cmax": high}
    return scale | {
        "color": values,
        "opacity": 0,
        "showscale": True,
        "colorbar": trace.colorbar.to_plotly_json(),
    }


def _rectangles(trace: go.Heatmap, fills: NDArray[np.object_]) -> list[dict[str, Any]]:
    gap = trace.xgap or 0
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": trace.xaxis or "x",
            "yref": trace.yaxis or "y",
            "x0": column - 0.5,
            "x1": column + 0.5,
            "y0": row - 0.5,
            "y1": row + 0.5,
            "fillcolor": fill,
            "line": {"color": "white" if gap else fill, "width": gap or SEAM},
        }
        for (row, column), fill in np.ndenumerate(fills)
        if fill
    ]


def _fix_range(
    drawn: go.Figure, figure: go.Figure, kind: str, name: str | None, count: int
) -> None:
    """Let an axis end where the cells end, in the direction that it has in the figure."""
    axis, ends = kind + (name or "")[1:], (-0.5, count - 0.5)
    is_reversed = figure.layout[axis].autorange == "reversed"
    drawn.layout[axis].update(range=ends[::-1] if is_reversed else ends, autorange=False)
