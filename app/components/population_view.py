"""One user among all: contributions, dominant parts, groups, and users alike."""

from typing import Any

import streamlit as st

from analysis.explanations import UserExplanation, users_like
from analysis.plots.population import contribution_ridges, part_triangle
from analysis.plots.theme import label_of
from analysis.recipes import Recipe
from app import loaders
from app.components import figure_card
from app.components.text import markdown
from app.state import Widget, is_dark, select
from prism_core.store.reader import Run

ALIKE = 8
TRIANGLE = "population-triangle"


def draw(run: Run, explanation: UserExplanation) -> None:
    """Draw the population with the user marked."""
    population = loaders.contributions_of_all(run)
    user_id = explanation.user_id
    with st.grid(2, min_column_width=440):
        figure_card.draw(
            contribution_ridges(population=population, user_id=user_id, dark=is_dark()),
            title="Mean contributions of all users",
            name="population-contributions",
            data=population,
            recipe=Recipe(figure="contributions", runs=(run.run_id,), options={"user_id": user_id}),
            caption="Hills: all users. Diamonds: this user. Bars: the middle half of all users.",
        )
        figure_card.draw(
            part_triangle(population=population, user_id=user_id, dark=is_dark()),
            title="Which part is strongest for whom",
            help="Shares of the summed absolute contributions of the parts, the item id left out.",
            name=TRIANGLE,
            data=population[["user_id", "top_part"]].join(population.filter(like="share_")),
            caption="A dot is a user; a click opens it. Near a corner, that source decides.",
            on_select=_open_point,
            recipe=Recipe(figure="triangle", runs=(run.run_id,), options={"user_id": user_id}),
        )
    _draw_alike(run, user_id)


def _draw_alike(run: Run, user_id: str) -> None:
    st.subheader("Users with the most similar fusion weights")
    near = users_like(run, user_id, count=ALIKE)
    st.pills(
        "Open a user",
        near["user_id"].tolist(),
        key=Widget.ALIKE,
        on_change=_open,
        label_visibility="collapsed",
        format_func=lambda user: f"User {markdown(user)}",
    )
    columns = {f"weight_{part}": label_of(part) for part in run.parts}
    table = near.rename(columns={"user_id": "User", "distance": "Distance", **columns})
    numbers = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        table[["User", *columns.values(), "Distance"]],
        hide_index=True,
        column_config=dict.fromkeys([*columns.values(), "Distance"], numbers),
    )


def _open_point() -> None:
    event: Any = st.session_state.get(TRIANGLE) or {}
    points = event.get("selection", {}).get("points", [])
    user = points[0].get("customdata") if points else None
    user = user[0] if isinstance(user, list) and user else user
    if user is not None:
        select(user=str(user))


def _open() -> None:
    chosen: str | None = st.session_state[Widget.ALIKE]
    if chosen is not None:
        select(user=chosen)
