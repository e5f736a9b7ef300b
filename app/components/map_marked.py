"""The marked points of a map: what they are, who stands behind them, how well these are served."""

from collections import Counter

import pandas as pd
import streamlit as st

from analysis.map_points import column_label
from analysis.marked import FEW, marked_metrics, marked_weights, users_behind
from analysis.plots.marked import weight_histograms
from analysis.plots.theme import label_of
from analysis.saved_slices import Kind
from analysis.spaces import ITEMS
from app import loaders
from app.components import figure_card, health_badge, slice_saver, table_card
from app.components.cards import Card, draw_strip
from app.components.text import markdown, plural
from app.map_view import MapView
from app.state import Widget, is_dark, link, select
from prism_core.store.reader import Run

SHOWN = 24
MAX_ROWS = 500
HIDDEN = ("item_index", "categories")
METRIC_NAMES = {"ndcg@10": "NDCG@10", "hr@10": "HR@10", "mrr@10": "MRR@10"}
GROUP_NAMES = {"marked": "Marked", "others": "All others", "difference": "Difference"}


def draw(run: Run, view: MapView, marked: pd.DataFrame, origin: str) -> None:
    """Draw everything about the marked points.

    Parameters
    ----------
    marked
        Their rows of the points; empty for none.
    origin
        How they were marked, in plain words.
    """
    if marked.empty:
        st.caption(
            f"Draw a lasso or a box around points to see which {view.scope} they are. Click one "
            "to see its neighbours."
        )
        _draw_link()
        return
    key = "item_id" if view.scope == ITEMS else "user_id"
    ids = marked[key].astype(str)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plural(len(marked), f"marked {view.scope[:-1]}"), width="content")
        st.button("Clear", icon=":material/close:", key=Widget.CLEAR, on_click=_clear)
        kind: Kind = "items" if view.scope == ITEMS else "users"
        slice_saver.draw(run, kind=kind, members=ids.tolist(), origin=origin, key="marked")
        _draw_link()
    _draw_listed(run, view, marked)
    _draw_users(run, view, ids)


def _draw_link() -> None:
    with st.popover("Copy link", icon=":material/link:", key=Widget.MAP_LINK):
        st.caption("This address opens the same maps, colours and marked points.")
        st.code(link(), language=None, wrap_lines=True)


def _draw_listed(run: Run, view: MapView, marked: pd.DataFrame) -> None:
    if view.scope == ITEMS:
        st.caption(_in_common([n for found in marked["categories"] for n in found], len(marked)))
        catalogue = loaders.catalogue(run)
        marked = marked.sort_values("popularity", ascending=False, kind="stable")
        cards = [Card(catalogue.get(str(i))) for i in marked["item_id"].head(SHOWN)]
        draw_strip(cards, catalogue, label="Marked items")
        if len(marked) > SHOWN:
            st.caption(f"The {SHOWN} most popular of {len(marked):,} are shown.")
    table = marked.drop(columns=[name for name in HIDDEN if name in marked])
    if "top_part" in table:
        table = table.assign(top_part=table["top_part"].map(label_of))
    table = table.rename(columns=column_label)
    st.dataframe(
        table.head(MAX_ROWS).round(3),
        hide_index=True,
        placeholder="",
        height=min(36 * (len(table) + 1), 320),
        key=f"{Widget.MAP_TABLE}-{view.scope}",
        on_select=lambda: _choose(view, marked),
        selection_mode="single-row",
    )
    if len(table) > MAX_ROWS:
        st.caption(f"The first {MAX_ROWS} of {len(table):,} rows; Export has all of them.")
    table_card.draw_export(table, title=f"Marked {view.scope}", name="map-marked")


def _choose(view: MapView, marked: pd.DataFrame) -> None:
    event = st.session_state[f"{Widget.MAP_TABLE}-{view.scope}"]
    rows = [row for row in event["selection"]["rows"] if row < len(marked)]
    if rows and view.scope == ITEMS:
        select(item=str(marked["item_id"].iloc[rows[0]]))
    elif rows:
        select(user=str(marked["user_id"].iloc[rows[0]]))


def _draw_users(run: Run, view: MapView, ids: pd.Series) -> None:
    """Draw the metrics and weights of the users behind the marked points."""
    users = users_behind(run, view.scope, ids)
    who = "the marked users" if view.scope != ITEMS else "users whose true next item is marked"
    if not len(users):
        st.caption("No user's true next item is marked, so there is nothing to measure.")
        return
    st.markdown(f"**How well is the model for them?** {plural(len(users), 'user')}: {who}.")
    table = marked_metrics(run, users)
    if table.empty:
        st.caption("Every user is marked, so there is nobody to compare with.")
    else:
        table_card.draw(
            _readable(table), title="Metrics of the marked and the others", name="map-metrics"
        )
        rough = f" With fewer than {FEW} users the intervals are rough." if len(users) < FEW else ""
        st.caption(
            "Mean with 95 % bootstrap interval over users. The group was chosen by looking at the "
            f"map, so a difference here is a lead to test on other data, not a finding.{rough}"
        )
    if run.parts:
        weights = marked_weights(run, users)
        figure_card.draw(
            weight_histograms(weights=weights, dark=is_dark()),
            title="Fusion weights of the marked and of all other users",
            name=Widget.MAP_WEIGHTS,
            data=weights,
        )
        health_badge.draw(run)


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    texts = [
        f"{row.value:{sign}.4f}  [{row.low:{sign}.4f}, {row.high:{sign}.4f}]"
        for row in table.itertuples()
        for sign in ["+" if row.group == "difference" else ""]
    ]
    wide = table.assign(text=texts).pivot(index="metric", columns="group", values="text")
    return (
        wide.loc[list(METRIC_NAMES), list(GROUP_NAMES)]
        .rename(index=METRIC_NAMES, columns=GROUP_NAMES)
        .rename_axis("Metric")
        .reset_index()
    )


def _clear() -> None:
    select(marked=None)


def _in_common(names: list[str], count: int) -> str:
    found = sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))[:4]
    if not found:
        return ""
    return "Most frequent: " + ", ".join(f"{markdown(n)} {k / count:.0%}" for n, k in found)
