"""Two ranked lists side by side, with lines between the two places of an item."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import ranked_labels, short
from analysis.plots.theme import CATEGORY_COLORS, MUTED, empty_figure, new_figure

STUB: Final = 0.16
"""Length of a line that leads out of a list, as a share of the distance between both."""

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "rises": ("Rises", CATEGORY_COLORS[0]),
    "falls": ("Falls", CATEGORY_COLORS[1]),
    "stays": ("Stays", ""),
    "single": ("In one list only", ""),
}
"""Name and colour of what an item can do; without a colour it is drawn in a muted one."""


def rank_moves(
    *, lists: pd.DataFrame, names: tuple[str, str], top: int = 10, dark: bool = False
) -> go.Figure:
    """Draw two lists of the same length side by side.

    Parameters
    ----------
    lists
        ``title``, ``first``, ``second``, ``is_target`` as of
        :func:`analysis.aligned_lists.aligned_lists`.
    names
        What the left and the right list are.
    top
        Length of the lists.
    dark
        Whether the page is dark.
    """
    if lists.empty:
        return empty_figure("There is nothing to compare.", dark=dark)
    rows = lists.to_dict("records")
    kinds = [kind_of(row, top) for row in rows]
    lines = [
        _lines(kind, [row for row, its in zip(rows, kinds, strict=True) if its == kind], top, dark)
        for kind in KINDS
        if kind in kinds
    ]
    second_axis = {"type": "scatter", "x": [None], "y": [None], "yaxis": "y2", "showlegend": False}
    return new_figure(
        [*lines, second_axis],
        dark=dark,
        height=96 + 27 * top,
        hovermode="closest",
        xaxis={
            "range": [0, 1],
            "tickvals": [0, 1],
            "ticktext": [f"<b>{short(name)}</b>" for name in names],
            "side": "top",
            "showgrid": False,
            "zeroline": False,
        },
        yaxis=_labels(lists, "first", top),
        yaxis2={**_labels(lists, "second", top), "overlaying": "y", "side": "right"},
        legend={"y": -0.03, "yanchor": "top"},
        margin={"t": 44, "b": 40},
    )


def kind_of(row: Mapping[Any, Any], top: int) -> str:
    """Say what a row of aligned lists does, as a key of :data:`KINDS`."""
    inside = [pd.notna(row[side]) and row[side] <= top for side in ("first", "second")]
    if not all(inside):
        return "single"
    if row["first"] == row["second"]:
        return "stays"
    return "rises" if row["second"] < row["first"] else "falls"


def _lines(kind: str, rows: Sequence[dict[Any, Any]], top: int, dark: bool) -> dict[str, Any]:
    """Give the lines of one kind as one trace, broken between items."""
    x: list[float | None] = []
    y: list[float | None] = []
    texts: list[str | None] = []
    for row in rows:
        ends = ends_of(row, top)
        x += [ends[0][0], ends[1][0], None]
        y += [ends[0][1], ends[1][1], None]
        texts += [f"{short(row['title'])}<br>{move_words(row)}"] * 2 + [None]
    return {
        "type": "scatter",
        "name": KINDS[kind][0],
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "hovertext": texts,
        "hoverinfo": "text",
        "line": {"color": color_of(kind, dark), "width": 1.5 if kind == "single" else 2.5}
        | ({"dash": "dot"} if kind == "single" else {}),
        "marker": {"size": 7},
        "cliponaxis": False,
    }


def color_of(kind: str, dark: bool) -> str:
    """Give the colour of a kind on a dark or a light page."""
    return KINDS[kind][1] or MUTED[dark]


def ends_of(row: Mapping[Any, Any], top: int) -> list[tuple[float, float]]:
    """Give both ends of an item's line: ``(x, y)``, x from 0 to 1 and y the rank."""
    first, second = row["first"], row["second"]
    if pd.isna(second) or second > top:
        return [(0, float(first)), (STUB, float(first) + 0.25)]
    if pd.isna(first) or first > top:
        return [(1 - STUB, float(second) + 0.25), (1, float(second))]
    return [(0, float(first)), (1, float(second))]


def move_words(row: Mapping[Any, Any]) -> str:
    """Say where an item stands in both lists."""
    first, second = (
        "not known" if pd.isna(row[side]) else f"{row[side]:,}" for side in ("first", "second")
    )
    return f"rank {first} → {second}"


def _labels(lists: pd.DataFrame, side: str, top: int) -> dict[str, Any]:
    """Give the axis of one list: its titles, the true next item with a star."""
    rows = lists[(lists[side] <= top).fillna(False)].sort_values(side)
    return {
        "tickvals": rows[side].astype(int).tolist(),
        "ticktext": ranked_labels(rows[side], rows["title"], rows["is_target"]),
        "range": [top + 0.6, 0.4],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
