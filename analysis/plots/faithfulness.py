"""Figures that test an explanation: deletion and insertion against a random order."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.theme import CATEGORY_COLORS, MUTED, empty_figure, template_name

TITLES = {"deletion": "Switched off, largest first", "insertion": "Switched on, largest first"}
STYLES = {
    "explained": ("Order of the explanation", "solid", "circle"),
    "random": ("Random order", "dot", "square-open"),
}


def faithfulness_curves(*, curves: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw the true items' mean score as players are switched off or on, with 95 % intervals.

    Parameters
    ----------
    curves
        ``curve``, ``order``, ``players``, ``value``, ``low``, ``high``.
    dark
        Whether the page is dark.
    """
    if curves.empty:
        return empty_figure("There is no user to judge.", dark=dark)
    figure = make_subplots(
        rows=1, cols=len(TITLES), shared_yaxes=True, horizontal_spacing=0.05
    ).update_layout(template=template_name(dark), height=320, legend_itemsizing="trace")
    for column, (curve, title) in enumerate(TITLES.items(), start=1):
        for order, (name, dash, symbol) in STYLES.items():
            rows = curves[(curves["curve"] == curve) & (curves["order"] == order)]
            color = CATEGORY_COLORS[0] if order == "explained" else MUTED[dark]
            trace = go.Scatter(
                name=name,
                legendgroup=order,
                showlegend=column == 1,
                x=rows["players"],
                y=rows["value"],
                mode="lines+markers",
                line={"color": color, "dash": dash, "width": 2},
                marker={"symbol": symbol, "size": 7},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": rows["high"] - rows["value"],
                    "arrayminus": rows["value"] - rows["low"],
                    "color": color,
                    "thickness": 1,
                    "width": 3,
                },
                hovertemplate=f"{name}<br>%{{x}} players: %{{y:.3f}}<extra></extra>",
            )
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title=title, dtick=1, row=1, col=column)
    figure.update_yaxes(title="Score above all off", row=1, col=1)
    return figure
