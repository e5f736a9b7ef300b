"""The true neighbours of one point: in the space itself, not on the picture of it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.plots.maps import space_label
from analysis.spaces import ITEMS
from app import loaders
from app.components.cards import Card, draw_strip
from app.components.map_controls import found_rows
from app.components.map_figure import NEAREST, chosen_row
from app.components.text import markdown
from app.map_view import MapView
from app.state import Widget, select
from prism_core.errors import PrismError
from prism_core.store.reader import Run

MAX_OPTIONS = 2000


def draw(run: Run, view: MapView, points: pd.DataFrame) -> None:
    """Draw the choice of a point and its nearest neighbours in every drawn space."""
    st.subheader("Neighbours in the original space")
    row = chosen_row(points, view.scope)
    _draw_choice(view, points, row)
    if row is None:
        return
    st.caption(
        "Nearest by cosine between the vectors themselves. On the map the chosen point is a star "
        "and these neighbours are crosses: crosses far from the star are what the picture lost."
    )
    for space in view.spaces:
        try:
            near = loaders.nearest_rows(run, view.scope, space, row, NEAREST)
        except PrismError as error:
            st.caption(f"{space_label(space)}: {markdown(error)}")
            continue
        st.markdown(f"**{space_label(space)}**")
        _draw_near(run, view, points, near, space)


def _draw_choice(view: MapView, points: pd.DataFrame, row: int | None) -> None:
    """Offer the points that are found by the search, or the first ones, and the chosen one."""
    hits = found_rows(points, view.search) or points.index.tolist()
    options = sorted({*hits[:MAX_OPTIONS], *([] if row is None else [row])})
    names = dict(zip(options, names_of(points, options), strict=True))
    st.session_state[Widget.MAP_CHOSEN] = row
    st.selectbox(
        view.scope[:-1].capitalize(),
        options,
        index=None,
        format_func=names.__getitem__,
        key=Widget.MAP_CHOSEN,
        on_change=_choose,
        args=(view, points),
        placeholder="Click a point on the map, or choose it here",
        help="With more than 2,000 points, type into Find above to narrow this list.",
    )


def names_of(points: pd.DataFrame, rows: Sequence[int]) -> list[str]:
    """Name points: their titles, or the users."""
    if "title" in points:
        return points["title"].iloc[list(rows)].astype(str).tolist()
    return [f"User {user}" for user in points["user_id"].iloc[list(rows)]]


def _choose(view: MapView, points: pd.DataFrame) -> None:
    row = st.session_state[Widget.MAP_CHOSEN]
    column = "item_id" if view.scope == ITEMS else "user_id"
    wanted = None if row is None else str(points[column].iloc[row])
    select(**{column.removesuffix("_id"): wanted})


def _draw_near(
    run: Run, view: MapView, points: pd.DataFrame, near: pd.DataFrame, space: str
) -> None:
    rows = list(zip(near["row"], near["similarity"], strict=True))
    if view.scope == ITEMS:
        catalogue, ids = loaders.catalogue(run), points["item_id"].astype(str)
        cards = [Card(catalogue.get(ids.iloc[r]), note=f"cosine {s:.2f}") for r, s in rows]
        draw_strip(cards, catalogue, label=f"Nearest by {space_label(space).lower()}")
        return
    names = names_of(points, near["row"].tolist())
    said = zip(names, near["similarity"], strict=True)
    st.markdown(" · ".join(f"{markdown(name)} ({s:.2f})" for name, s in said))
