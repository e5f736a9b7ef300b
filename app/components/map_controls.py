"""What a map shows: items or users, method, colour, search, and which spaces."""

import pandas as pd
import streamlit as st

from analysis.map_points import color_columns, column_label
from analysis.plots.maps import space_label
from app import map_view
from app.map_view import METHOD_NAMES, MapView
from app.state import Widget

METHOD_HELP = (
    "UMAP keeps neighbours together; densMAP also keeps how crowded a place is; PCA is a plain "
    "projection that keeps the largest spread and distorts nothing else."
)


def draw(view: MapView, stored: dict[str, dict[str, list[str]]], points: pd.DataFrame) -> None:
    """Draw the controls; a change is written into the address."""
    row = st.grid(4, min_column_width=170)
    _choice(row, "Points", list(stored), str.capitalize, Widget.MAP_SCOPE, "scope", view.scope)
    _choice(
        row, "Method", list(stored[view.scope]), METHOD_NAMES.__getitem__, Widget.MAP_METHOD,
        "method", view.method, help=METHOD_HELP,
    )  # fmt: skip
    _choice(
        row, "Colour", color_columns(points), column_label, Widget.MAP_COLOR, "color", view.color
    )
    st.session_state[Widget.MAP_SEARCH] = view.search
    row.text_input(
        "Find", key=Widget.MAP_SEARCH, on_change=_took, args=("search", Widget.MAP_SEARCH),
        placeholder="Title" if "title" in points else "User id",
        help="What is found is ringed in every panel.",
    )  # fmt: skip
    st.session_state[Widget.MAP_SPACES] = list(view.spaces)
    st.pills(
        "Spaces", stored[view.scope][view.method], selection_mode="multi", format_func=space_label,
        key=Widget.MAP_SPACES, on_change=_took, args=("spaces", Widget.MAP_SPACES),
    )  # fmt: skip


def found_rows(points: pd.DataFrame, text: str) -> list[int]:
    """Give the rows whose title, or user id, holds a text; none for no text."""
    if not text.strip():
        return []
    names = points["title" if "title" in points else "user_id"].astype(str)
    return points.index[names.str.contains(text.strip(), case=False, regex=False)].tolist()


def _choice(row, label, options, name, key, field, value, help=None) -> None:  # type: ignore[no-untyped-def]
    st.session_state[key] = value
    row.selectbox(
        label, options, format_func=name, key=key, on_change=_took, args=(field, key), help=help
    )


def _took(field: str, key: str) -> None:
    value = st.session_state[key]
    map_view.change(**{field: tuple(value) if field == "spaces" else value})
