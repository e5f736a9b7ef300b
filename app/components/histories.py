"""The items a user chose, oldest first, as the model read them."""

from dataclasses import replace
from typing import Final

import numpy as np
import streamlit as st

from analysis.signs import signed
from app import loaders
from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.text import markdown, plural, shortened
from app.state import Widget
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

DEFAULT_READ: Final = 50
RAISES: Final = "#0072B2"
LOWERS: Final = "#D55E00"
NEWEST: Final = 20
"""Cards shown before the reader asks for the whole history."""


def draw(run: Run, catalogue: Catalogue, user_id: str, item_id: str | None = None) -> None:
    """Draw a user's history as a strip, newest first.

    Parameters
    ----------
    item_id
        A recommended item; the reader can ask what every history item does to its score.
    """
    dataset = loaders.find_dataset(run)
    st.subheader("History")
    if dataset is None:
        name = markdown(run.manifest["dataset"].get("name", "unnamed"))
        st.info(
            f"The histories are in the data set *{name}*, which is not here. Point "
            f"${loaders.DATA_VARIABLE} to the folder that holds it."
        )
        return
    items = history_of(dataset, user_id, read_length(run))
    st.caption(
        f"{plural(len(items), 'item')} read by the model, newest first. "
        f"{markdown(dataset.description.get('sequence', ''))}"
    )
    with st.container(horizontal=True):
        is_whole = len(items) > NEWEST and st.toggle(
            f"Show all {len(items)}", key=Widget.WHOLE_HISTORY, persist_state="session"
        )
        notes = _influence(run, dataset, items, catalogue, item_id)
    shown = [
        replace(notes.get(item, Card(catalogue.get(item))), corner="newest" if i == 0 else f"−{i}")
        for i, item in enumerate(items[::-1][: None if is_whole else NEWEST])
    ]
    draw_strip(shown, catalogue, label="History, newest first")


def _influence(
    run: Run, dataset: Dataset, items: list[str], catalogue: Catalogue, item_id: str | None
) -> dict[str, Card]:
    """Give a card with its influence for every history item, once the reader asks for it."""
    if item_id is None or not run.has_model or not items:
        return {}
    title = markdown(shortened(catalogue.get(item_id).title, 40))
    wanted = st.toggle(
        f"What each item does to the score of *{title}*",
        key=Widget.INFLUENCE,
        persist_state="session",
        help="The score with the whole history minus the score without that one item.",
    )
    if not wanted:
        return {}
    from app import live  # loads torch: not before somebody asks

    found = live.history_influence(run, dataset, items, item_id)
    pairs = found[["item_id", "influence"]].itertuples(index=False)
    return {
        str(item): Card(
            catalogue.get(str(item)),
            note=signed(value, 3),
            note_color=RAISES if value > 0 else LOWERS,
        )
        for item, value in pairs
    }


def history_of(dataset: Dataset, user_id: str, newest: int | None = None) -> list[str]:
    """Give the ids of the items before the true next one, oldest first.

    Parameters
    ----------
    newest
        How many of the newest; all by default.
    """
    place = np.flatnonzero(dataset.users["user_id"].to_numpy() == user_id)
    if not len(place):
        return []
    user_index = dataset.users["user_index"].to_numpy()[place[0]]
    users = dataset.interactions["user_index"].to_numpy()
    start, end = np.searchsorted(users, [user_index, user_index + 1])
    chosen = dataset.interactions["item_index"].to_numpy()[start : max(start, end - 1)]
    ids = dataset.items["item_id"].to_numpy()
    return [str(ids[index - 1]) for index in chosen[-(newest or len(chosen)) :]]


def read_length(run: Run) -> int:
    """Give how many of the newest items of a history the run reads."""
    return int(run.manifest["protocol"].get("max_seq_len", DEFAULT_READ))
