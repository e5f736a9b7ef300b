"""Save what the reader has marked, filtered or grouped as a named slice of the run."""

from collections.abc import Sequence

import streamlit as st

from analysis.saved_slices import MAX_NAME, Kind, SavedSlice, save_slice
from app import slices
from app.components.text import markdown, plural
from app.state import select
from prism_core.errors import DataError
from prism_core.store.reader import Run

NOUNS = {"users": "user", "items": "item"}


def draw(run: Run, *, kind: Kind, members: Sequence[str], origin: str, key: str) -> None:
    """Draw a button that asks for a name and saves the members under it.

    Parameters
    ----------
    kind
        What the members are.
    members
        External ids; without any the button is off.
    origin
        How they were chosen, in plain words.
    key
        Tells this button from others on the page.
    """
    with st.popover(
        "Save as slice", icon=":material/bookmark_add:", key=f"{key}-slice", disabled=not members
    ):
        draw_form(run, kind=kind, members=members, origin=origin, key=key)


def draw_form(run: Run, *, kind: Kind, members: Sequence[str], origin: str, key: str) -> None:
    """Draw the name and the button without the popover around them; see :func:`draw`."""
    st.caption(
        f"{plural(len(members), NOUNS[kind])} · {markdown(origin)}. A saved slice can be "
        "chosen in the sidebar on every page."
    )
    field = f"{key}-slice-name"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the slice", key=field, max_chars=MAX_NAME).strip()
        st.button(
            "Save", key=f"{key}-slice-save", icon=":material/bookmark_add:", on_click=_save,
            args=(run, kind, tuple(members), origin, field), disabled=not members,
        )  # fmt: skip
    if name in slices.saved(run):
        st.caption("The slice of this name is replaced.")


def _save(run: Run, kind: Kind, members: tuple[str, ...], origin: str, field: str) -> None:
    name = str(st.session_state.get(field, "")).strip()
    try:
        save_slice(
            slices.own_folder(run),
            SavedSlice(name=name, kind=kind, members=members, origin=origin),
        )
    except (DataError, OSError) as error:
        st.toast(markdown(error), icon=":material/error:")
        return
    select(slice=name)
    st.session_state[field] = ""
    st.toast(f"Slice {markdown(name)} is saved and chosen.", icon=":material/bookmark_added:")
