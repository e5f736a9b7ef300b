"""Maps of items or users: one figure, one selection, any number of linked panels."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.map_points import column_label
from analysis.plots.coloring import Coloring, coloring_of
from analysis.plots.map_marks import Rows, outlines
from analysis.plots.text import short
from analysis.plots.theme import (
    CATEGORY_COLORS,
    INK,
    MUTED,
    color_bar,
    empty_figure,
    label_of,
    template_name,
)
from analysis.regions import Shape
from analysis.signs import rounded

UIREVISION = "map"
DETAILED = 30_000
"""Above this many points a figure carries no text per point and one marker for all."""

SILHOUETTE: Final = "silhouette_"

SPACE_LABELS: Final[Mapping[str, str]] = {
    "state": "User state",
    "weights": "Fusion weights",
    "fused": "Fused vector",
}


def linked_maps(
    *,
    maps: Mapping[str, pd.DataFrame],
    points: pd.DataFrame,
    color: str = "category",
    selected: Rows | None = None,
    shapes: Sequence[Shape] = (),
    highlighted: Rows = (),
    chosen: int | None = None,
    near: Mapping[str, Rows] | None = None,
    quality: Mapping[str, Mapping[str, float]] | None = None,
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
    shapes
        Outlines of the selection, each drawn in the panel of its space.
    highlighted
        Rows to ring, such as search hits.
    chosen
        A row to mark with a star.
    near
        By space, the rows nearest to the chosen one there; marked by crosses.
    quality
        By space, ``trustworthiness``, ``neighbourhood_preservation`` and ``silhouette_<column>``,
        written beside the title; of the silhouettes that of :func:`grouping_of`.
    dark
        Whether the page is dark.

    Notes
    -----
    Points are drawn with WebGL from 32-bit coordinates and 8-bit codes; the place of a point in its
    trace, or its custom data where there is any, is its row. ``uirevision`` is constant, so zoom
    and pan survive recolouring.
    """
    if not maps or points.empty:
        return empty_figure("This map has not been computed yet.", dark=dark)
    columns = 1 if len(maps) == 1 else 2
    lines = -(-len(maps) // columns)
    figure = make_subplots(
        rows=lines,
        cols=columns,
        subplot_titles=[_panel_title(space, (quality or {}).get(space), color) for space in maps],
        horizontal_spacing=0.03,
        vertical_spacing=0.09 if lines < 3 else 0.06,
    )
    coloring = coloring_of(points[color], dark=dark)
    hover = hover_texts(points)
    chosen_rows = None if selected is None else np.asarray(selected, dtype=np.int64)
    for place, (space, frame) in enumerate(maps.items()):
        position = {"row": place // columns + 1, "col": place % columns + 1}
        for trace in _layers(frame, coloring, hover, chosen_rows, dark):
            figure.add_trace(trace, **position)
        for trace in _marks(frame, highlighted, (near or {}).get(space, ()), chosen, dark):
            figure.add_trace(trace, **position)
    add_key(figure, coloring, column_label(color))
    figure.update_layout(selections=outlines(list(maps), shapes, dark=dark))
    height = 660 if columns == 1 else 90 + 350 * lines
    return _finished(figure, height, dark, _revision(selected))


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


def space_label(space: str) -> str:
    """Give the reader's name of a space: a part's own, "Fused vector", "Raw image"."""
    return SPACE_LABELS.get(space, label_of(space))


def grouping_of(quality: Mapping[str, float], color: str) -> str:
    """Name the groups whose silhouette stands beside a map: the colours, else the top parts.

    Where neither was judged, the first grouping that was; empty for none.
    """
    known = [name.removeprefix(SILHOUETTE) for name in quality if name.startswith(SILHOUETTE)]
    return next((name for name in (color, "top_part", *known) if name in known), "")


def silhouette_text(quality: Mapping[str, float], color: str) -> str:
    """Write the silhouette of the groups that `grouping_of` names, nothing where it is unknown."""
    separation = quality.get(f"{SILHOUETTE}{grouping_of(quality, color)}", np.nan)
    if not np.isfinite(separation):
        return ""
    return rounded(separation, 2)


def hover_texts(points: pd.DataFrame) -> np.ndarray | None:
    """Say what each point is: title or user, year, categories; None for very many points."""
    if len(points) > DETAILED:
        return None
    key = next((c for c in ("title", "user_id", "item_id") if c in points.columns), None)
    names = points[key] if key else pd.Series(points.index)
    texts = names.astype(str).map(lambda name: short(name, width=60))
    if key == "user_id":
        texts = "User " + texts
    if "year" in points.columns:
        texts = texts + points["year"].map(lambda y: "" if pd.isna(y) else f" ({int(y)})")
    if "categories" in points.columns:
        texts = texts + points["categories"].map(lambda c: "<br>" + short(", ".join(c), width=60))
    return texts.to_numpy(dtype=str)


def _panel_title(space: str, quality: Mapping[str, float] | None, color: str) -> str:
    if not quality:
        return space_label(space)
    trust, kept = (quality[k] for k in ("trustworthiness", "neighbourhood_preservation"))
    said = f"trust {trust:.2f}, kept {kept:.2f}"
    if separation := silhouette_text(quality, color):
        said += f", silhouette {separation}"
    return f"{space_label(space)}  <span style='font-size:11px'>{said}</span>"


def _layers(
    frame: pd.DataFrame,
    coloring: Coloring,
    hover: np.ndarray | None,
    selected: np.ndarray | None,
    dark: bool,
) -> Iterator[go.Scattergl]:
    """Give the points of one panel; those without a value lie below the others, in grey."""
    rows = frame["row"].to_numpy()
    known = coloring.is_known[rows]
    if not known.all():
        grey = {"color": MUTED[dark], "opacity": 0.35}
        yield _points(frame[~known], hover, selected, len(rows), grey)
    low, high = coloring.limits
    symbols = coloring.symbols if len(rows) <= DETAILED else "circle"
    marker = {
        "color": coloring.codes[rows][known],
        "colorscale": coloring.colorscale,
        "cmin": low,
        "cmax": high,
        "coloraxis": None if coloring.categories else "coloraxis",
        "symbol": np.array(symbols)[rows][known] if isinstance(symbols, list) else symbols,
        "opacity": 0.85,
    }
    if known.any():
        yield _points(frame[known], hover, selected, len(rows), marker)


def _points(
    frame: pd.DataFrame,
    hover: np.ndarray | None,
    selected: np.ndarray | None,
    count: int,
    marker: Mapping[str, object],
) -> go.Scattergl:
    rows = frame["row"].to_numpy()
    in_order = len(rows) == count and bool((rows == np.arange(count)).all())
    trace = go.Scattergl(
        x=frame["x"].to_numpy(dtype=np.float32),
        y=frame["y"].to_numpy(dtype=np.float32),
        mode="markers",
        marker={"size": _point_size(count), **marker},
        customdata=None if in_order else rows.astype(np.int32),
        text=None if hover is None else hover[rows],
        hovertemplate=None if hover is None else "%{text}<extra></extra>",
        hoverinfo="none" if hover is None else None,
        unselected={"marker": {"opacity": 0.08}},
        showlegend=False,
    )
    if selected is not None:
        trace.selectedpoints = np.flatnonzero(np.isin(rows, selected)).tolist()
    return trace


def _marks(
    frame: pd.DataFrame, highlighted: Rows, near: Rows, chosen: int | None, dark: bool
) -> Iterator[go.Scattergl]:
    """Give the rings of search hits, the crosses of neighbours, the star of the chosen point."""
    styles = {
        "circle-open": (highlighted, 15),
        "x-thin-open": (near, 11),
        "star-open": (() if chosen is None else (chosen,), 20),
    }
    for symbol, (rows, size) in styles.items():
        hits = frame[frame["row"].isin(rows)]
        if len(hits):
            yield go.Scattergl(
                x=hits["x"],
                y=hits["y"],
                mode="markers",
                marker={"symbol": symbol, "size": size, "color": INK[dark], "line": {"width": 2}},
                selectedpoints=None,
                unselected={"marker": {"opacity": 1}},
                hoverinfo="skip",
                showlegend=False,
            )


def add_key(figure: go.Figure, coloring: Coloring, title: str) -> None:
    """Add a legend of the categories, or a colour bar for numbers."""
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


def _point_size(count: int) -> float:
    """Smaller points for more of them, from 8 px down to 2 px."""
    return float(np.clip(26 / max(count, 1) ** 0.2 - 0.5, 2.0, 8.0))


def _revision(selected: Rows | None) -> str:
    """Name a selection, so that the chart takes the new one and drops the reader's own marks."""
    if selected is None:
        return "everything"
    return f"{len(selected)}-{zlib.crc32(np.asarray(selected, dtype=np.int64).tobytes())}"


def _finished(figure: go.Figure, height: int, dark: bool, selection: str) -> go.Figure:
    figure.update_layout(
        template=template_name(dark),
        height=height,
        uirevision=UIREVISION,
        selectionrevision=selection,
        dragmode="lasso",
        hovermode="closest",
        legend={"itemclick": False, "itemdoubleclick": False, "y": -0.02, "yanchor": "top"},
        margin={"t": 56},
    )
    figure.update_annotations(font_size=14)
    figure.update_xaxes(showgrid=False, zeroline=False, showticklabels=False, title=None)
    figure.update_yaxes(showgrid=False, zeroline=False, showticklabels=False, title=None)
    return figure
