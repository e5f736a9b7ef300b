"""Differences within groups of users, as a heat map in which uncertain cells are grey."""

import streamlit as st

from analysis.plots.slices import slice_heatmap
from app import comparables
from app.components import figure_card
from app.components.ablation import Comparison, group_recipe, groups_of_users, say_whose_weights
from app.components.text import markdown, plural
from app.state import Widget, is_dark


def draw(compared: Comparison) -> None:
    """Draw the tab."""
    groups = groups_of_users(compared)
    groupings = [column for column in groups.columns if column != "user_id"]
    picked = st.pills(
        "Groupings", groupings, default=groupings, selection_mode="multi", key=Widget.GROUPINGS,
        format_func=lambda name: name[:1].upper() + name[1:],
    )  # fmt: skip
    if not picked:
        st.info("Choose at least one grouping.")
        return
    table = comparables.slice_differences(
        compared.runs,
        compared.reference,
        compared.metric,
        groups[["user_id", *picked]],
        compared.users,
    )
    if table.empty:
        st.info("Only the reference is shown. Choose more variants above.")
        return
    certain = int(table["certain"].sum())
    st.markdown(
        f"{certain} of {plural(len(table), 'cell')} are certain, each for itself. If no variant "
        f"differed anywhere, about {max(1, round(len(table) / 20))} would look so by chance."
    )
    figure_card.draw(
        slice_heatmap(table=table, dark=is_dark()),
        title=f"Difference to {markdown(compared.reference)} within groups of users",
        name="ablation-groups",
        data=table,
        recipe=group_recipe(compared, "slices", groupings=list(picked)),
        caption="Number of users in brackets. Grey: the 95 % interval holds zero, or the group "
        "has fewer than 20 users.",
    )
    say_whose_weights(compared)
