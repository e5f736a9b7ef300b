"""One user's list beside another: the same user under another run, or another user."""

from dataclasses import dataclass
from typing import Final

import pandas as pd
import streamlit as st

from analysis.plots.theme import label_of
from app import comparables, loaders
from app.catalogue import Catalogue
from app.components import user_picker
from app.components.cards import Card, draw_strip
from app.components.text import markdown
from app.state import Widget
from prism_core.store.reader import Run

KINDS: Final = ("Another run", "Another user")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lists.

    Attributes
    ----------
    rows
        ``item_id``, ``rank`` of the stored list, best first, and of the true next item.
    target
        The true next item.
    """

    name: str
    rows: pd.DataFrame
    target: str

    @property
    def top(self) -> pd.DataFrame:
        """The list without a true next item that ranks below it."""
        return self.rows[self.rows["rank"] <= len(self.rows)]

    @property
    def ranks(self) -> pd.Series:
        """Ranks by item id, as far as they are stored."""
        return self.rows.set_index("item_id")["rank"]


def draw(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw both lists, each item with its place in the other one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Compare with", KINDS, default=KINDS[0], required=True, key=Widget.COMPARE,
            persist_state="session",
        )  # fmt: skip
        other_run, other_user = (
            (_draw_run(run), user_id) if kind == KINDS[0] else (run, _draw_user(run, user_id))
        )
    if other_run is None or other_user is None:
        st.info("There is nothing to compare with.")
        return
    names = [run.name, other_run.name] if kind == KINDS[0] else [f"User {user_id}",
                                                                 f"User {other_user}"]  # fmt: skip
    mine, theirs = _side(names[0], run, user_id), _side(names[1], other_run, other_user)
    shared = len(set(mine.top["item_id"]) & set(theirs.top["item_id"]))
    st.markdown(f"The two lists have {shared} of {len(mine.top)} items in common.")
    for one, two in ((mine, theirs), (theirs, mine)):
        _draw_list(one, two, catalogue)
    if kind == KINDS[1] and run.parts:
        _draw_weights(run, [user_id, other_user])


def _draw_run(run: Run) -> Run | None:
    others = {
        other.run_id: other
        for other in comparables.comparable_runs(run)[1:]
        if other.has("recommendations")
    }
    chosen = st.selectbox(
        "Run", list(others), key=Widget.OTHER_RUN, persist_state="session",
        format_func=lambda i: f"{others[i].name} · seed {others[i].manifest['seed']}",
    )  # fmt: skip
    return others.get(str(chosen))


def _draw_user(run: Run, user_id: str) -> str | None:
    ids = user_picker.people_of(run)["user_id"]
    others = ids[ids != user_id].head(user_picker.MAX_OPTIONS).tolist()
    return st.selectbox("User", others, key=Widget.OTHER_USER, persist_state="session")


def _side(name: str, run: Run, user_id: str) -> Side:
    rows = run.table("recommendations", ["user_id", "item_id", "rank"], where={"user_id": user_id})
    outcome = run.table("user_metrics", where={"user_id": user_id})
    target = "" if outcome.empty else str(outcome["target_item_id"].iloc[0])
    return Side(name, rows.sort_values("rank", ignore_index=True), target)


def _draw_list(one: Side, two: Side, catalogue: Catalogue) -> None:
    st.subheader(markdown(one.name))
    elsewhere = two.ranks
    cards = [
        Card(
            catalogue.get(item_id),
            corner=f"{rank:,}",
            note=_place(rank, elsewhere.get(item_id), two.name, len(two.top)),
            mark="true next" if item_id == one.target else "",
        )
        for item_id, rank in one.rows[["item_id", "rank"]].itertuples(index=False)
    ]
    draw_strip(cards, catalogue, label=f"List of {one.name}")


def _place(rank: int, other: int | None, name: str, length: int) -> str:
    if other is None:
        return f"not in the top {length} of {name}"
    if other == rank:
        return "same place"
    return f"{'▲' if rank < other else '▼'} {abs(other - rank):,} against {name}"


def _draw_weights(run: Run, user_ids: list[str]) -> None:
    st.subheader("Fusion weights")
    columns = {f"weight_{part}": label_of(part) for part in run.parts}
    users = loaders.table(run, "users").set_index("user_id").loc[user_ids, list(columns)]
    shown = users.rename(columns=columns).rename_axis("User").reset_index()
    numbers = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(shown, hide_index=True, column_config=dict.fromkeys(columns.values(), numbers))
