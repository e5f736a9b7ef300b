"""The users of a run as a sorted table, one page at a time; a click on a row opens the user."""

from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis.plots.theme import label_of
from app.components import table_card
from app.components.text import plural
from app.people import people_of
from app.state import Widget, select
from prism_core.store.reader import Run

PAGE: Final = 50
"""Rows sent to the browser at once."""

ORDERS: Final = {
    "As stored": (None, True),
    "True next item ranked best": ("rank", True),
    "True next item ranked worst": ("rank", False),
    "Longest history": ("history_length", False),
    "Shortest history": ("history_length", True),
    "Most even gate": ("gate_entropy", False),
    "Most one-sided gate": ("gate_entropy", True),
}


def draw(run: Run, user_ids: list[str] | None) -> None:
    """Draw the table of some users; None stands for all."""
    st.subheader("Users")
    people = people_of(run)
    if user_ids is not None:
        people = people[people["user_id"].isin(user_ids)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox(
            "Order", list(ORDERS), key=Widget.USER_ORDER, width=280, persist_state="session"
        )
        page = st.pagination(max(1, -(-len(people) // PAGE)), key=Widget.USER_PAGE)
    column, ascending = ORDERS[str(order)]
    if column is not None:
        people = people.sort_values(column, ascending=ascending, kind="stable")
    shown = people.iloc[(page - 1) * PAGE : page * PAGE]
    st.caption(f"{plural(len(people), 'user')}, {PAGE} a page. A click on a row opens the user.")
    st.dataframe(
        _named(shown),
        hide_index=True,
        key=Widget.USER_TABLE,
        on_select=lambda: _open(shown),
        selection_mode="single-row",
        column_config={
            "Gate entropy": st.column_config.NumberColumn(format="%.2f"),
            "Rank of the true next item": st.column_config.NumberColumn(format="localized"),
        },
    )
    table_card.draw_export(_named(people), title="Users", name="user-table")


def _named(people: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "User": people["user_id"],
            "Items in the history": people["history_length"],
            "Rank of the true next item": people["rank"],
            "Largest fusion weight": people["top_part"].map(label_of).astype(str),
            "Gate entropy": people["gate_entropy"],
        }
    )


def _open(shown: pd.DataFrame) -> None:
    event: Any = st.session_state.get(Widget.USER_TABLE) or {}
    rows = event.get("selection", {}).get("rows", [])
    if rows:
        select(user=str(shown["user_id"].iloc[rows[0]]))
