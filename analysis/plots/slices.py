"""Differences between runs within groups of users."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import short
from analysis.plots.theme import DIVERGING, GRID, MUTED, PART_LABELS, empty_figure, new_figure


def slice_heatmap(*, table: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw differences within groups; cells whose interval holds zero are grey.

    Parameters
    ----------
    table
        ``name``, ``grouping``, ``group``, ``num_users``, ``difference``, ``low``, ``high``,
        ``certain``.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("There are no groups to compare.", dark=dark)
    cells = table.assign(
        column=[
            f"{short(PART_LABELS.get(g, g), width=18)}<br>{n}"
            for g, n in zip(table["group"], table["num_users"], strict=True)
        ]
    )
    columns = cells[["grouping", "column"]].drop_duplicates()
    x = [columns["grouping"].str.capitalize().to_list(), columns["column"].to_list()]
    names = list(dict.fromkeys(cells["name"]))
    keyed = cells.set_index(["name", "grouping", "column"])
    grid = {
        field: keyed[field].unstack("name").loc[list(map(tuple, columns.to_numpy())), names].T
        for field in ("difference", "low", "high", "certain")
    }
    figure = new_figure(dark=dark, height=190 + 34 * len(names))
    figure.add_trace(_uncertain_cells(grid, x, names, dark))
    figure.add_trace(_certain_cells(grid, x, names))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, showdividers=True, tickangle=0)
    return figure


def _certain_cells(
    grid: dict[str, pd.DataFrame], x: list[list[str]], names: list[str]
) -> go.Heatmap:
    shown = grid["difference"].where(grid["certain"].astype(bool))
    reach = float(np.nanmax(np.abs(shown.to_numpy()), initial=1e-6))
    return go.Heatmap(
        x=x,
        y=[short(name) for name in names],
        z=shown,
        zmin=-reach,
        zmax=reach,
        colorscale=[list(stop) for stop in DIVERGING],
        texttemplate="%{z:+.3f}",
        hoverongaps=False,
        xgap=1,
        ygap=1,
        colorbar={"title": {"text": "Difference", "side": "right"}, "thickness": 10},
        hovertemplate="%{y}<br>%{x}: %{z:+.4f}<extra></extra>",
    )


def _uncertain_cells(
    grid: dict[str, pd.DataFrame], x: list[list[str]], names: list[str], dark: bool
) -> go.Heatmap:
    hidden = grid["difference"].where(~grid["certain"].astype(bool))
    return go.Heatmap(
        x=x,
        y=[short(name) for name in names],
        z=hidden * 0,
        text=hidden.map(lambda value: "" if np.isnan(value) else f"{value:+.3f}"),
        customdata=np.stack([grid["low"], grid["high"]], axis=-1),
        texttemplate="%{text}",
        textfont={"color": MUTED[dark]},
        colorscale=[[0, GRID[dark]], [1, GRID[dark]]],
        showscale=False,
        hoverongaps=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{y}<br>%{x}: %{text}, 95 % interval %{customdata[0]:+.4f} to "
        "%{customdata[1]:+.4f}: uncertain<extra></extra>",
    )
