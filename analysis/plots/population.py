"""Figures of all users: how weights and contributions spread, and where one user stands."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import in_drawing_order
from analysis.plots.theme import (
    INK,
    MUTED,
    PAPER,
    color_of,
    empty_figure,
    label_of,
    new_figure,
)
from analysis.signs import signed

BINS = 48
RIDGE = 0.7
"""Height of a ridge, in rows."""


def weight_ridges(
    *, population: pd.DataFrame, weights: pd.DataFrame | None = None, dark: bool = False
) -> go.Figure:
    """Draw the fusion weights of all users, one ridge per part, with one user's weights on them.

    Parameters
    ----------
    population
        ``part``, ``weight``: one row per user and part.
    weights
        ``part``, ``weight``, ``percentile`` of the marked user; None marks nobody.
    dark
        Whether the page is dark.

    Notes
    -----
    Ridges are histograms of 48 equal bins from 0, so the figure does not grow with the users.
    Every ridge is as tall as the others; the area under each stands for all users.
    """
    if population.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    groups = _grouped(population, "part", "weight")
    end = min(1.0, 0.1 * np.ceil(10 * population["weight"].max() + 0.5))
    figure = _ridges(groups, np.linspace(0, end, BINS + 1), dark)
    if weights is not None:
        for row in weights.to_dict("records"):
            text = f"{row['weight']:.2f} (≥ {row['percentile']:.0f} % of users)"
            _mark(figure, list(groups).index(row["part"]), row["weight"], text, dark)
    figure.update_xaxes(title="Fusion weight", range=[0, end])
    return figure


def contribution_ridges(
    *, population: pd.DataFrame, user_id: str | None = None, dark: bool = False
) -> go.Figure:
    """Draw the mean contribution of every player over all users, one ridge per player.

    Parameters
    ----------
    population
        One row per user: ``user_id``, ``contribution_<player>``.
    user_id
        The user to mark; None marks nobody.
    dark
        Whether the page is dark.
    """
    if population.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    columns = [c for c in population.columns if c.startswith("contribution_")]
    groups = {
        player: population[f"contribution_{player}"].to_numpy()
        for player in in_drawing_order(c.removeprefix("contribution_") for c in columns)
    }
    everything = population[columns].to_numpy()
    edges = np.linspace(everything.min(), everything.max() + 1e-12, BINS + 1)
    figure = _ridges(groups, edges, dark)
    mine = (population["user_id"] == user_id).to_numpy()
    if mine.any():
        for row, values in enumerate(groups.values()):
            value = float(values[mine][0])
            below = 100 * float((values <= value).mean())
            _mark(figure, row, value, f"{signed(value, 2)} (≥ {below:.0f} % of users)", dark)
    figure.update_xaxes(title="Mean contribution to the score", zeroline=True)
    return figure


def _grouped(frame: pd.DataFrame, key: str, value: str) -> dict[str, np.ndarray]:
    order = in_drawing_order(frame[key].unique())
    return {name: frame.loc[frame[key] == name, value].to_numpy() for name in order}


def _ridges(groups: Mapping[str, np.ndarray], edges: np.ndarray, dark: bool) -> go.Figure:
    figure = new_figure(dark=dark, height=90 + 74 * len(groups), showlegend=False)
    counts = {name: np.histogram(values, edges)[0] for name, values in groups.items()}
    for row, (name, count) in enumerate(counts.items()):
        _add_ridge(figure, len(groups) - 1 - row, name, count, edges)
        _add_quartiles(figure, len(groups) - 1 - row, groups[name], dark)
    names = [label_of(name) for name in reversed(list(groups))]
    figure.update_yaxes(tickvals=list(range(len(groups))), ticktext=names, showgrid=False)
    figure.update_yaxes(range=[-0.3, len(groups)], zeroline=False)
    figure.update_layout(meta={"rows": list(groups)})
    return figure


def _add_ridge(
    figure: go.Figure, level: int, name: str, count: np.ndarray, edges: np.ndarray
) -> None:
    x = np.repeat(edges, 2)[1:-1]
    height = np.repeat(count, 2)
    tallest = int(count.max(initial=0)) or 1
    figure.add_scatter(
        name=label_of(name),
        x=[x[0], *x, x[-1]],
        y=[level, *(level + RIDGE * height / tallest), level],
        fill="toself",
        mode="lines",
        line={"color": color_of(name), "width": 1.2},
        customdata=[0, *height, 0],
        hovertemplate="%{x:.2f}: %{customdata} users<extra>%{fullData.name}</extra>",
    )


def _add_quartiles(figure: go.Figure, level: int, values: np.ndarray, dark: bool) -> None:
    if not len(values):
        return
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    figure.add_scatter(
        x=[low, high], y=[level - 0.1] * 2, mode="lines", line={"color": MUTED[dark], "width": 4}
    )
    figure.add_scatter(
        x=[middle],
        y=[level - 0.1],
        mode="markers",
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 2, "color": INK[dark]}},
        hovertemplate="median %{x:.2f}<extra></extra>",
    )


def _mark(figure: go.Figure, row: int, value: float, text: str, dark: bool) -> None:
    """Mark one value on the ridge of ``row``, counted from above, and print it at the label."""
    level = len(figure.layout.meta["rows"]) - 1 - row
    figure.add_scatter(
        x=[value],
        y=[level],
        mode="markers",
        marker={"symbol": "diamond", "size": 12, "color": INK[dark]}
        | {"line": {"width": 1.5, "color": PAPER[dark]}},
        hovertext=text,
        hoverinfo="text",
    )
    names = list(figure.layout.yaxis.ticktext)
    names[level] += f"<br>{text}"
    figure.update_yaxes(ticktext=names)
