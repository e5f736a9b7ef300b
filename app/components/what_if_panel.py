"""What if: the list as it is beside the list after the reader's changes."""

from typing import Final

import pandas as pd
import streamlit as st

from analysis.aligned_lists import aligned_lists
from analysis.explanations import UserExplanation
from analysis.plots.rank_moves import rank_moves
from app import loaders
from app.catalogue import Catalogue
from app.components import figure_card, stand_in_picker, what_if_controls, what_if_history
from app.components.cards import Card, draw_strip
from app.components.histories import history_of, read_length
from app.components.text import markdown
from app.state import is_dark, publish, selection
from prism_core.errors import NotFittedError, PrismError
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
    _draw_answer(run, dataset, catalogue, explanation, _drawn_elsewhere())


@st.fragment
def _draw_answer(
    run: Run,
    dataset: Dataset,
    catalogue: Catalogue,
    explanation: UserExplanation,
    drawn: tuple[str | None, ...],
) -> None:
    """Draw what depends on the what-if alone; a change draws this again and nothing else."""
    if _drawn_elsewhere() != drawn:
        st.rerun()
    try:
        _draw_both(run, dataset, catalogue, explanation)
    except PrismError as error:
        st.error(markdown(error), icon=":material/error:")
    publish()


def _draw_both(
    run: Run, dataset: Dataset, catalogue: Catalogue, explanation: UserExplanation
) -> None:
    """Draw the controls and both lists."""
    history = history_of(dataset, explanation.user_id)
    own = tuple(history[-read_length(run) :])
    change = what_if_controls.current(run)
    sides = st.grid(2, min_column_width=440)
    controls, lists = sides.container(), sides.container()
    with controls:
        stand_in = stand_in_picker.draw(run, explanation.user_id)
        what_if_controls.draw(
            run, change, own=own, weights=explanation.weights, catalogue=catalogue
        )
    from app import live  # loads torch: not before somebody asks what if

    before = live.ranked_as_is(run, dataset, history)
    now = before if change.is_empty else live.ranked(run, dataset, history, change, stand_in)
    with lists:
        draw_moves(before, now, explanation, catalogue)
        draw_list(before, now, explanation, catalogue)
    if change.history is not None:
        what_if_history.draw_strip_of(change, own, catalogue)


def _drawn_elsewhere() -> tuple[str | None, ...]:
    """Give what the rest of the page shows of the selection."""
    return selection().run, selection().user, selection().standin


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
    figure_card.draw(
        rank_moves(lists=lists, names=("Before", "Now"), dark=is_dark()),
        title="The list before and now",
        name="what-if-moves",
        data=lists,
        caption="Lines join an item's two places; a short line leads out of the ten, or into them. "
        "★ marks the true next item.",
    )


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
