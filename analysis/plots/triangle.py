"""Users between image alone, text alone and both together; of many, near ones as one mark."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

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
from prism_core.names import REDUNDANCY, SYNERGY

MAX_POINTS: Final = 5000
"""Of more users, those near each other are drawn as one mark."""

CELLS: Final = 60
"""Cells along a side of the triangle."""


def part_triangle(
    *, population: pd.DataFrame, user_id: str | None = None, dark: bool = False
) -> go.Figure:
    """Place every user between image alone, text alone and both together.

    The position is exact: a user's three coordinates are the shares of ``unique_image``, of
    ``unique_text``, and of synergy and redundancy together; colour and marker name the top part.
    Above ``MAX_POINTS`` users a mark stands for those of one cell and top part, with its area for
    their number; its custom data is the user nearest to their middle.

    Parameters
    ----------
    population
        One row per user: ``user_id``, ``share_<part>``, ``top_part``.
    user_id
        The user to mark; None marks nobody.
    dark
        Whether the page is dark.
    """
    if population.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    alone = [c for c in population.columns if c.startswith("share_unique_")]
    if len(alone) != 2:
        return empty_figure("The triangle needs exactly two modalities.", dark=dark)
    every = population.assign(**_positions(population, alone[1]), users=1)
    placed = every if len(every) <= MAX_POINTS else summarised(every)
    figure = new_figure(dark=dark, height=460, dragmode="lasso")
    _draw_frame(
        figure, [f"{c.removeprefix('share_unique_').capitalize()} alone" for c in alone], dark
    )
    for part in (name for name in PART_LABELS if name in set(placed["top_part"])):
        rows = placed[placed["top_part"] == part]
        figure.add_trace(
            go.Scattergl(
                name=label_of(part),
                x=rows["x"],
                y=rows["y"],
                mode="markers",
                marker={
                    "color": color_of(part),
                    "symbol": marker_of(part),
                    "size": _sizes(rows["users"], placed["users"].max()),
                },
                opacity=0.75,
                customdata=np.stack([rows["user_id"], rows["users"]], axis=-1),
                hovertemplate="user %{customdata[0]}<extra>%{fullData.name}, %{customdata[1]} "
                "here</extra>",
            )
        )
    mine = every[every["user_id"] == user_id]
    if len(mine):
        figure.add_scatter(
            name=f"User {user_id}",
            x=mine["x"],
            y=mine["y"],
            mode="markers",
            marker={"symbol": "star", "size": 17, "color": INK[dark]}
            | {"line": {"width": 1.5, "color": PAPER[dark]}},
        )
    figure.update_xaxes(visible=False, range=[-0.28, 1.28])
    figure.update_yaxes(visible=False, range=[-0.12, 1.0], scaleanchor="x")
    return figure


def summarised(placed: pd.DataFrame) -> pd.DataFrame:
    """Put the users of one cell and top part together.

    Parameters
    ----------
    placed
        ``user_id``, ``top_part``, ``x``, ``y``.

    Returns
    -------
    pandas.DataFrame
        ``x`` and ``y`` (means), ``top_part``, ``users`` (their number) and ``user_id`` of the one
        nearest to the mean; at most ``CELLS ** 2`` rows for each part.
    """
    cells = (placed[["x", "y"]] * CELLS).round().astype(int).add_prefix("cell_")
    keyed = pd.concat([placed[["user_id", "top_part", "x", "y"]], cells], axis=1)
    keys = ["cell_x", "cell_y", "top_part"]
    grouped = keyed.groupby(keys, sort=False)
    middle = grouped[["x", "y"]].transform("mean")
    far = (keyed[["x", "y"]] - middle).pow(2).sum(axis=1)
    nearest = keyed.loc[far.groupby([keyed[k] for k in keys], sort=False).idxmin()]
    sizes = grouped["x"].transform("size").loc[nearest.index]
    return nearest.assign(**middle.loc[nearest.index], users=sizes)


def _sizes(users: pd.Series, most: int) -> np.ndarray | int:
    """Marker sizes in px whose areas stand for numbers of users."""
    return 6 if most == 1 else np.round(3 + 15 * np.sqrt(users / most), 1).to_numpy()


def _positions(population: pd.DataFrame, right: str) -> dict[str, np.ndarray]:
    """Place users; ``right`` is the column of the part at the right corner."""
    joint = population[f"share_{SYNERGY}"] + population[f"share_{REDUNDANCY}"]
    return {
        "x": (population[right] + 0.5 * joint).to_numpy(),
        "y": (joint * np.sqrt(3) / 2).to_numpy(),
    }


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
