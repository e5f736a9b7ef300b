"""One user among all: contributions, dominant parts, groups, users alike, all as a table."""

from typing import Any

import pandas as pd
import streamlit as st

from analysis.explanations import UserExplanation, users_like
from analysis.plots.population import contribution_ridges
from analysis.plots.theme import label_of
from analysis.plots.user_groups import entropy_histogram, group_bars
from analysis.recipes import Recipe
from analysis.user_groups import group_profiles
from app import loaders, slices
from app.components import figure_card, health_badge, table_card, user_table, user_triangle
from app.components.text import markdown, plural
from app.people import people_of
from app.state import Widget, is_dark, select
from prism_core.store.reader import Run

ALIKE = 8
GROUPS = "population-groups"


def draw(run: Run, explanation: UserExplanation) -> None:
    """Draw the population, or the chosen slice of it, with the user marked."""
    population = loaders.contributions_of_all(run)
    members, narrowed = slices.user_ids(run), {}
    if members is not None:
        population = population[population["user_id"].isin(members)]
        narrowed = {"user_ids": members}
        st.caption(
            f"The chosen slice: {plural(len(population), 'user')}. Choose *Everybody* in the "
            "sidebar for the whole run."
        )
    if population.empty:
        st.info("No user of this run is in the chosen slice.")
        return
    options = {"user_id": explanation.user_id, **narrowed}
    with st.grid(2, min_column_width=440):
        _draw_contributions(run, population, options)
        user_triangle.draw(run, population, options)
        _draw_groups(run, population)
        _draw_entropy(run, members, explanation)
    health_badge.draw(run)
    _draw_alike(run, explanation.user_id)
    user_table.draw(run, members)


def _draw_contributions(run: Run, population: pd.DataFrame, options: dict[str, Any]) -> None:
    figure_card.draw(
        contribution_ridges(population=population, user_id=options["user_id"], dark=is_dark()),
        title="Mean contributions",
        name="population-contributions",
        data=population,
        recipe=Recipe(figure="contributions", runs=(run.run_id,), options=options),
        caption="Means over each user's listed items. Hills: users, each hill as tall as the "
        "others. Diamonds: this user. Bars: the middle half of the users.",
    )


def _draw_groups(run: Run, population: pd.DataFrame) -> None:
    groups = slices.groups(run)
    with st.container():
        grouping = st.selectbox(
            "Group users by", groups.columns.drop("user_id").tolist(), key=Widget.GROUPING,
            format_func=str.capitalize, persist_state="session",
        )  # fmt: skip
        profiles = group_profiles(population, groups, str(grouping))
        figure_card.draw(
            group_bars(profiles=profiles, dark=is_dark()),
            title=f"Strength of the parts by {grouping}",
            help="Shares of the summed absolute contributions of the parts, the item id left out, "
            "as means over the users of a group.",
            name=GROUPS,
            data=profiles,
            caption="A click on a bar chooses that group as the slice, on every page.",
            on_select=_on_group,
        )


def _draw_entropy(run: Run, members: list[str] | None, explanation: UserExplanation) -> None:
    shown = people_of(run)[["user_id", "gate_entropy"]]
    if members is not None:
        shown = shown[shown["user_id"].isin(members)]
    figure_card.draw(
        entropy_histogram(
            entropy=shown["gate_entropy"],
            num_parts=len(run.parts),
            value=explanation.gate_entropy,
            dark=is_dark(),
        ),
        title="How evenly the gate weighs the parts",
        help="**Gate entropy**: 0 bits, one part has all the weight; at the right end all parts "
        "weigh the same.",
        name="population-entropy",
        data=shown,
        caption="Bars: users. Line: this user.",
    )


def _draw_alike(run: Run, user_id: str) -> None:
    st.subheader("Users like this one")
    near = users_like(run, user_id, count=ALIKE)
    st.caption("Those with the most similar fusion weights (Hellinger distance, 0 to 1).")
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
    table_card.draw(
        table[["User", *columns.values(), "Distance"]],
        title=f"Users with fusion weights like those of user {user_id}",
        name="users-alike",
        columns=dict.fromkeys([*columns.values(), "Distance"], numbers),
    )


def _on_group() -> None:
    picked = _picked(GROUPS)
    if picked:
        grouping = st.session_state[Widget.GROUPING]
        select(slice=f"{grouping}: {picked[0][0]}")


def _picked(key: str) -> list[Any]:
    """Give the custom data of the points of a selection event."""
    event: Any = st.session_state.get(key) or {}
    points = event.get("selection", {}).get("points", [])
    return [point["customdata"] for point in points if point.get("customdata")]


def _open() -> None:
    chosen: str | None = st.session_state[Widget.ALIKE]
    if chosen is not None:
        select(user=chosen)
