"""The items a user chose, oldest first, as the model read them."""

from typing import Final

import numpy as np
import streamlit as st

from app import loaders
from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.text import markdown, plural
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

DEFAULT_READ: Final = 50
NEWEST: Final = 20
"""Cards shown before the reader asks for the whole history."""


def draw(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw a user's history as a strip, newest first."""
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
    show_all = len(items) > NEWEST and st.toggle(f"Show all {len(items)}", key="whole_history")
    shown = items[::-1] if show_all else items[::-1][:NEWEST]
    cards = [
        Card(catalogue.get(item), corner="newest" if i == 0 else f"−{i}")
        for i, item in enumerate(shown)
    ]
    st.caption(
        f"{plural(len(items), 'item')} read by the model, newest first. "
        f"{markdown(dataset.description.get('sequence', ''))}"
    )
    draw_strip(cards, catalogue, label="History, newest first")


def history_of(dataset: Dataset, user_id: str, max_seq_len: int) -> list[str]:
    """Give the ids of the items before the true next one, oldest first.

    Parameters
    ----------
    max_seq_len
        Newest items that the model reads.
    """
    place = np.flatnonzero(dataset.users["user_id"].to_numpy() == user_id)
    if not len(place):
        return []
    user_index = dataset.users["user_index"].to_numpy()[place[0]]
    users = dataset.interactions["user_index"].to_numpy()
    start, end = np.searchsorted(users, [user_index, user_index + 1])
    chosen = dataset.interactions["item_index"].to_numpy()[start : max(start, end - 1)]
    ids = dataset.items["item_id"].to_numpy()
    return [str(ids[index - 1]) for index in chosen[-max_seq_len:]]


def read_length(run: Run) -> int:
    """Give how many of the newest items of a history the run reads."""
    return int(run.manifest["protocol"].get("max_seq_len", DEFAULT_READ))
