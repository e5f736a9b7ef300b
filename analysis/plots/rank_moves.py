"""Two ranked lists side by side, with lines between the two places of an item."""

from collections.abc import Mapping
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
    figure = new_figure(dark=dark, height=96 + 27 * top, hovermode="closest")
    kinds = lists.apply(lambda row: _kind(row, top), axis=1)
    for kind in KINDS:
        _add_lines(figure, kind, lists[kinds == kind], top, dark)
    for side, axis in (("first", "yaxis"), ("second", "yaxis2")):
        _label(figure, lists, side, axis, top)
    figure.add_scatter(x=[None], y=[None], yaxis="y2", showlegend=False)  # shows the axis
    figure.update_layout(yaxis2={"overlaying": "y", "side": "right"})
    figure.update_xaxes(
        range=[0, 1], tickvals=[0, 1], ticktext=[f"<b>{short(name)}</b>" for name in names],
        side="top", showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_layout(legend={"y": -0.03, "yanchor": "top"}, margin={"t": 44, "b": 40})
    return figure


def _kind(row: pd.Series, top: int) -> str:
    inside = [pd.notna(row[side]) and row[side] <= top for side in ("first", "second")]
    if not all(inside):
        return "single"
    if row["first"] == row["second"]:
        return "stays"
    return "rises" if row["second"] < row["first"] else "falls"


def _add_lines(figure: go.Figure, kind: str, rows: pd.DataFrame, top: int, dark: bool) -> None:
    """Draw the lines of one kind as one trace, broken between items."""
    if rows.empty:
        return
    name, color = KINDS[kind]
    x: list[float | None] = []
    y: list[float | None] = []
    texts: list[str | None] = []
    for row in rows.to_dict("records"):
        ends = _ends(row, top)
        x += [ends[0][0], ends[1][0], None]
        y += [ends[0][1], ends[1][1], None]
        texts += [_hover(row)] * 2 + [None]
    figure.add_scatter(
        name=name,
        x=x,
        y=y,
        mode="lines+markers",
        hovertext=texts,
        hoverinfo="text",
        line={"color": color or MUTED[dark], "width": 1.5 if kind == "single" else 2.5}
        | ({"dash": "dot"} if kind == "single" else {}),
        marker={"size": 7},
        cliponaxis=False,
    )


def _ends(row: dict[Any, Any], top: int) -> list[tuple[float, float]]:
    """Give both ends of an item's line: ``(x, y)``."""
    first, second = row["first"], row["second"]
    if pd.isna(second) or second > top:
        return [(0, float(first)), (STUB, float(first) + 0.25)]
    if pd.isna(first) or first > top:
        return [(1 - STUB, float(second) + 0.25), (1, float(second))]
    return [(0, float(first)), (1, float(second))]


def _hover(row: dict[Any, Any]) -> str:
    places = [
        "not known" if pd.isna(row[side]) else f"{row[side]:,}" for side in ("first", "second")
    ]
    return f"{short(row['title'])}<br>rank {places[0]} → {places[1]}"


def _label(figure: go.Figure, lists: pd.DataFrame, side: str, axis: str, top: int) -> None:
    """Print the titles of one list at its axis, the true next item with a star."""
    rows = lists[(lists[side] <= top).fillna(False)].sort_values(side)
    labels = ranked_labels(rows[side], rows["title"], rows["is_target"])
    figure.update_layout(
        {
            axis: {
                "tickvals": rows[side].astype(int).tolist(),
                "ticktext": labels,
                "range": [top + 0.6, 0.4],
                "showgrid": False,
                "zeroline": False,
                "automargin": True,
            }
        }
    )
