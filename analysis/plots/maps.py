"""Maps of items or users: one figure, one selection, any number of linked panels."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.coloring import Coloring, coloring_of
from analysis.plots.text import short
from analysis.plots.theme import (
    CATEGORY_COLORS,
    INK,
    color_bar,
    empty_figure,
    label_of,
    template_name,
)

UIREVISION = "map"
DETAILED = 30_000
"""Above this many points hover shows the title alone."""


def linked_maps(
    *,
    maps: Mapping[str, pd.DataFrame],
    points: pd.DataFrame,
    color: str = "category",
    selected: Sequence[int] | None = None,
    highlighted: Sequence[int] = (),
    dark: bool = False,
) -> go.Figure:
    """Draw one panel per space over the same points; a selection shows in all of them.

    Parameters
    ----------
    maps
        Space name to ``row``, ``x``, ``y``; rows refer to ``points``.
    points
        One row per point, in row order: ``title`` and whatever is used as colour; ``year``,
        ``categories`` and ``item_id`` or ``user_id`` are shown on hover where present.
    color
        Column to colour by: names or numbers.
    selected
        Rows to show as selected, the others fade; None selects all.
    highlighted
        Rows to ring, such as search hits.
    dark
        Whether the page is dark.

    Notes
    -----
    Points are drawn with WebGL from 32-bit coordinates and 8-bit codes; the custom data of a point
    is its row. ``uirevision`` is constant, so zoom and pan survive recolouring.
    """
    if not maps or points.empty:
        return empty_figure("This map has not been computed yet.", dark=dark)
    columns = 1 if len(maps) == 1 else 2
    lines = -(-len(maps) // columns)
    figure = make_subplots(
        rows=lines,
        cols=columns,
        subplot_titles=[label_of(space) for space in maps] if columns > 1 else None,
        horizontal_spacing=0.03,
        vertical_spacing=0.07,
    )
    coloring = coloring_of(points[color], dark=dark)
    hover = _hover_texts(points)
    for place, frame in enumerate(maps.values()):
        position = {"row": place // columns + 1, "col": place % columns + 1}
        figure.add_trace(_points(frame, coloring, hover, selected), **position)
        if len(highlighted):
            figure.add_trace(_rings(frame, highlighted, dark), **position)
    _add_key(figure, coloring, color)
    height = 620 if columns == 1 else 60 + 340 * lines
    return _finished(figure, height, dark)


def neighbour_overlap(
    *, movers: pd.DataFrame, titles: pd.Series, count: int = 20, dark: bool = False
) -> go.Figure:
    """Draw the items whose neighbourhood changed most, least overlap on top.

    Parameters
    ----------
    movers
        ``row``, ``overlap``.
    titles
        Titles by row.
    count
        How many to draw.
    dark
        Whether the page is dark.
    """
    rows = movers.head(count)
    labels = [
        f"{place}  {short(titles.iloc[row])}" for place, row in enumerate(rows["row"], start=1)
    ]
    figure = go.Figure(
        go.Scatter(
            x=rows["overlap"],
            y=labels,
            mode="markers",
            marker={"color": CATEGORY_COLORS[0], "size": 9},
            hovertemplate="overlap %{x:.2f}<extra>%{y}</extra>",
        )
    )
    figure.update_layout(template=template_name(dark), height=90 + 24 * len(rows))
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title="Overlap of the nearest neighbours (Jaccard)", range=[-0.02, 1])
    return figure


def _points(
    frame: pd.DataFrame, coloring: Coloring, hover: np.ndarray, selected: Sequence[int] | None
) -> go.Scattergl:
    rows = frame["row"].to_numpy()
    low, high = coloring.limits
    symbols = coloring.symbols
    trace = go.Scattergl(
        x=frame["x"].to_numpy(dtype=np.float32),
        y=frame["y"].to_numpy(dtype=np.float32),
        mode="markers",
        marker={
            "color": coloring.codes[rows],
            "colorscale": coloring.colorscale,
            "cmin": low,
            "cmax": high,
            "coloraxis": None if coloring.categories else "coloraxis",
            "size": _point_size(len(rows)),
            "symbol": np.array(symbols)[rows] if isinstance(symbols, list) else symbols,
            "opacity": 0.85,
        },
        customdata=rows.astype(np.int32),
        text=hover[rows],
        hovertemplate="%{text}<extra></extra>",
        unselected={"marker": {"opacity": 0.08}},
        showlegend=False,
    )
    if selected is not None:
        trace.selectedpoints = np.flatnonzero(np.isin(rows, selected))
    return trace


def _rings(frame: pd.DataFrame, highlighted: Sequence[int], dark: bool) -> go.Scattergl:
    hits = frame[frame["row"].isin(highlighted)]
    return go.Scattergl(
        x=hits["x"],
        y=hits["y"],
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": INK[dark], "line": {"width": 2}},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_key(figure: go.Figure, coloring: Coloring, column: str) -> None:
    """Add a legend of the categories, or a colour bar for numbers."""
    title = column.replace("_", " ").capitalize()
    if not coloring.categories:
        low, high = coloring.limits
        axis = {"colorscale": coloring.colorscale, "cmin": low, "cmax": high}
        figure.update_layout(coloraxis=axis | {"colorbar": color_bar(title)})
        return
    for name, shade, symbol in coloring.categories:
        figure.add_scatter(
            name=name,
            x=[None],
            y=[None],
            mode="markers",
            marker={"color": shade, "symbol": symbol, "size": 9},
        )


def _hover_texts(points: pd.DataFrame) -> np.ndarray:
    key = next((c for c in ("title", "user_id", "item_id") if c in points.columns), None)
    names = points[key] if key else pd.Series(points.index)
    texts = names.astype(str).map(lambda name: short(name, width=60))
    if key == "user_id":
        texts = "User " + texts
    if len(points) > DETAILED:
        return texts.to_numpy(dtype=str)
    if "year" in points.columns:
        texts = texts + points["year"].map(lambda y: "" if pd.isna(y) else f" ({int(y)})")
    if "categories" in points.columns:
        texts = texts + points["categories"].map(lambda c: "<br>" + short(", ".join(c), width=60))
    return texts.to_numpy(dtype=str)


def _point_size(count: int) -> float:
    """Smaller points for more of them, from 8 px down to 2 px."""
    return float(np.clip(26 / max(count, 1) ** 0.2 - 0.5, 2.0, 8.0))


def _finished(figure: go.Figure, height: int, dark: bool) -> go.Figure:
    figure.update_layout(
        template=template_name(dark),
        height=height,
        uirevision=UIREVISION,
        dragmode="lasso",
        hovermode="closest",
        legend={"itemclick": False, "itemdoubleclick": False, "y": -0.02, "yanchor": "top"},
        margin={"t": 34},
    )
    figure.update_xaxes(showgrid=False, zeroline=False, showticklabels=False, title=None)
    figure.update_yaxes(showgrid=False, zeroline=False, showticklabels=False, title=None)
    return figure
