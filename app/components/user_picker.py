"""Search, filter and step through the users of a run."""

from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.plots.theme import label_of
from app import slices
from app.components import slice_saver
from app.components.text import markdown, plural
from app.people import people_of
from app.state import Widget, select, selection, settle
from prism_core.store.reader import Run

MAX_OPTIONS: Final = 2000
"""Users offered at once; in a larger run the reader first types the beginning of an id."""

ANY: Final = "Any"
FOUND: Final = "in the top 10"
MISSED: Final = "below the top 10"


def draw(run: Run) -> str:
    """Draw the picker and give the id of the user to show."""
    people = people_of(run)
    current = _current(people)
    settle(user=current)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    choice = row.container(width="stretch")
    with row.popover("Filter", icon=":material/filter_list:", width="content"):
        offered = _filtered(run, people)
    with choice:
        _draw_choice(offered, current, len(people))
    ids = offered["user_id"].tolist()
    place = ids.index(current) if current in ids else -1
    _step(row, "Previous user", ":material/chevron_left:", ids, place - 1)
    _step(row, "Next user", ":material/chevron_right:", ids, place + 1)
    return current


def _current(people: pd.DataFrame) -> str:
    wanted, ids = selection().user, people["user_id"]
    if wanted is not None and (ids == wanted).any():
        return wanted
    if wanted is not None:
        st.warning(f"This run has no user {markdown(wanted)}; the first one is shown.")
    return str(ids.iloc[0])


def _filtered(run: Run, people: pd.DataFrame) -> pd.DataFrame:
    """Narrow the users to the chosen slice and to the filter, which can be saved as a slice."""
    chosen = slices.current(run)
    keep = pd.Series(True, index=people.index)
    words = [] if chosen is None else [f"slice {chosen.name}"]
    if chosen is not None:
        keep &= people["user_id"].isin(chosen.user_ids(run))
    parts = run.parts if run.has("users") else ()
    for wanted, said in (_by_length(people), _by_outcome(people), _by_part(people, parts)):
        if said:
            keep &= wanted
            words.append(said)
    st.caption(f"{keep.sum():,} of {plural(len(people), 'user')} match.")
    found = people[keep]
    if words:
        slice_saver.draw_form(
            run, kind="users", members=found["user_id"].tolist(), origin=", ".join(words),
            key="user-filter",
        )  # fmt: skip
    return found


Filtered = tuple[pd.Series | bool, str]
"""Which users are kept, and the filter in words; empty words for a filter that keeps all."""


def _by_length(people: pd.DataFrame) -> Filtered:
    bounds = int(people["history_length"].min()), int(people["history_length"].max())
    if bounds[0] == bounds[1]:
        return True, ""
    low, high = st.slider(
        "Items in the history", *bounds, bounds, key=Widget.USER_HISTORY, persist_state="session"
    )
    words = "" if (low, high) == bounds else f"{low} to {high} items in the history"
    return people["history_length"].between(low, high), words


def _by_outcome(people: pd.DataFrame) -> Filtered:
    outcome = st.selectbox(
        "True next item is ranked", [ANY, FOUND, MISSED], key=Widget.USER_OUTCOME,
        persist_state="session",
    )  # fmt: skip
    words = "" if outcome == ANY else f"true next item {outcome}"
    return (people["rank"] <= 10) == (outcome == FOUND), words


def _by_part(people: pd.DataFrame, parts: tuple[str, ...]) -> Filtered:
    if not parts:
        return True, ""
    part = st.selectbox(
        "Largest fusion weight", [ANY, *parts], format_func=_part_name, key=Widget.USER_FILTER,
        persist_state="session",
    )  # fmt: skip
    words = "" if part == ANY else f"largest fusion weight {label_of(str(part)).lower()}"
    return people["top_part"] == part, words


def _draw_choice(offered: pd.DataFrame, current: str, total: int) -> None:
    if len(offered) > MAX_OPTIONS:
        start = st.text_input("User id begins with", key=Widget.USER_SEARCH)
        offered = offered[offered["user_id"].str.startswith(start)].head(MAX_OPTIONS)
    labels = {
        user: f"{user}  ·  {plural(length, 'item')}  ·  true next item ranked {rank:,}"
        for user, length, rank in zip(
            offered["user_id"], offered["history_length"], offered["rank"], strict=True
        )
    }
    st.session_state[Widget.USER] = current
    st.selectbox(
        f"User ({len(offered):,} of {total:,})",
        [*([] if current in labels else [current]), *labels],
        format_func=lambda user: labels.get(user, f"{user}  ·  does not match the filter"),
        key=Widget.USER,
        on_change=_on_change,
        help="Type to search. The list holds id, history length and the true next item's rank.",
    )


def _step(row: DeltaGenerator, label: str, icon: str, ids: list[str], place: int) -> None:
    row.button(
        "",
        icon=icon,
        help=label,
        key=label,
        disabled=not 0 <= place < len(ids),
        width=52,
        on_click=lambda: select(user=ids[place]),
    )


def _on_change() -> None:
    select(user=st.session_state[Widget.USER])


def _part_name(part: str) -> str:
    return ANY if part == ANY else label_of(part)
