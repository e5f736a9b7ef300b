"""Who loses: one variant against the reference, group by group, down to the single user."""

import pandas as pd
import streamlit as st

from analysis import comparison
from analysis.plots.comparison import group_outcomes, metric_name, win_tie_loss
from analysis.plots.theme import PART_LABELS
from app import comparables
from app.components import figure_card, slice_saver, table_card
from app.components.ablation import Comparison, group_recipe, groups_of_users, say_whose_weights
from app.components.text import markdown, plural
from app.state import Widget, is_dark, select
from prism_core.store.reader import Run

ALL = "All users"
OUTCOMES = {"loss": "lose", "win": "win", "tie": "tie"}
MAX_ROWS = 500


def draw(compared: Comparison) -> None:
    """Draw the tab."""
    paired = compared.differences
    if paired.empty:
        st.info("Only the reference is shown. Choose more variants above.")
        return
    draw_balance(compared, paired)
    rival = draw_rival(compared.reference, paired["name"].tolist())
    groups = groups_of_users(compared)
    table = comparables.losing_groups(
        compared.runs, rival, compared.reference, compared.metric, groups, compared.users
    )
    draw_groups(compared, rival, table)
    draw_users(compared, rival, groups, table)


def draw_balance(compared: Comparison, paired: pd.DataFrame) -> None:
    """Draw how many users every variant wins and loses."""
    figure_card.draw(
        win_tie_loss(table=paired, reference=compared.reference, dark=is_dark()),
        title=f"Users won and lost against {markdown(compared.reference)}",
        name="ablation-users",
        data=paired[["name", "wins", "ties", "losses"]],
        recipe=compared.recipe("wins"),
        caption="By the mean over seeds. Ties: the true next item is in neither list, or at the "
        "same place in both.",
    )


def draw_rival(reference: str, names: list[str]) -> str:
    """Draw the choice of the variant that is compared; the worst one at first."""
    if st.session_state.get(Widget.RIVAL) not in names:
        st.session_state[Widget.RIVAL] = names[-1]
    return st.selectbox(
        f"Variant against {markdown(reference)}", names, key=Widget.RIVAL, persist_state="session",
        help="Sorted by the difference, the best first. Type to search.",
    )  # fmt: skip


def draw_groups(compared: Comparison, rival: str, table: pd.DataFrame) -> None:
    """Draw winners and losers of every group."""
    worst = table[table["certain"] & (table["difference"] < 0)]
    said = "; ".join(f"{group_name(g, n)}" for g, n in worst[["grouping", "group"]].to_numpy())
    st.markdown(
        f"Groups that clearly lose with {markdown(rival)}: **{markdown(said)}**."
        if said
        else f"No group of at least 20 users clearly loses with {markdown(rival)}."
    )
    figure_card.draw(
        group_outcomes(table=table, name=rival, dark=is_dark()),
        title=f"{markdown(rival)} against {markdown(compared.reference)}, by group",
        name="ablation-losers",
        data=table,
        recipe=group_recipe(compared, "losers", name=rival),
        caption="Left: share of users. Right: mean difference with its 95 % interval; grey: the "
        "interval holds zero, or the group has fewer than 20 users.",
    )
    say_whose_weights(compared)


def group_name(grouping: str, group: str) -> str:
    """Name a group for readers: ``history length: 5 to 14``."""
    return f"{grouping}: {PART_LABELS.get(group, group)}"


def draw_users(compared: Comparison, rival: str, groups: pd.DataFrame, table: pd.DataFrame) -> None:
    """List the users of a group by outcome, and open the one that is clicked."""
    names = {group_name(g, n): (g, n) for g, n in table[["grouping", "group"]].to_numpy()}
    with st.container(horizontal=True):
        chosen = st.selectbox(
            "Users of", [ALL, *names], key=Widget.LOSING_GROUP, persist_state="session"
        )
        outcome = st.segmented_control(
            "Who", list(OUTCOMES), default="loss", required=True, format_func=OUTCOMES.__getitem__,
            key=Widget.LOSING_OUTCOME, persist_state="session",
        )  # fmt: skip
    users = users_of(compared, rival)
    if chosen in names:
        column, group = names[chosen]
        members = groups.loc[groups[column].astype("string").fillna("") == group, "user_id"]
        users = users[users["user_id"].isin(members)]
    _draw_list(compared, rival, users[users["outcome"] == outcome], f"{chosen} who {outcome}")


def users_of(compared: Comparison, rival: str) -> pd.DataFrame:
    """Give both variants' values of every user; see `analysis.comparison.paired_users`."""
    variants = comparables.variants(compared.runs, compared.users)
    ours, theirs = (comparison.named(variants, n) for n in (rival, compared.reference))
    return comparison.paired_users(ours, theirs, metric=compared.metric)


def _draw_list(compared: Comparison, rival: str, users: pd.DataFrame, origin: str) -> None:
    ordered = users.sort_values("difference", key=abs, ascending=False)
    st.caption(f"{plural(len(users), 'user')}. Click a row to look at the user.")
    numbers = {
        "ours": st.column_config.NumberColumn(rival, format="%.3f"),
        "theirs": st.column_config.NumberColumn(compared.reference, format="%.3f"),
        "difference": st.column_config.NumberColumn("Difference"),
        "user_id": st.column_config.Column("User"),
    }
    listed = ordered.drop(columns="outcome").head(MAX_ROWS)
    event = st.dataframe(
        table_card.with_signs(listed, {"difference": 3}), hide_index=True, column_config=numbers,
        on_select="rerun", selection_mode="single-row", key=Widget.LOSING_USERS, height=280,
    )  # fmt: skip
    table_card.draw_export(
        ordered.rename(columns={"ours": rival, "theirs": compared.reference}),
        title=origin,
        name="ablation-users-list",
    )
    _draw_open(compared, ordered, list(event["selection"]["rows"]))
    slice_saver.draw(
        compared.run, kind="users", members=ordered["user_id"].tolist(), key="ablation-losers",
        origin=f"{origin} with {rival} against {compared.reference} "
        f"({metric_name(compared.metric)})",
    )  # fmt: skip


def _draw_open(compared: Comparison, ordered: pd.DataFrame, rows: list[int]) -> None:
    if not rows or rows[0] >= len(ordered):
        return
    user_id = str(ordered["user_id"].iloc[rows[0]])
    label = f"Look at user {markdown(user_id)}"
    if st.button(label, icon=":material/person_search:", key=Widget.OPEN_USER):
        select(run=_to_look_into(compared).run_id, user=user_id)
        st.switch_page("app_pages/users.py")


def _to_look_into(compared: Comparison) -> Run:
    """Give the chosen run if its lists were kept, else one of the compared that has them."""
    fitting = [r for r in (compared.run, *compared.runs) if r.has("recommendations")]
    return fitting[0] if fitting else compared.run
