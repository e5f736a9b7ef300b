"""One run's maps: linked panels, what is marked on them, neighbours, quality, computing more."""

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.marked import is_among
from analysis.spaces import ITEMS
from app import loaders, map_view, marks, slices
from app.components import (
    map_computing,
    map_controls,
    map_figure,
    map_marked,
    map_neighbours,
    map_quality,
    not_kept,
)
from app.components.text import markdown
from app.map_view import MapView
from app.redraws import redrawn_alone
from prism_core.errors import PrismError
from prism_core.store.reader import Run


def draw(run: Run) -> None:
    """Draw the tab."""
    stored = map_view.available(run)
    if stored:
        _draw_maps(run, stored)
    elif not run.has_vectors:
        not_kept.draw(run, missing="the vectors of its items, which a map needs", needed="whole")
        return
    else:
        st.info("This run has no maps yet. Compute them below; that takes a minute or two.")
    map_computing.draw(run, is_first=not stored)


def _draw_maps(run: Run, stored: dict[str, dict[str, list[str]]]) -> None:
    view = map_view.current(run)
    points = loaders.points_of(run, view.scope)
    map_controls.draw(view, stored, points)
    head = map_figure.draw(run, view, points)
    map_quality.draw(run, view)
    _draw_marks(run, view, points, head)
    map_figure.draw_card(run, view, points)


@redrawn_alone("slice", "item", "user")
def _draw_marks(run: Run, view: MapView, points: pd.DataFrame, head: DeltaGenerator) -> None:
    """Draw what depends on marks alone; a mark redraws this and nothing else."""
    try:
        rows, origin = _marked(run, view, points)
        with head:
            map_figure.draw_head(run, view, points, rows)
        map_figure.draw_marks(view, points, rows)
        map_marked.draw(run, view, points.iloc[[] if rows is None else rows], origin)
        map_neighbours.draw(run, view, points)
    except PrismError as error:
        st.error(markdown(error), icon=":material/error:")
    map_figure.listen(view, points)


def _marked(run: Run, view: MapView, points: pd.DataFrame) -> tuple[np.ndarray | None, str]:
    """Give the marked rows and how they were marked: drawn, or else the chosen slice."""
    region = map_view.marked()
    if region is not None and region.scope == view.scope:
        rows = marks.rows_in(run, region, points)
        if len(rows):
            return rows, marks.origin_of(region)
    chosen = slices.current(run)
    if chosen is None:
        return None, ""
    is_items = view.scope == ITEMS
    members = chosen.item_ids(run) if is_items else chosen.user_ids(run)
    ids = points["item_id" if is_items else "user_id"].astype(str)
    inside = is_among(ids, members or ())
    return (np.flatnonzero(inside), f"the slice {markdown(chosen.name)}") if inside.any() else (
        None, ""
    )  # fmt: skip
