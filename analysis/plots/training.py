"""Figures of training: curves over epochs, and what a metric costs."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.comparison import interval_dots, metric_name
from analysis.plots.text import short
from analysis.plots.theme import CATEGORY_COLORS, MUTED, empty_figure, new_figure

SIDES = ("top left", "bottom right", "top right", "bottom left")
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

    Variants on that line carry their names; the others show them on hover.

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
    figure = new_figure(dark=dark, height=380, showlegend=False)
    best = rows[rows["value"] > rows["value"].cummax().shift(fill_value=-np.inf)]
    figure.add_scatter(
        x=best[cost],
        y=best["value"],
        mode="lines",
        line={"shape": "hv", "color": MUTED[dark], "dash": "dot"},
        hoverinfo="skip",
    )
    colors = [CATEGORY_COLORS[0] if i in best.index else MUTED[dark] for i in rows.index]
    trace = interval_dots(rows, "value", colors, "circle", dark)
    across = trace.error_x.to_plotly_json() | {
        "array": rows[f"{cost}_high"] - rows[cost],
        "arrayminus": rows[cost] - rows[f"{cost}_low"],
    }
    trace.update(
        x=rows[cost],
        y=rows["value"],
        error_y=trace.error_x.to_plotly_json(),
        error_x=across,
        mode="markers+text",
        text=[short(rows["name"][i], width=24) if i in best.index else "" for i in rows.index],
        hovertext=[short(name) for name in rows["name"]],
        hovertemplate="%{hovertext}<br>%{x:,.4g}<br>%{y:.4f}, 95 % interval %{customdata[0]:.4f} "
        "to %{customdata[1]:.4f}<extra></extra>",
        textposition=_sides(rows, best, cost),
        cliponaxis=False,
    )
    figure.add_trace(trace)
    titles = {"seconds": "Training time (s)", "num_parameters": "Trained parameters"}
    low, high = rows[f"{cost}_low"].min(), rows[f"{cost}_high"].max()
    room = (high - low) or high or 1.0
    figure.update_xaxes(range=[low - 0.15 * room, high + 0.08 * room])
    figure.update_xaxes(title=titles.get(cost, cost))
    figure.update_yaxes(title=metric_name(str(rows["metric"].iloc[0])))
    return figure


def _sides(rows: pd.DataFrame, best: pd.DataFrame, cost: str) -> list[str]:
    """Choose on which side of its dot each name stands, so that near ones do not meet."""
    across = (rows[f"{cost}_high"].max() - rows[f"{cost}_low"].min()) or 1.0
    upwards = (rows["high"].max() - rows["low"].min()) or 1.0
    taken: list[tuple[float, float, str]] = []
    for x, y in zip(best[cost] / across, best["value"] / upwards, strict=True):
        near = {side for one, other, side in taken if x - one < 0.3 and abs(y - other) < 0.08}
        taken.append((x, y, next((side for side in SIDES if side not in near), SIDES[0])))
    sides = dict(zip(best.index, (side for *_, side in taken), strict=True))
    return [sides.get(index, SIDES[0]) for index in rows.index]


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
