"""One user's list beside another: the same user under another run, or another user."""

from dataclasses import dataclass
from typing import Final

import pandas as pd
import streamlit as st

from analysis import sentences
from analysis.aligned_lists import aligned_lists
from analysis.drivers import list_drivers
from analysis.explanations import UserExplanation
from analysis.plots.rank_moves import rank_moves
from analysis.plots.two_sides import two_sides
from app import comparables, loaders
from app.catalogue import Catalogue
from app.components import figure_card, health_badge, user_picker
from app.components.cards import Card, draw_strip
from app.components.text import markdown
from app.people import people_of
from app.state import Widget, is_dark, select, selection
from prism_core.store.reader import Run

RUN: Final = "Another run"
USER: Final = "Another user"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lists.

    Attributes
    ----------
    rows
        ``item_id``, ``rank`` of the stored list, best first, and of the true next item.
    target
        The true next item.
    length
        Length of the list.
    explanation
        What drove the list; None for a run without parts.
    """

    name: str
    rows: pd.DataFrame
    target: str
    length: int
    explanation: UserExplanation | None

    @property
    def top(self) -> pd.DataFrame:
        """The list without a true next item that ranks below it."""
        return self.rows[self.rows["rank"] <= self.length]

    @property
    def ranks(self) -> pd.Series:
        """Ranks by item id, as far as they are stored."""
        return self.rows.set_index("item_id")["rank"]


def draw(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw both lists, aligned, and what drove each of them."""
    found = _draw_choice(run, user_id)
    if found is None:
        st.info("There is nothing to compare with.")
        return
    mine, theirs = _side(run, user_id, *found), _side(*found, run, user_id)
    shared = len(set(mine.top["item_id"]) & set(theirs.top["item_id"]))
    st.markdown(f"The two lists have {shared} of {len(mine.top)} items in common.")
    _draw_moves(mine, theirs, catalogue)
    _draw_drivers(mine, theirs)
    _draw_badges(run, found[0])
    for one, two in ((mine, theirs), (theirs, mine)):
        _draw_list(one, two, catalogue)


def _draw_choice(run: Run, user_id: str) -> tuple[Run, str] | None:
    """Draw what to compare with; the choice is in the link as ``run:<id>`` or ``user:<id>``."""
    kind, _, wanted = (selection().beside or "run:").partition(":")
    runs = {
        other.run_id: other
        for other in comparables.comparable_runs(run)[1:]
        if other.has("recommendations")
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state[Widget.COMPARE] = USER if kind == "user" else RUN
        st.segmented_control(
            "Compare with", [RUN, USER], required=True, key=Widget.COMPARE, on_change=_on_kind
        )
        if kind == "user":
            return _draw_user(run, user_id, wanted)
        if not runs:
            return None
        st.session_state[Widget.OTHER_RUN] = wanted if wanted in runs else next(iter(runs))
        st.selectbox(
            "Run", list(runs), format_func=lambda i: _run_name(runs[i], *runs.values(), run),
            key=Widget.OTHER_RUN,
            on_change=lambda: select(beside=f"run:{st.session_state[Widget.OTHER_RUN]}"),
        )  # fmt: skip
        return runs[st.session_state[Widget.OTHER_RUN]], user_id


def _draw_user(run: Run, user_id: str, wanted: str) -> tuple[Run, str] | None:
    ids = people_of(run)["user_id"]
    others: list[str] = ids[ids != user_id].head(user_picker.MAX_OPTIONS).tolist()
    if wanted not in others and wanted != user_id and (ids == wanted).any():
        others = [wanted, *others]
    if not others:
        return None
    st.session_state[Widget.OTHER_USER] = wanted if wanted in others else others[0]
    st.selectbox(
        "User", others, key=Widget.OTHER_USER,
        on_change=lambda: select(beside=f"user:{st.session_state[Widget.OTHER_USER]}"),
    )  # fmt: skip
    return run, str(st.session_state[Widget.OTHER_USER])


def _on_kind() -> None:
    select(beside="user:" if st.session_state[Widget.COMPARE] == USER else "run:")


def _run_name(run: Run, *others: Run) -> str:
    """Name a run and its seed; its id tells it from others of the same name and seed."""
    seed = "" if run.manifest["kind"] == "floor" else f" · seed {run.manifest['seed']}"
    name = f"{run.name}{seed}"
    alike = [one for one in others if one.run_id != run.run_id and _run_name(one) == name]
    return f"{name} ({run.run_id})" if alike else name


def _side(run: Run, user_id: str, other: Run, other_user: str) -> Side:
    """Read one side, named by what tells it from the other."""
    name = _run_name(run, other) if user_id == other_user else f"User {user_id}"
    rows = run.table("recommendations", ["user_id", "item_id", "rank"], where={"user_id": user_id})
    outcome = run.table("user_metrics", where={"user_id": user_id})
    target = "" if outcome.empty else str(outcome["target_item_id"].iloc[0])
    explanation = loaders.explanation(run, user_id) if run.parts and len(rows) else None
    ordered = rows.sort_values("rank", ignore_index=True)
    return Side(name, ordered, target, run.list_length, explanation)


def _draw_moves(mine: Side, theirs: Side, catalogue: Catalogue) -> None:
    titles = {item_id: item.label for item_id, item in catalogue.items.items()}
    lists = aligned_lists(
        mine.rows, theirs.rows, titles=titles, targets=(mine.target, theirs.target),
        top=len(mine.top),
    )  # fmt: skip
    figure_card.draw(
        rank_moves(lists=lists, names=(mine.name, theirs.name), top=len(mine.top), dark=is_dark()),
        title="Both lists, aligned",
        name="comparison-moves",
        data=lists,
        caption="Lines join an item's two places; a short line leads out of a list, or into it. "
        "★ marks a true next item.",
    )


def _draw_drivers(mine: Side, theirs: Side) -> None:
    """Draw weights and mean contributions side by side where both sides have parts."""
    if mine.explanation is None or theirs.explanation is None:
        return
    both = [_drivers(mine.name, mine.explanation), _drivers(theirs.name, theirs.explanation)]
    table = pd.concat(both, ignore_index=True)
    figure_card.draw(
        two_sides(table=table, dark=is_dark()),
        title="What drove them",
        help="Mean contributions are over the listed items of each side.",
        name="comparison-drivers",
        data=table,
        caption=f"Filled: {markdown(mine.name)}. Open: {markdown(theirs.name)}.",
    )
    words = sentences.user_sentence(theirs.explanation)
    st.markdown(f"**{markdown(theirs.name)}.** {markdown(words)}")


def _draw_badges(run: Run, other: Run) -> None:
    """Draw the verdicts on the parts of both sides, each under its name if they differ."""
    if other.run_id == run.run_id:
        health_badge.draw(run)
        return
    for one, beside in ((run, other), (other, run)):
        health_badge.draw(one, of=f"Parts of {_run_name(one, beside)}:")


def _drivers(name: str, explanation: UserExplanation) -> pd.DataFrame:
    """Give both quantities of one side in long form."""
    weights = explanation.weights.rename(columns={"part": "player", "weight": "value"})
    means = list_drivers(explanation).rename(columns={"contribution": "value"})
    return pd.concat(
        [
            weights[["player", "value"]].assign(quantity="Fusion weight"),
            means[["player", "value"]].assign(quantity="Mean contribution"),
        ]
    ).assign(side=name)


def _draw_list(one: Side, two: Side, catalogue: Catalogue) -> None:
    st.subheader(markdown(one.name))
    elsewhere = two.ranks
    cards = [
        Card(
            catalogue.get(item_id),
            corner=f"{rank:,}",
            note=_place(rank, elsewhere.get(item_id)),
            mark="true next" if item_id == one.target else "",
        )
        for item_id, rank in one.rows[["item_id", "rank"]].itertuples(index=False)
    ]
    draw_strip(cards, catalogue, label=f"List of {one.name}")


def _place(rank: int, other: int | None) -> str:
    if other is None:
        return "only here"
    if other == rank:
        return "same place"
    return f"{'▲' if rank < other else '▼'} {abs(other - rank):,} (there {other:,})"
