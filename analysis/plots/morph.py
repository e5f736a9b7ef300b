"""Aligned maps of the same points under several runs, with a slider that moves between them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.coloring import coloring_of
from analysis.plots.text import short
from analysis.plots.theme import MUTED, empty_figure, new_figure

SMOOTH = 5_000
"""Up to this many points move smoothly; more jump."""

STEP_MS = 700


def morphing_map(
    *,
    planes: Mapping[str, pd.DataFrame],
    points: pd.DataFrame,
    color: str = "category",
    dark: bool = False,
) -> go.Figure:
    """Draw aligned maps one after the other under a slider.

    Parameters
    ----------
    planes
        Run name to ``row``, ``x``, ``y``, aligned to each other; all have the same rows.
    points
        One row per point: ``title`` or another name, and the colour column.
    color
        Column to colour by.
    dark
        Whether the page is dark.

    Notes
    -----
    Motion on a map is no evidence of change; rank changes by neighbourhood overlap instead.
    """
    if not planes:
        return empty_figure("These runs have no aligned map yet.", dark=dark)
    first, *_ = planes.values()
    coloring = coloring_of(points[color], dark=dark)
    low, high = coloring.limits
    rows = first["row"].to_numpy()
    symbols = coloring.symbols
    marker = {
        "color": coloring.codes[rows],
        "colorscale": coloring.colorscale,
        "cmin": low,
        "cmax": high,
        "size": 6,
        "opacity": 0.85,
        "symbol": np.array(symbols)[rows] if isinstance(symbols, list) else symbols,
    }
    kind = go.Scatter if len(rows) <= SMOOTH else go.Scattergl
    names = points.get("title", pd.Series(points.index)).astype(str).map(short).to_numpy()
    figure = new_figure(dark=dark, height=640, uirevision="map", showlegend=False)
    figure.add_trace(
        kind(
            x=first["x"],
            y=first["y"],
            mode="markers",
            marker=marker,
            customdata=rows,
            text=names[rows],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.frames = [
        go.Frame(name=name, data=[kind(x=plane["x"], y=plane["y"])], traces=[0])
        for name, plane in planes.items()
    ]
    _fix_axes(figure, planes)
    figure.update_layout(sliders=[_slider(list(planes), dark)])
    return figure


def _fix_axes(figure: go.Figure, planes: Mapping[str, pd.DataFrame]) -> None:
    """Keep one range for all frames, so that motion is motion of points only."""
    for axis, update in (("x", figure.update_xaxes), ("y", figure.update_yaxes)):
        values = np.concatenate([plane[axis].to_numpy() for plane in planes.values()])
        room = 0.05 * (np.ptp(values) or 1.0)
        span = [float(values.min() - room), float(values.max() + room)]
        update(range=span, showgrid=False, zeroline=False, showticklabels=False)


def _slider(names: list[str], dark: bool) -> dict[str, object]:
    motion = {
        "mode": "immediate",
        "frame": {"duration": STEP_MS, "redraw": False},
        "transition": {"duration": STEP_MS, "easing": "cubic-in-out"},
    }
    steps = [
        {"label": short(name, width=24), "method": "animate", "args": [[name], motion]}
        for name in names
    ]
    return {
        "steps": steps,
        "x": 0,
        "len": 1,
        "pad": {"t": 10},
        "bordercolor": MUTED[dark],
        "currentvalue": {"prefix": "Run: "},
    }
