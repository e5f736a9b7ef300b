"""What if: the list as it is beside the list after the reader's changes."""

from typing import Final

import pandas as pd
import streamlit as st

from analysis.explanations import UserExplanation
from app import loaders
from app.catalogue import Catalogue
from app.components import what_if_controls
from app.components.cards import Card, draw_strip
from app.components.histories import history_of, read_length
from app.what_if import WhatIf
from prism_core.errors import NotFittedError
from prism_core.store.reader import Run

TOP: Final = 10


def draw(run: Run, catalogue: Catalogue, explanation: UserExplanation) -> None:
    """Draw controls and both lists.

    Raises
    ------
    NotFittedError
        The run's model or its data set is not here.
    """
    dataset = loaders.find_dataset(run)
    if dataset is None or not run.has_model:
        missing = "data set" if dataset is None else "model"
        raise NotFittedError(
            f"A what-if needs the run's {missing}, which is not here. Train the run again, or "
            "choose another one."
        )
    own = tuple(history_of(dataset, explanation.user_id, read_length(run)))
    change = what_if_controls.current(run)
    what_if_controls.draw(run, change, own=own, weights=explanation.weights, catalogue=catalogue)
    from app import live  # loads torch: not before somebody asks what if

    before = live.ranked(run, dataset, own, WhatIf())
    now = before if change.is_empty else live.ranked(run, dataset, own, change)
    draw_lists(before, now, explanation, catalogue)


def draw_lists(
    before: pd.DataFrame, now: pd.DataFrame, explanation: UserExplanation, catalogue: Catalogue
) -> None:
    """Draw the list now and before, every item with its other place."""
    target = explanation.target_item_id
    places = {
        "now": now.set_index("item_id")["rank"],
        "before": before.set_index("item_id")["rank"],
    }
    st.subheader("The list now")
    st.caption(
        _target_words(places["before"].get(target), places["now"].get(target))
        + " ▲ and ▼ say how many places an item moved."
    )
    draw_strip(_cards(now, places["before"], target, catalogue), catalogue, label="The list now")
    st.subheader("The list before")
    cards = _cards(before, places["now"], target, catalogue, is_before=True)
    draw_strip(cards, catalogue, label="The list before")


def _cards(
    listed: pd.DataFrame,
    elsewhere: pd.Series,
    target: str,
    catalogue: Catalogue,
    *,
    is_before: bool = False,
) -> list[Card]:
    cards = []
    for item_id, rank in listed.head(TOP)[["item_id", "rank"]].itertuples(index=False):
        other = elsewhere.get(item_id)
        note = _now_words(rank, other) if is_before else _move_words(rank, other)
        mark = "true next" if item_id == target else ""
        cards.append(Card(catalogue.get(item_id), corner=f"{rank}", note=note, mark=mark))
    return cards


def _move_words(rank: int, before: int | None) -> str:
    if before is None:
        return "was in the history"
    if before == rank:
        return "unmoved"
    return f"{'▲' if before > rank else '▼'} {abs(before - rank):,} (was {before:,})"


def _now_words(rank: int, now: int | None) -> str:
    if now is None:
        return "now in the history"
    return "unmoved" if now == rank else f"now {now:,}"


def _target_words(before: int | None, now: int | None) -> str:
    if before is None or now is None:
        return "The true next item is part of the changed history."
    if before == now:
        return f"The true next item stands at rank {now:,}."
    return f"The true next item moved from rank {before:,} to {now:,}."
