"""Points that the reader has marked on a map; kept although the chart forgets them.

A chart loses its selection whenever its figure changes. So a selection event that is not empty is
copied into the session, from where every figure, list and page takes it.
"""

from typing import Any

import streamlit as st

from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.text import markdown, plural
from app.state import MARKED, Widget

SHOWN = 24


def marked_rows() -> list[int]:
    """Give the marked rows of the items, in order; empty for none."""
    return list(st.session_state.get(MARKED, []))


def keep() -> None:
    """Take over the rows of a selection event; call as the chart's callback."""
    event: Any = st.session_state.get(Widget.MAP_CHART) or {}
    points = event.get("selection", {}).get("points", [])
    rows = sorted({row for point in points if (row := _row(point)) is not None})
    if rows:
        st.session_state[MARKED] = rows


def draw(catalogue: Catalogue, ids: list[str]) -> None:
    """Draw the marked items as cards, with what most of them have in common, and Clear.

    Parameters
    ----------
    ids
        Item ids by row of the map.
    """
    items = [catalogue.get(ids[row]) for row in marked_rows() if row < len(ids)]
    if not items:
        st.caption("Draw a lasso around points to see which items they are.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plural(len(items), "marked item"), width="content")
        st.button("Clear", icon=":material/close:", key=Widget.CLEAR, on_click=_clear)
    st.caption(_in_common([name for item in items for name in item.categories], len(items)))
    popular = sorted(items, key=lambda item: -item.popularity)[:SHOWN]
    draw_strip([Card(item) for item in popular], catalogue, label="Marked items")
    if len(items) > SHOWN:
        st.caption(f"The {SHOWN} most popular of {len(items):,} are shown.")


def _row(point: dict[str, Any]) -> int | None:
    value = point.get("customdata")
    value = value[0] if isinstance(value, list) and value else value
    return int(value) if isinstance(value, int | float) else None


def _clear() -> None:
    st.session_state.pop(MARKED, None)


def _in_common(names: list[str], count: int) -> str:
    shares = sorted({(names.count(name) / count, name) for name in names}, reverse=True)[:4]
    return "Most frequent: " + ", ".join(f"{markdown(n)} {share:.0%}" for share, n in shares)
