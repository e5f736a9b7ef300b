"""Figures of training: curves over epochs, and what a metric costs."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.coloring import CATEGORY_MARKERS
from analysis.plots.comparison import interval_dots, metric_name
from analysis.plots.text import short
from analysis.plots.theme import CATEGORY_COLORS, MUTED, empty_figure, new_figure

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def learning_curves(
    *, curves: pd.DataFrame, quantity: str = "ndcg@10", dark: bool = False
) -> go.Figure:
    """Draw a quantity over epochs: the mean over seeds, and their range as a band.

    A curve ends where the first of its seeds stopped: beyond, a mean would be of other seeds.

    Parameters
    ----------
    curves
        ``name``, ``seed``, ``epoch``, ``quantity``, ``value``.
    quantity
        A validation metric or the name of a loss.
    dark
        Whether the page is dark.
    """
    rows = curves[curves["quantity"] == quantity]
    if rows.empty:
        return empty_figure(f"No epoch recorded {quantity} yet.", dark=dark)
    figure = new_figure(dark=dark, height=340, hovermode="x unified")
    figure.update_layout(legend_itemsizing="trace")
    for place, (name, group) in enumerate(rows.groupby("name", sort=False)):
        color = CATEGORY_COLORS[place % len(CATEGORY_COLORS)]
        epochs = group.groupby("epoch")["value"].agg(["mean", "min", "max", "count"]).reset_index()
        epochs = epochs[epochs["count"] == group["seed"].nunique()]
        if group["seed"].nunique() > 1:
            _add_band(figure, epochs, str(name), color)
        figure.add_scatter(
            name=short(str(name)),
            x=epochs["epoch"],
            y=epochs["mean"],
            mode="lines+markers",
            legendgroup=str(name),
            line={"color": color, "width": 2, "dash": DASHES[place % len(DASHES)]},
            marker={"size": 5},
            hovertemplate="%{y:.4f}",
        )
    figure.update_xaxes(title="Epoch", tickformat="d", nticks=min(12, rows["epoch"].nunique() + 1))
    figure.update_yaxes(title=metric_name(quantity))
    return figure


def cost_scatter(*, table: pd.DataFrame, cost: str = "seconds", dark: bool = False) -> go.Figure:
    """Draw a metric against its cost; the line joins the variants no other one beats on both.

    Variants on that line are named in the legend; the others, in grey, on hover.

    Parameters
    ----------
    table
        ``name``, ``metric``, ``value``, ``low``, ``high``, the cost column and the same with
        ``_low`` and ``_high``.
    cost
        ``seconds`` or ``num_parameters``.
    dark
        Whether the page is dark.
    """
    rows = table.dropna(subset=[cost]).sort_values([cost, "value"], ascending=[True, False])
    if rows.empty:
        return empty_figure("None of these runs recorded its cost.", dark=dark)
    figure = new_figure(dark=dark, height=380)
    best = rows[rows["value"] > rows["value"].cummax().shift(fill_value=-np.inf)]
    others = rows.drop(best.index)
    figure.add_scatter(
        x=best[cost],
        y=best["value"],
        mode="lines",
        line={"shape": "hv", "color": MUTED[dark], "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    if len(others):
        figure.add_trace(_dots(others, cost, MUTED[dark], "circle", dark).update(showlegend=False))
    for place, index in enumerate(best.index):
        look = place % len(CATEGORY_MARKERS)
        color, marker = CATEGORY_COLORS[look], CATEGORY_MARKERS[look]
        trace = _dots(best.loc[[index]], cost, color, marker, dark)
        figure.add_trace(trace.update(name=short(best.loc[index, "name"], width=24)))
    titles = {"seconds": "Training time (s)", "num_parameters": "Trained parameters"}
    figure.update_xaxes(title=titles.get(cost, cost))
    figure.update_yaxes(title=metric_name(str(rows["metric"].iloc[0])))
    return figure


def _dots(rows: pd.DataFrame, cost: str, color: str, symbol: str, dark: bool) -> go.Scatter:
    """Dots with the interval of the metric upwards and the range of the cost across."""
    trace = interval_dots(rows, "value", [color] * len(rows), symbol, dark)
    upwards = trace.error_x.to_plotly_json()
    across = upwards | {
        "array": rows[f"{cost}_high"] - rows[cost],
        "arrayminus": rows[cost] - rows[f"{cost}_low"],
    }
    trace.update(
        x=rows[cost],
        y=rows["value"],
        error_y=upwards,
        error_x=across,
        hovertext=[short(name) for name in rows["name"]],
        hovertemplate="%{hovertext}<br>%{x:,.4g}<br>%{y:.4f}, 95 % interval %{customdata[0]:.4f} "
        "to %{customdata[1]:.4f}<extra></extra>",
    )
    return trace


def _add_band(figure: go.Figure, epochs: pd.DataFrame, name: str, color: str) -> None:
    figure.add_scatter(
        x=[*epochs["epoch"], *epochs["epoch"][::-1]],
        y=[*epochs["max"], *epochs["min"][::-1]],
        fill="toself",
        fillcolor=color,
        opacity=0.18,
        mode="lines",
        line={"width": 0},
        legendgroup=name,
        showlegend=False,
        hoverinfo="skip",
    )
