"""The slice picker of the sidebar: everybody, a saved set of users or items, or a group."""

from typing import Final

import streamlit as st

from analysis import saved_slices
from analysis.plots.theme import PART_LABELS
from app import slices
from app.components.text import markdown, plural
from app.state import Widget, select, selection
from prism_core.errors import RunFormatError
from prism_core.store.reader import Run

EVERYBODY: Final = "Everybody"
HELP: Final = (
    "A slice narrows what the pages show. Save one of your own where you filter users or mark "
    "points. A slice of items stands for the users whose true next item is in it."
)


def draw(run: Run) -> None:
    """Draw the choice of a slice, what it holds, and the button that deletes a saved one."""
    try:
        names, chosen = slices.names(run), slices.current(run)
    except RunFormatError:
        return  # the page says what is wrong with the run
    if selection().slice is not None and chosen is None:
        st.warning(f"This run has no slice {markdown(selection().slice)}; everybody is shown.")
    st.session_state[Widget.SLICE] = EVERYBODY if chosen is None else chosen.name
    st.selectbox(
        "Slice", [EVERYBODY, *names], format_func=label, key=Widget.SLICE, on_change=_on_change,
        help=HELP,
    )  # fmt: skip
    if chosen is not None:
        _draw_chosen(run, chosen)


def label(name: str) -> str:
    """Give the reader's name of a slice: ``top part: synergy`` becomes "Top part: Synergy"."""
    grouping, colon, group = name.partition(": ")
    if not colon:
        return name
    return f"{grouping[:1].upper()}{grouping[1:]}: {PART_LABELS.get(group, group)}"


def _draw_chosen(run: Run, chosen: saved_slices.SavedSlice) -> None:
    users = plural(len(chosen.user_ids(run)), "user")
    size = users if chosen.kind == "users" else f"{plural(len(chosen.members), 'item')}, {users}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.caption(f"{size} · {markdown(chosen.origin)}", width="stretch")
        if chosen.name in slices.own(run):
            st.button(
                "", icon=":material/delete:", key=Widget.DELETE_SLICE, type="tertiary",
                help=f"Delete the slice {markdown(chosen.name)}", on_click=_delete,
                args=(run, chosen.name),
            )  # fmt: skip


def _on_change() -> None:
    wanted = st.session_state[Widget.SLICE]
    select(slice=None if wanted == EVERYBODY else wanted)


def _delete(run: Run, name: str) -> None:
    saved_slices.delete_slice(slices.own_folder(run), name)
    select(slice=None)
