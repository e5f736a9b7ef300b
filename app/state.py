"""Every session-state and query key of the app, and the one selection that all pages share.

The selection (run, user, item) lives in the session under ``SELECTION`` and is mirrored in the
URL, so that a copied address opens the same view. Widgets have keys of their own, listed in
:class:`Widget`, and write the selection in their callbacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal

import streamlit as st

SELECTION: Final = "selection"
PUBLISHED: Final = "published_query"
PICTURES: Final = "pictures_path"
JOB: Final = "job"
MARKED: Final = "marked_rows"

Field = Literal["run", "user", "item"]
FIELDS: Final[tuple[Field, ...]] = ("run", "user", "item")
"""Names of the selection's fields; the query parameters have the same names."""


class Widget(StrEnum):
    """Keys of widgets."""

    RUN = "run_picker"
    PICTURES = "pictures_input"
    USER = "user_picker"
    USER_FILTER = "user_filter"
    USER_OUTCOME = "user_outcome"
    USER_SEARCH = "user_search"
    USER_HISTORY = "user_history_length"
    ITEM = "item_picker"
    LIST_LENGTH = "list_length"
    MAP = "map_method"
    MAP_SPACES = "map_spaces"
    MAP_SEARCH = "map_search"
    CLEAR = "clear_marked"
    COMPUTE = "compute_maps"
    MAP_COLOR = "map_color"
    MAP_CHART = "map_chart"
    METRIC = "metric"
    REFERENCE = "reference_run"
    PRESET = "preset"
    QUESTION = "question"
    STOP = "stop_training"
    OPEN = "open_run"
    START = "start_training"


def training_key(option: str, preset: str) -> str:
    """Key of an option in the form of a training; every preset has its own, with its default."""
    return f"train_{option}_{preset}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the reader looks at; ``None`` means: let the page choose.

    Attributes
    ----------
    run, user, item
        Run id, user id, item id.
    """

    run: str | None = None
    user: str | None = None
    item: str | None = None


def selection() -> Selection:
    """Give the current selection."""
    return st.session_state.get(SELECTION, Selection())


def select(**changes: str | None) -> None:
    """Change fields of the selection; what depends on a changed field is cleared.

    Another run keeps the user (the same person under another model); another user or run drops
    the item.
    """
    if "item" not in changes and set(changes) & {"run", "user"}:
        changes["item"] = None
    if "run" in changes:
        st.session_state.pop(MARKED, None)
    st.session_state[SELECTION] = replace(selection(), **changes)


def settle(**shown: str) -> None:
    """Record what the app chose to show where nothing was selected, so that the URL names it."""
    missing = {
        field: value for field, value in shown.items() if getattr(selection(), field) is None
    }
    st.session_state[SELECTION] = replace(selection(), **missing)


def restore() -> None:
    """Take over query parameters that the reader opened or edited; call first in every run."""
    published: Mapping[str, str] = st.session_state.get(PUBLISHED, {})
    opened: dict[str, Any] = {
        field: st.query_params[field]
        for field in FIELDS
        if field in st.query_params and st.query_params[field] != published.get(field)
    }
    if opened:
        select(**opened)


def publish() -> None:
    """Write the selection into the URL; call last in every run."""
    current = selection()
    query: dict[str, str] = {
        field: value for field in FIELDS if (value := getattr(current, field)) is not None
    }
    st.session_state[PUBLISHED] = query
    if {field: st.query_params.get(field) for field in FIELDS if field in st.query_params} != query:
        st.query_params.from_dict(query)


def is_dark() -> bool:
    """Say whether the reader's theme is dark."""
    return st.context.theme.type == "dark"
