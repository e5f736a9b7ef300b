"""Two users, or one user under two runs: weight and contribution of every part on both sides."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.text import in_drawing_order, short
from analysis.plots.theme import INK, MUTED, PAPER, color_of, empty_figure, label_of, template_name

SIZE = 13


def two_sides(*, table: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw several quantities of two sides, one row per part: filled, first side; open, second.

    Parameters
    ----------
    table
        ``side`` (two names), ``quantity``, ``player``, ``value``; one panel per quantity, in the
        order of their first rows.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("There is nothing to compare.", dark=dark)
    quantities = list(dict.fromkeys(table["quantity"]))
    players = in_drawing_order(table["player"])
    figure = make_subplots(rows=1, cols=len(quantities), shared_yaxes=True, horizontal_spacing=0.06)
    for column, quantity in enumerate(quantities, start=1):
        rows = table[table["quantity"] == quantity]
        wide = rows.pivot(index="player", columns="side", values="value")
        wide = wide.reindex(players)[list(dict.fromkeys(table["side"]))]
        _add_panel(figure, wide, column, dark)
        figure.update_xaxes(title=quantity, zeroline=True, row=1, col=column)
    figure.update_yaxes(autorange="reversed", showgrid=True)
    figure.update_layout(template=template_name(dark), height=130 + 38 * len(players))
    return figure


def _add_panel(figure: go.Figure, wide: pd.DataFrame, column: int, dark: bool) -> None:
    """Draw one quantity: a line from the first side to the second in every row, and both marks."""
    labels = [label_of(player) for player in wide.index]
    colors = [color_of(player) for player in wide.index]
    for label, color, values in zip(labels, colors, wide.to_numpy(), strict=True):
        figure.add_scatter(
            x=values, y=[label, label], mode="lines", line={"color": color, "width": 3},
            opacity=0.5, hoverinfo="skip", showlegend=False, row=1, col=column,
        )  # fmt: skip
    for place, side in enumerate(wide.columns):
        fill = colors if place == 0 else PAPER[dark]
        figure.add_scatter(
            name=short(str(side)),
            legendgroup=str(place),
            showlegend=False,
            x=wide[side],
            y=labels,
            mode="markers",
            marker={"size": SIZE, "color": fill, "line": {"color": colors, "width": 2.5}},
            hovertemplate="%{y}: %{x:.3f}<extra>%{fullData.name}</extra>",
            row=1,
            col=column,
        )
        if column == 1:
            _add_key(figure, short(str(side)), MUTED[dark] if place == 0 else PAPER[dark], dark)


def _add_key(figure: go.Figure, name: str, fill: str, dark: bool) -> None:
    """Name a side in the legend with its kind of mark."""
    marker = {"size": SIZE, "color": fill, "line": {"color": INK[dark], "width": 2}}
    figure.add_scatter(name=name, x=[None], y=[None], mode="markers", marker=marker, row=1, col=1)
