"""The history of a what-if: choose an item, move it anywhere, remove it, or add another."""

from difflib import SequenceMatcher
from typing import Final

import streamlit as st

from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.histories import NEWEST
from app.components.text import plural
from app.state import Widget, try_what_if
from app.what_if import WhatIf

MAX_OPTIONS: Final = 5000
"""Items offered at once."""


def draw(change: WhatIf, own: tuple[str, ...], catalogue: Catalogue) -> None:
    """Draw the controls; places are counted from the newest item, which is 1."""
    newest_first = change.read(own)[::-1]
    if newest_first:
        place = min(int(st.session_state.get(Widget.EDIT, 0)), len(newest_first) - 1)
        _draw_choice(newest_first, place, catalogue)
        _draw_moves(change, own, place, len(newest_first))
    _draw_addition(change, own, set(newest_first), catalogue)


def draw_strip_of(change: WhatIf, own: tuple[str, ...], catalogue: Catalogue) -> None:
    """Draw the history as it is read now, newest first; what was added or moved is marked."""
    newest_first, before = change.read(own)[::-1], own[::-1]
    kept = _places_kept(before, newest_first)
    chosen = int(st.session_state.get(Widget.EDIT, 0))
    start, end = window(chosen, len(newest_first))
    cards = [
        Card(
            catalogue.get(item),
            corner="newest" if place == 0 else f"−{place}",
            note="" if place in kept else _note(item, before),
            selected=place == chosen,
        )
        for place, item in enumerate(newest_first[start:end], start)
    ]
    st.subheader("The history now")
    gone = len(set(own) - set(newest_first))
    shown = "" if len(cards) == len(newest_first) else f" Places {start + 1} to {end} are shown."
    st.caption(
        f"{plural(len(newest_first), 'item')}, newest first; {gone} of the user's own removed. "
        f"The framed one is chosen above.{shown}"
    )
    draw_strip(cards, catalogue, label="The history now, newest first")


def window(chosen: int, count: int) -> tuple[int, int]:
    """Give the first place shown and the one after the last, around the chosen one."""
    start = min(max(0, chosen - NEWEST // 2), max(0, count - NEWEST))
    return start, min(start + NEWEST, count)


def _draw_choice(newest_first: tuple[str, ...], place: int, catalogue: Catalogue) -> None:
    st.session_state[Widget.EDIT] = place
    st.selectbox(
        "History item",
        range(len(newest_first)),
        format_func=lambda at: f"{at + 1} · {catalogue.get(newest_first[at]).label}",
        key=Widget.EDIT,
        help="Type to search. The number is the place; 1 is the newest.",
    )


def _draw_moves(change: WhatIf, own: tuple[str, ...], place: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Newer", icon=":material/arrow_back:", key=Widget.LATER, disabled=place == 0,
            on_click=lambda: _move(change, own, place, place - 1),
        )  # fmt: skip
        st.button(
            "Older", icon=":material/arrow_forward:", key=Widget.EARLIER,
            disabled=place == count - 1, on_click=lambda: _move(change, own, place, place + 1),
        )  # fmt: skip
        st.button(
            "Remove", icon=":material/close:", key=Widget.REMOVE, disabled=count == 1,
            on_click=lambda: try_what_if(change.with_removed(place, own).to_text()),
        )  # fmt: skip
        st.session_state[Widget.PLACE] = place + 1
        st.number_input(
            "Move to place", 1, count, key=Widget.PLACE, width=120, disabled=count == 1,
            on_change=lambda: _move(change, own, place, int(st.session_state[Widget.PLACE]) - 1),
        )  # fmt: skip


def _draw_addition(
    change: WhatIf, own: tuple[str, ...], present: set[str], catalogue: Catalogue
) -> None:
    """Draw the search for an item to add; the titles are sent once it is open, not before."""
    adding = st.popover(
        "Add an item as the newest", icon=":material/add:", key=Widget.ADDING, on_change="rerun"
    )
    if not adding.open:
        return
    with adding:
        offered = _offered(catalogue, present)
        st.session_state[Widget.ADD] = None
        st.selectbox(
            "Item to add",
            offered,
            index=None,
            format_func=lambda item: catalogue.get(item).label,
            key=Widget.ADD,
            placeholder="type a title",
            on_change=lambda: _add(change, own),
        )


def _offered(catalogue: Catalogue, present: set[str]) -> list[str]:
    """Give the items that can be added; among very many the reader types a part of a title."""
    text = ""
    if len(catalogue.items) > MAX_OPTIONS:
        text = st.text_input("Title contains", key=Widget.ADD_SEARCH)
    found = catalogue.containing(text, MAX_OPTIONS + len(present))
    return [item for item in found if item not in present][:MAX_OPTIONS]


def _move(change: WhatIf, own: tuple[str, ...], place: int, to: int) -> None:
    try_what_if(change.with_moved(place, to, own).to_text())
    st.session_state[Widget.EDIT] = to


def _add(change: WhatIf, own: tuple[str, ...]) -> None:
    try_what_if(change.with_added(str(st.session_state[Widget.ADD]), own).to_text())
    st.session_state[Widget.EDIT] = 0
    st.session_state[Widget.ADDING] = False


def _places_kept(before: tuple[str, ...], now: tuple[str, ...]) -> set[int]:
    """Places of the items that still stand in the order they had."""
    blocks = SequenceMatcher(a=before, b=now, autojunk=False).get_matching_blocks()
    return {block.b + step for block in blocks for step in range(block.size)}


def _note(item: str, before: tuple[str, ...]) -> str:
    return f"moved, was {before.index(item) + 1}" if item in before else "added"
