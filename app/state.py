"""Every session-state and query key of the app, and the one selection that all pages share.

The selection (run, user, item, slice) lives in the session under ``SELECTION`` and is mirrored in
the URL, so that a copied address opens the same view. Widgets have keys of their own, listed in
:class:`Widget`, and write the selection in their callbacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode

import streamlit as st

SELECTION: Final = "selection"
PUBLISHED: Final = "published_query"
PICTURES: Final = "pictures_path"
JOB: Final = "job"
BOARD: Final = "board"
UNDO: Final = "earlier_what_ifs"

Field = Literal[
    "run", "user", "item", "slice", "view", "whatif", "standin", "beside", "map", "marked"
]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)
"""Names of the selection's fields; the query parameters have the same names."""


class Widget(StrEnum):
    """Keys of widgets."""

    RUN = "run_picker"
    SEED = "seed_picker"
    OPEN_OTHER = "open_other_run"
    TRAIN_AGAIN = "train_again"
    PICTURES = "pictures_input"
    SLICE = "slice_picker"
    DELETE_SLICE = "delete_slice"
    USER = "user_picker"
    USER_FILTER = "user_filter"
    USER_OUTCOME = "user_outcome"
    USER_SEARCH = "user_search"
    USER_HISTORY = "user_history_length"
    ITEM = "item_picker"
    VIEW = "user_view"
    PLAYERS_ON = "players_on"
    WITHHELD = "withheld"
    BY_HAND = "weights_by_hand"
    WEIGHT = "weight"
    STAND_IN = "stand_in"
    STAND_IN_USER = "stand_in_user"
    EDIT = "history_item"
    PLACE = "history_place"
    EARLIER = "move_earlier"
    LATER = "move_later"
    REMOVE = "remove_item"
    ADDING = "adding_item"
    ADD = "add_item"
    ADD_SEARCH = "add_item_search"
    UNDO = "undo"
    COMPARE = "compare_with"
    OTHER_RUN = "other_run"
    OTHER_USER = "other_user"
    SIMILAR = "similar_items"
    INFLUENCE = "history_influence"
    WHOLE_HISTORY = "whole_history"
    ALIKE = "users_alike"
    SCOPE = "faithfulness_scope"
    GROUPING = "user_grouping"
    USER_ORDER = "user_order"
    USER_PAGE = "user_page"
    USER_TABLE = "user_table"
    RESET = "reset"
    MAPS_TAB = "maps_tab"
    MAP_SCOPE = "map_scope"
    MAP_METHOD = "map_method"
    MAP_SPACES = "map_spaces"
    MAP_SEARCH = "map_search"
    MAP_COLOR = "map_color"
    MAP_CHART = "map_chart"
    TRIANGLE = "population-triangle"
    MAP_HOVER = "map_hover"
    MAP_CHOSEN = "map_chosen"
    MAP_TABLE = "map_table"
    MAP_LINK = "map_link"
    MAP_WEIGHTS = "map_weights"
    CLEAR = "clear_marked"
    CLEAR_USERS = "clear_marked_users"
    COMPUTE = "compute_maps"
    COMPUTE_SCOPE = "compute_map_scope"
    COMPUTE_METHOD = "compute_map_method"
    COMPUTE_SPACES = "compute_map_spaces"
    COMPUTE_NEIGHBOURS = "compute_map_neighbours"
    COMPUTE_MIN_DIST = "compute_map_min_dist"
    COMPUTE_SEED = "compute_map_seed"
    ALIGNED = "aligned_map"
    ALIGNED_FROM = "aligned_from"
    ALIGNED_TO = "aligned_to"
    ALIGNED_COLOR = "aligned_color"
    ALIGNED_CHART = "aligned_chart"
    MOVERS = "movers_table"
    ALIGN_RUNS = "align_runs"
    ALIGN_SPACE = "align_space"
    ALIGN = "start_alignment"
    METRIC = "metric"
    BACKBONES = "shown_backbones"
    GROUPS = "shown_groups"
    VARIANTS = "shown_variants"
    ABLATION_TAB = "ablation_tab"
    RIVAL = "rival_variant"
    LOSING_GROUP = "losing_group"
    LOSING_OUTCOME = "losing_outcome"
    LOSING_USERS = "losing_users"
    OPEN_USER = "open_user"
    GROUPINGS = "slice_groupings"
    COST = "cost"
    CURVES = "curves_of"
    QUANTITY = "curve_quantity"
    ALL_SETTINGS = "all_settings"
    REFERENCE = "reference_run"
    PRESET = "preset"
    QUESTION = "question"
    FIRST_SOURCE = "first_source"
    SECOND_SOURCE = "second_source"
    ABOUT = "about"
    CODING = "coding"
    COMPUTE_QUESTION = "compute_question"
    COMPUTE_QUESTIONS = "compute_questions"
    COMPUTE_HEALTH = "compute_health"
    INFORMATION_TAB = "information_tab"
    GATE = "gate"
    STOP = "stop_training"
    OPEN = "open_run"
    START = "start_training"
    DATASET = "dataset_picker"
    PREPARE = "start_preparation"
    VENUE = "paper_venue"
    FONT = "paper_font"
    POINTS = "paper_points"
    PALETTE = "paper_palette"
    TITLES = "paper_titles"
    BUNDLE = "board_bundle"
    SAVED_BOARD = "board_saved"
    BOARD_FILE = "board_file"
    OPEN_BOARD = "open_board"


def training_key(option: str, preset: str) -> str:
    """Key of an option in the form of a training; every preset has its own, with its default."""
    return f"train_{option}_{preset}"


def preparation_key(option: str) -> str:
    """Key of an option in the form of a preparation."""
    return f"prepare_{option}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the reader looks at; ``None`` means: let the page choose.

    Attributes
    ----------
    run, user, item
        Run id, user id, item id.
    slice
        Name of a saved slice or of a group of users, see :mod:`app.slices`.
    view
        What the page Users shows of the user.
    whatif
        A what-if as text, see :class:`app.what_if.WhatIf`.
    map
        What the page Maps shows, as text; see :class:`app.map_view.MapView`.
    marked
        Points marked on a map or among all users, as text; see :class:`analysis.regions.Region`.
    standin
        What takes the place of a part that is off, see :class:`prism_core.stand_in.StandIn`.
    beside
        What the user is compared with: ``run:<id>`` or ``user:<id>``.
    """

    run: str | None = None
    user: str | None = None
    item: str | None = None
    slice: str | None = None
    view: str | None = None
    whatif: str | None = None
    map: str | None = None
    marked: str | None = None
    standin: str | None = None
    beside: str | None = None


def selection() -> Selection:
    """Give the current selection."""
    return st.session_state.get(SELECTION, Selection())


def select(**changes: str | None) -> None:
    """Change fields of the selection; what depends on a changed field is cleared.

    Another run keeps the user (the same person under another model); another user or run drops
    the item and the what-if.
    """
    if set(changes) & {"run", "user"}:
        changes = {"item": None, "whatif": None, **changes}
        st.session_state.pop(UNDO, None)
    if "run" in changes:
        changes = {"marked": None, **changes}
    st.session_state[SELECTION] = replace(selection(), **changes)


def try_what_if(text: str) -> None:
    """Go to another what-if and remember the one before, for :func:`undo`."""
    before = selection().whatif or ""
    if text != before:
        st.session_state.setdefault(UNDO, []).append(before)
        select(whatif=text or None)


def undo() -> None:
    """Go back to the what-if before the last change."""
    if past := st.session_state.get(UNDO):
        select(whatif=past.pop() or None)


def link() -> str:
    """Give the address that opens what the reader sees now."""
    query: dict[str, str] = {f: v for f in FIELDS if (v := getattr(selection(), f)) is not None}
    return f"{(st.context.url or '').partition('?')[0]}?{urlencode(query)}"


def can_undo() -> bool:
    """Say whether there is a what-if to go back to."""
    return bool(st.session_state.get(UNDO))


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
