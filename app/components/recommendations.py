"""The recommended items of one user, and which of them is looked at."""

from typing import Any

import pandas as pd
import streamlit as st

from analysis.explanations import UserExplanation
from analysis.plots.theme import color_of, label_of
from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.text import markdown, shortened
from app.state import Widget, select, selection


def chosen_item(listed: pd.DataFrame) -> str:
    """Give the selected item, or the first recommended one where another is selected."""
    wanted = selection().item
    ids = listed["item_id"]
    return wanted if wanted is not None and (ids == wanted).any() else str(ids.iloc[0])


def draw_explained(explanation: UserExplanation, catalogue: Catalogue) -> None:
    """Draw the list, each item with the part that added most to its score."""
    listed = explanation.recommendations
    best = explanation.contributions.groupby("rank")["contribution"].max()
    chosen = chosen_item(listed)
    cards = [
        Card(
            catalogue.get(row.item_id),
            corner=f"{row.rank:,}",
            note=f"{label_of(row.top_player)} {best[row.rank]:+.2f}",
            note_color=color_of(row.top_player),
            mark="true next" if row.is_target else "",
            selected=row.item_id == chosen,
        )
        for row in _rows(listed)
    ]
    st.subheader("Recommended next")
    st.caption(
        "Best first; the colour names the part that added most to the item's score. "
        "*True next* marks the item that this user really chose, wherever it ranks."
    )
    draw_strip(cards, catalogue, label="Recommended items, best first")


def draw_plain(listed: pd.DataFrame, target_item_id: str, catalogue: Catalogue) -> None:
    """Draw the list of a run without parts, each item with its score."""
    cards = [
        Card(
            catalogue.get(row.item_id),
            corner=f"{row.rank:,}",
            note=f"score {row.score:.3g}",
            mark="true next" if row.item_id == target_item_id else "",
        )
        for row in _rows(listed)
    ]
    st.subheader("Recommended next")
    st.caption("Best first. *True next* marks the item that this user really chose.")
    draw_strip(cards, catalogue, label="Recommended items, best first")


def draw_item_picker(listed: pd.DataFrame) -> str:
    """Draw the choice of the item to explain and give its id."""
    labels = {
        row.item_id: f"{row.rank:,} · {markdown(shortened(row.title, 22))}" for row in _rows(listed)
    }
    st.session_state[Widget.ITEM] = chosen_item(listed)
    st.pills(
        "Item to explain",
        list(labels),
        format_func=lambda item_id: labels.get(item_id, item_id),
        key=Widget.ITEM,
        on_change=_on_item,
        required=True,
        label_visibility="collapsed",
    )
    return chosen_item(listed)


def _on_item() -> None:
    select(item=st.session_state[Widget.ITEM])


def _rows(listed: pd.DataFrame) -> Any:
    return listed.sort_values("rank").itertuples()
