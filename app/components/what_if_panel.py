"""What if: the list as it is beside the list after the reader's changes."""

from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.aligned_lists import aligned_lists
from analysis.explanations import UserExplanation
from analysis.plots.rank_moves import rank_moves
from app import loaders
from app.catalogue import Catalogue
from app.components import (
    figure_card,
    health_badge,
    moves_list,
    stand_in_picker,
    what_if_controls,
    what_if_history,
)
from app.components.cards import Card, draw_strip
from app.components.histories import history_of, read_length
from app.components.text import markdown
from app.redraws import redrawn_alone
from app.state import is_dark
from prism_core.errors import NotFittedError, PrismError
from prism_core.stand_in import StandIn
from prism_core.store.datasets import Dataset
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
    sides = st.grid(2, min_column_width=440)
    controls, lists = sides.container(), sides.container()
    below = st.container()
    with controls:
        stand_in = stand_in_picker.draw(run, explanation.user_id)
        _draw_answer(run, dataset, catalogue, explanation, stand_in, lists, below)
        health_badge.draw(run)


@redrawn_alone("run", "user", "standin")
def _draw_answer(
    run: Run,
    dataset: Dataset,
    catalogue: Catalogue,
    explanation: UserExplanation,
    stand_in: StandIn,
    lists: DeltaGenerator,
    below: DeltaGenerator,
) -> None:
    """Draw what depends on the what-if alone; a change draws this again and nothing else."""
    try:
        history = history_of(dataset, explanation.user_id)
        own = tuple(history[-read_length(run) :])
        change = what_if_controls.current(run)
        what_if_controls.draw(
            run, change, own=own, weights=explanation.weights, catalogue=catalogue
        )
        from app import live  # loads torch: not before somebody asks what if

        before = live.ranked_as_is(run, dataset, history)
        now = before if change.is_empty else live.ranked(run, dataset, history, change, stand_in)
        with lists:
            draw_moves(before, now, explanation, catalogue)
            draw_list(before, now, explanation, catalogue)
        with below.container():
            if change.history is not None:
                what_if_history.draw_strip_of(change, own, catalogue)
    except PrismError as error:
        st.error(markdown(error), icon=":material/error:")


def draw_moves(
    before: pd.DataFrame, now: pd.DataFrame, explanation: UserExplanation, catalogue: Catalogue
) -> None:
    """Draw both lists side by side with every item's move."""
    target = explanation.target_item_id
    shown = {*before["item_id"].head(TOP), *now["item_id"].head(TOP), target}
    titles = {item_id: catalogue.get(item_id).label for item_id in shown}
    first, second = (one[one["item_id"].isin(shown)] for one in (before, now))
    lists = aligned_lists(first, second, titles=titles, targets=(target, target), top=TOP)
    places = [one.set_index("item_id")["rank"].get(target) for one in (first, second)]
    st.markdown(f"**{_target_words(*places)}**")
    head = figure_card.Head(
        title="The list before and now",
        name="what-if-moves",
        data=lambda: lists,
        caption="Lines join an item's two places; a short line leads out of the ten, or into them. "
        "★ marks the true next item.",
    )
    names, dark = ("Before", "Now"), is_dark()
    with st.container(border=True):
        figure_card.draw_head(head, lambda: rank_moves(lists=lists, names=names, dark=dark))
        moves_list.draw(lists, names=names, top=TOP, dark=dark)
        st.caption(head.caption)


def draw_list(
    before: pd.DataFrame, now: pd.DataFrame, explanation: UserExplanation, catalogue: Catalogue
) -> None:
    """Draw the list now as cards."""
    st.subheader("The list now")
    st.caption("▲ and ▼ say how many places an item moved.")
    shown = before[before["item_id"].isin(now["item_id"].head(TOP))]
    places = shown.set_index("item_id")["rank"]
    cards = _cards(now, places, explanation.target_item_id, catalogue)
    draw_strip(cards, catalogue, label="The list now")


def _cards(
    listed: pd.DataFrame, elsewhere: pd.Series, target: str, catalogue: Catalogue
) -> list[Card]:
    return [
        Card(
            catalogue.get(item_id),
            corner=f"{rank}",
            note=_move_words(rank, elsewhere.get(item_id)),
            mark="true next" if item_id == target else "",
        )
        for item_id, rank in listed.head(TOP)[["item_id", "rank"]].itertuples(index=False)
    ]


def _move_words(rank: int, before: int | None) -> str:
    if before is None:
        return "was in the history"
    if before == rank:
        return "unmoved"
    return f"{'▲' if before > rank else '▼'} {abs(before - rank):,} (was {before:,})"


def _target_words(before: int | None, now: int | None) -> str:
    if before is None or now is None:
        return "The true next item is part of the changed history."
    if before == now:
        return f"The true next item stands at rank {now:,}."
    return f"The true next item moved from rank {before:,} to {now:,}."
