"""Tabs that the address names, so that a link opens the same one; only the open one is drawn."""

from collections.abc import Callable, Mapping

import streamlit as st

from app.state import select, selection


def draw(tabs: Mapping[str, Callable[[], None]], *, key: str) -> None:
    """Draw tabs and what is in the open one.

    Parameters
    ----------
    tabs
        By label, what draws the tab.
    key
        Key of the widget.
    """
    wanted = selection().view
    st.session_state[key] = wanted if wanted in tabs else next(iter(tabs))
    containers = st.tabs(list(tabs), key=key, on_change=lambda: select(view=st.session_state[key]))
    for container, draw_one in zip(containers, tabs.values(), strict=True):
        if container.open:
            with container:
                draw_one()
