"""Users between image alone, text alone and both together; of many, near ones as one mark."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.map_marks import outlines
from analysis.plots.text import short
from analysis.plots.theme import (
    INK,
    MUTED,
    PAPER,
    PART_LABELS,
    color_of,
    empty_figure,
    label_of,
    marker_of,
    new_figure,
)
from analysis.regions import Shape
from analysis.user_plane import TRIANGLE, corners_of, triangle_plane

MAX_POINTS: Final = 5000
"""Of more users, those near each other are drawn as one mark."""

CELLS: Final = 60
"""Cells along a side of the triangle."""


def part_triangle(
    *,
    population: pd.DataFrame,
    user_id: str | None = None,
    marked: pd.Series | None = None,
    shapes: Sequence[Shape] = (),
    dark: bool = False,
) -> go.Figure:
    """Place every user between image alone, text alone and both together.

    The position is exact: a user's three coordinates are the shares of ``unique_image``, of
    ``unique_text``, and of synergy and redundancy together; colour and marker name the top part.
    Above ``MAX_POINTS`` users a mark stands for those of one cell and top part, with its area for
    their number, and stands at the user nearest to their middle.

    Parameters
    ----------
    population
        One row per user: ``user_id``, ``share_<part>``, ``top_part``.
    user_id
        The user to mark with a star; None marks nobody.
    marked
        Ids of users to show as selected, the others fade; None selects all.
    shapes
        What was drawn to select them.
    dark
        Whether the page is dark.

    Notes
    -----
    The custom data of a point is the label of the user's row in ``population``.
    """
    if population.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    corners = corners_of(population)
    if len(corners) != 2:
        return empty_figure("The triangle needs exactly two modalities.", dark=dark)
    every = population.join(triangle_plane(population)).assign(users=1)
    placed = every if len(every) <= MAX_POINTS else summarised(every)
    figure = new_figure(dark=dark, height=460, dragmode="lasso")
    _draw_frame(figure, [f"{name.capitalize()} alone" for name in corners], dark)
    for part in (name for name in PART_LABELS if name in set(placed["top_part"])):
        rows = placed[placed["top_part"] == part]
        points = _points(rows, part, placed["users"].max())
        if marked is not None:
            points.selectedpoints = np.flatnonzero(rows["user_id"].isin(marked)).tolist()
        figure.add_trace(points)
    mine = every[every["user_id"] == user_id]
    if len(mine):
        figure.add_scatter(
            name=f"User {user_id}",
            x=mine["x"],
            y=mine["y"],
            customdata=mine["row"],
            mode="markers",
            marker={"symbol": "star", "size": 17, "color": INK[dark]}
            | {"line": {"width": 1.5, "color": PAPER[dark]}},
        )
    figure.update_xaxes(visible=False, range=[-0.28, 1.28])
    figure.update_yaxes(visible=False, range=[-0.12, 1.0], scaleanchor="x")
    figure.update_layout(
        selections=outlines([TRIANGLE], shapes, dark=dark), legend={"y": -0.02, "yanchor": "top"}
    )
    return figure


def summarised(placed: pd.DataFrame) -> pd.DataFrame:
    """Put the users of one cell and top part together.

    Parameters
    ----------
    placed
        ``row``, ``user_id``, ``top_part``, ``x``, ``y``.

    Returns
    -------
    pandas.DataFrame
        ``x`` and ``y`` (means), ``top_part``, ``users`` (their number) and ``row`` and ``user_id``
        of the one nearest to the mean; at most ``CELLS ** 2`` rows for each part.
    """
    cells = (placed[["x", "y"]] * CELLS).round().astype(int).add_prefix("cell_")
    keyed = pd.concat([placed[["row", "user_id", "top_part", "x", "y"]], cells], axis=1)
    keys = ["cell_x", "cell_y", "top_part"]
    grouped = keyed.groupby(keys, sort=False)
    middle = grouped[["x", "y"]].transform("mean")
    far = (keyed[["x", "y"]] - middle).pow(2).sum(axis=1)
    nearest = keyed.loc[far.groupby([keyed[k] for k in keys], sort=False).idxmin()]
    sizes = grouped["x"].transform("size").loc[nearest.index]
    return nearest.assign(**middle.loc[nearest.index], users=sizes)


def _points(rows: pd.DataFrame, part: str, most: int) -> go.Scattergl:
    here = rows["users"].map(lambda users: "" if most == 1 else f", {users:,} here")
    return go.Scattergl(
        name=label_of(part),
        x=rows["x"],
        y=rows["y"],
        mode="markers",
        marker={
            "color": color_of(part),
            "symbol": marker_of(part),
            "size": _sizes(rows["users"], most),
        },
        opacity=0.75,
        unselected={"marker": {"opacity": 0.12}},
        customdata=rows["row"],
        text=rows["user_id"].map(short) + here,
        hovertemplate="user %{text}<extra>%{fullData.name}</extra>",
    )


def _sizes(users: pd.Series, most: int) -> np.ndarray | int:
    """Marker sizes in px whose areas stand for numbers of users."""
    return 6 if most == 1 else np.round(3 + 15 * np.sqrt(users / most), 1).to_numpy()


def _draw_frame(figure: go.Figure, names: list[str], dark: bool) -> None:
    top = np.sqrt(3) / 2
    figure.add_scatter(
        x=[0, 1, 0.5, 0],
        y=[0, 0, top, 0],
        mode="lines",
        line={"color": MUTED[dark], "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    corners = [(0, 0, names[0], "top"), (1, 0, names[1], "top")]
    for x, y, text, anchor in [*corners, (0.5, top, "Both together", "bottom")]:
        figure.add_annotation(x=x, y=y, text=text, yanchor=anchor, showarrow=False, yshift=0)
