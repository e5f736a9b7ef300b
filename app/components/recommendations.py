"""The recommended items of one user, and which of them is looked at."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis.explanations import UserExplanation
from analysis.plots.text import in_drawing_order
from analysis.plots.theme import color_of, label_of
from analysis.signs import signed
from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.components.text import markdown, shortened
from app.state import Widget, select, selection
from prism_core.names import ID, REDUNDANCY, SYNERGY

MEANINGS: Final = {
    "unique_image": "only the picture tells it",
    "unique_text": "only the text tells it",
    SYNERGY: "only both together tell it",
    REDUNDANCY: "either of them tells it",
    ID: "learned from what users chose",
}
"""What each part is meant to hold, in a few words."""


def chosen_item(listed: pd.DataFrame) -> str:
    """Give the selected item, or the first recommended one where another is selected."""
    wanted = selection().item
    ids = listed["item_id"]
    return wanted if wanted is not None and (ids == wanted).any() else str(ids.iloc[0])


def draw_explained(explanation: UserExplanation, catalogue: Catalogue) -> None:
    """Draw the list, each item with the part that added most to its score."""
    listed = explanation.recommendations
    shares = explanation.contributions.pivot(index="rank", columns="player", values="contribution")
    players = in_drawing_order(explanation.contributions["player"])
    chosen = chosen_item(listed)
    cards = [
        Card(
            catalogue.get(row.item_id),
            corner=f"{row.rank:,}",
            note=f"{label_of(row.top_player)} {signed(shares.loc[row.rank].max(), 2)}",
            note_color=color_of(row.top_player),
            bar=tuple((color_of(player), shares.loc[row.rank, player]) for player in players),
            mark="true next" if row.is_target else "",
            selected=row.item_id == chosen,
        )
        for row in _rows(listed)
    ]
    st.subheader("Recommended next")
    st.caption(
        "Best first. The bar below an item splits its score: what each part adds, faded where it "
        "takes away; the note names the part that adds most. *True next* marks the item that this "
        "user really chose, wherever it ranks."
    )
    _draw_key(players)
    draw_strip(cards, catalogue, label="Recommended items, best first")


def _draw_key(players: Sequence[str]) -> None:
    """Say which colour is which part."""
    entries = "".join(
        f'<span><i style="background:{color_of(player)}"></i>{label_of(player)}: '
        f"{MEANINGS.get(player, 'a part of the content')}</span>"
        for player in players
    )
    st.html(f'<div class="prism-key">{entries}</div>')


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
