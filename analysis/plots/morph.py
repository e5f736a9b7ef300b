"""Aligned maps of the same points under several runs, with a slider that moves between them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.map_points import column_label
from analysis.plots.coloring import coloring_of
from analysis.plots.maps import DETAILED, add_key, hover_texts
from analysis.plots.text import short
from analysis.plots.theme import INK, MUTED, empty_figure, new_figure

SMOOTH = 5_000
"""Up to this many points move smoothly; more jump."""

STEP_MS = 700


def morphing_map(
    *,
    planes: Mapping[str, pd.DataFrame],
    points: pd.DataFrame,
    color: str = "category",
    highlighted: Sequence[int] = (),
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
    highlighted
        Rows to ring, such as those that moved most; the rings move along.
    dark
        Whether the page is dark.

    Notes
    -----
    Motion on a map is no evidence of change; rank changes by neighbourhood overlap instead.
    """
    if not planes:
        return empty_figure("These runs have no aligned map yet.", dark=dark)
    first, *_ = planes.values()
    kind = go.Scatter if len(first) <= SMOOTH else go.Scattergl
    figure = new_figure(dark=dark, height=660, uirevision="morph", hovermode="closest")
    figure.add_trace(_points(kind, first, points, color, dark))
    ring = {"symbol": "circle-open", "size": 15, "color": INK[dark], "line": {"width": 2}}
    figure.add_trace(
        kind(**_rings(first, highlighted), mode="markers", marker=ring, hoverinfo="skip",
             showlegend=False)
    )  # fmt: skip
    figure.frames = [
        go.Frame(
            name=name,
            data=[kind(x=plane["x"], y=plane["y"]), kind(**_rings(plane, highlighted))],
            traces=[0, 1],
        )
        for name, plane in planes.items()
    ]
    add_key(figure, coloring_of(points[color], dark=dark), column_label(color))
    _fix_axes(figure, planes)
    figure.update_layout(sliders=[_slider(list(planes), dark)])
    figure.update_layout(legend={"y": 1.0, "itemclick": False, "itemdoubleclick": False})
    return figure


def _points(
    kind: type[go.Scatter] | type[go.Scattergl],
    plane: pd.DataFrame,
    points: pd.DataFrame,
    color: str,
    dark: bool,
) -> go.Scatter | go.Scattergl:
    coloring, rows = coloring_of(points[color], dark=dark), plane["row"].to_numpy()
    low, high = coloring.limits
    symbols = coloring.symbols if len(rows) <= DETAILED else "circle"
    hover = hover_texts(points)
    return kind(
        x=plane["x"],
        y=plane["y"],
        mode="markers",
        marker={
            "color": coloring.codes[rows],
            "colorscale": coloring.colorscale,
            "cmin": low,
            "cmax": high,
            "coloraxis": None if coloring.categories else "coloraxis",
            "size": 6,
            "opacity": 0.85,
            "symbol": np.array(symbols)[rows] if isinstance(symbols, list) else symbols,
        },
        customdata=rows,
        text=None if hover is None else hover[rows],
        hovertemplate=None if hover is None else "%{text}<extra></extra>",
        showlegend=False,
    )


def _rings(plane: pd.DataFrame, rows: Sequence[int]) -> dict[str, np.ndarray]:
    ringed = plane[plane["row"].isin(rows)]
    return {"x": ringed["x"].to_numpy(), "y": ringed["y"].to_numpy()}


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
        "x": 0.08,
        "len": 0.84,
        "pad": {"t": 10},
        "bordercolor": MUTED[dark],
        "currentvalue": {"prefix": "Run: "},
    }
