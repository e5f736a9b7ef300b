"""Differences between runs within groups of users."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import short
from analysis.plots.theme import (
    DIVERGING,
    GRID,
    MUTED,
    PART_LABELS,
    color_bar,
    empty_figure,
    new_figure,
)
from analysis.signs import signed

FEW = 8
"""With more variants than this only certain cells carry their number; all tell it on hover."""


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
        row=[
            f"{short(PART_LABELS.get(group, group), width=18)} ({users})"
            for group, users in zip(table["group"], table["num_users"], strict=True)
        ]
    )
    rows = cells[["grouping", "row"]].drop_duplicates()
    labels = [rows["grouping"].str.capitalize().to_list(), rows["row"].to_list()]
    names = list(dict.fromkeys(cells["name"]))
    keyed = cells.set_index(["grouping", "row", "name"])
    grid = {
        field: keyed[field].unstack("name").loc[list(map(tuple, rows.to_numpy())), names]
        for field in ("difference", "low", "high", "certain")
    }
    figure = new_figure(dark=dark, height=110 + 26 * len(rows))
    figure.add_trace(_uncertain_cells(grid, labels, names, dark))
    figure.add_trace(_certain_cells(grid, labels, names))
    figure.update_yaxes(autorange="reversed", showgrid=False, showdividers=True)
    figure.update_xaxes(showgrid=False, side="top")
    if len(names) > FEW:
        figure.update_xaxes(dtick=1, tickangle=-90)
    return figure


def _certain_cells(
    grid: dict[str, pd.DataFrame], labels: list[list[str]], names: list[str]
) -> go.Heatmap:
    shown = grid["difference"].where(grid["certain"].astype(bool))
    reach = float(np.nanmax(np.abs(shown.to_numpy()), initial=1e-6))
    return go.Heatmap(
        x=[short(name, width=22) for name in names],
        y=labels,
        z=shown,
        zmin=-reach,
        zmax=reach,
        colorscale=[list(stop) for stop in DIVERGING],
        text=_signed_cells(shown),
        texttemplate="%{text}",
        textfont={"size": 10} if len(names) > FEW else None,
        hoverongaps=False,
        xgap=1,
        ygap=1,
        colorbar=color_bar("Difference"),
        hovertemplate="%{x}<br>%{y}: %{z:+.4f}<extra></extra>",
    )


def _signed_cells(shown: pd.DataFrame) -> pd.DataFrame:
    return shown.map(lambda value: "" if np.isnan(value) else signed(value, 3))


def _uncertain_cells(
    grid: dict[str, pd.DataFrame], labels: list[list[str]], names: list[str], dark: bool
) -> go.Heatmap:
    hidden = grid["difference"].where(~grid["certain"].astype(bool))
    return go.Heatmap(
        x=[short(name, width=22) for name in names],
        y=labels,
        z=hidden * 0,
        text=_signed_cells(hidden),
        customdata=np.stack([grid["low"], grid["high"]], axis=-1),
        texttemplate="%{text}" if len(names) <= FEW else None,
        textfont={"color": MUTED[dark]},
        colorscale=[[0, GRID[dark]], [1, GRID[dark]]],
        showscale=False,
        hoverongaps=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{x}<br>%{y}: %{text}, 95 % interval %{customdata[0]:+.4f} to "
        "%{customdata[1]:+.4f}: uncertain<extra></extra>",
    )
