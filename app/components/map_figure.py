"""The linked maps with what the reader can do on them."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis import maps
from analysis.map_points import column_label
from analysis.plots.map_marks import outlines
from analysis.plots.maps import DETAILED, grouping_of, linked_maps
from analysis.recipes import Recipe
from analysis.regions import Region, Shape
from analysis.spaces import ITEMS
from app import loaders, map_view
from app.components import figure_card, health_badge, map_card, map_lens
from app.components.map_controls import found_rows
from app.map_view import METHOD_NAMES, MapView
from app.state import Widget, is_dark, select, selection
from prism_core.errors import PrismError
from prism_core.store.reader import Run

NEAREST = 10
TOOLS = (("lasso2d", "select2d", "pan2d"), ("zoomIn2d", "zoomOut2d", "resetScale2d"), ("toImage",))
HELP = (
    "Only nearness means something: axes have no unit, and distances between far groups say "
    "little. Draw with the lasso or the box; hold Shift to add to what is marked. A double click "
    "marks nothing again."
)


def draw(run: Run, view: MapView, points: pd.DataFrame) -> DeltaGenerator:
    """Draw the maps of a view without what is marked; give the place of their head.

    What is marked comes on top with :func:`draw_marks`, so that a mark does not send and build
    the figure again.
    """
    chosen = chosen_row(points, view.scope)
    figure = _figure(run, view, points, chosen=chosen, near=_near(run, view, chosen))
    with st.container(border=True):
        head = st.container()
        figure_card.draw_chart(
            figure, name=Widget.MAP_CHART, title=_title(view), tools=TOOLS,
            is_coarse=len(points) > DETAILED,
        )  # fmt: skip
        st.caption(_caption(run, view))
        if map_card.shows_weights(view.color, view.spaces):
            health_badge.draw(run)
    return head


def draw_marks(view: MapView, points: pd.DataFrame, rows: np.ndarray | None) -> None:
    """Draw what is marked on the maps that are there; rows None for no mark."""
    map_lens.draw_marks(
        Widget.MAP_CHART,
        rows=rows,
        count=len(points),
        selections=outlines(view.spaces, _shapes(map_view.marked(), view), dark=is_dark()),
    )


def draw_head(run: Run, view: MapView, points: pd.DataFrame, rows: np.ndarray | None) -> None:
    """Draw the title and the ways out; what goes out has the marks."""
    options = {"scope": view.scope, "method": view.method, "spaces": list(view.spaces)}
    if selection().marked:
        options["marked"] = selection().marked or ""
    head = figure_card.Head(
        title=_title(view),
        name=Widget.MAP_CHART,
        data=partial(_numbers, _planes(run, view), points),
        caption=_caption(run, view),
        help=HELP,
        recipe=Recipe(figure="maps", runs=(run.run_id,), options={**options, "color": view.color}),
    )
    figure_card.draw_head(head, partial(_marked_figure, run, view, points, rows))


def _figure(run: Run, view: MapView, points: pd.DataFrame, **marks: Any) -> go.Figure:
    return linked_maps(
        maps=_planes(run, view),
        points=points,
        color=view.color,
        highlighted=found_rows(points, view.search),
        quality={space: quality(run, view, space) for space in view.spaces},
        dark=is_dark(),
        **marks,
    )


def _marked_figure(
    run: Run, view: MapView, points: pd.DataFrame, rows: np.ndarray | None
) -> go.Figure:
    chosen = chosen_row(points, view.scope)
    return _figure(
        run, view, points, selected=rows, shapes=_shapes(map_view.marked(), view), chosen=chosen,
        near=_near(run, view, chosen),
    )  # fmt: skip


def _title(view: MapView) -> str:
    return f"{METHOD_NAMES[view.method]} of the {view.scope}, by space"


def _caption(run: Run, view: MapView) -> str:
    said = (
        f"Colour: {column_label(view.color).lower()}. Beside each name: how far the picture can "
        "be trusted (1 is best), the share of true neighbours it keeps"
    )
    grouping = grouping_of(quality(run, view, view.spaces[0]), view.color)
    if not grouping:
        return f"{said}."
    return (
        f"{said}, and how well groups by {column_label(grouping).lower()} separate in the space "
        "itself (silhouette: 1 is best, 0 not at all)."
    )


def _planes(run: Run, view: MapView) -> dict[str, pd.DataFrame]:
    return {space: plane(run, view, space) for space in view.spaces}


def listen(view: MapView, points: pd.DataFrame) -> None:
    """Take what is drawn and clicked on the maps."""
    map_lens.draw(
        Widget.MAP_CHART,
        spaces=list(view.spaces),
        on_drawn=partial(_keep, view),
        on_picked=partial(_pick, points, view.scope),
    )


def draw_card(run: Run, view: MapView, points: pd.DataFrame) -> None:
    """Show a card beside the pointer for the point below it."""
    version = f"{run.run_id}-{view.scope}-{view.color}"
    map_lens.draw_card(version, partial(_card, run, points, view))


def plane(run: Run, view: MapView, space: str) -> pd.DataFrame:
    """Read the map of a space."""
    return loaders.table(run, f"maps/{maps.map_name(view.scope, space, view.method)}")


def quality(run: Run, view: MapView, space: str) -> dict[str, float]:
    """Read how good a map is; empty for a map stored without these numbers."""
    table = f"maps/{maps.map_name(view.scope, space, view.method)}-about"
    return maps.quality_of(loaders.table(run, table)) if run.has(table) else {}


def chosen_row(points: pd.DataFrame, scope: str) -> int | None:
    """Give the row of the selected item or user; None where none is selected or known."""
    column, wanted = _chosen(scope)
    hits = np.flatnonzero(points[column].astype(str) == wanted)
    return int(hits[0]) if len(hits) else None


def _chosen(scope: str) -> tuple[str, str | None]:
    current = selection()
    return ("item_id", current.item) if scope == ITEMS else ("user_id", current.user)


def _near(run: Run, view: MapView, chosen: int | None) -> dict[str, list[int]]:
    """Find the true neighbours of the chosen point in every space that can still be read."""
    near = {}
    for space in view.spaces if chosen is not None else ():
        try:
            found = loaders.nearest_rows(run, view.scope, space, chosen or 0, NEAREST)
        except PrismError:
            continue
        near[space] = found["row"].tolist()
    return near


def _shapes(region: Region | None, view: MapView) -> tuple[Shape, ...]:
    is_here = region is not None and (region.scope, region.method) == (view.scope, view.method)
    return region.shapes if region is not None and is_here else ()


def _keep(view: MapView, shapes: list[Shape]) -> None:
    drawn = Region(view.scope, view.method, tuple(shapes))
    select(marked=drawn.text() if shapes else None)


def _pick(points: pd.DataFrame, scope: str, row: int) -> None:
    if 0 <= row < len(points):
        column, _ = _chosen(scope)
        select(**{column.removesuffix("_id"): str(points[column].iloc[row])})


def _card(run: Run, points: pd.DataFrame, view: MapView, row: int) -> str:
    if view.scope == ITEMS:
        return map_card.item_card(run, points, row, loaders.catalogue(run), view.color)
    return map_card.user_card(run, points, row, view.color)


def _numbers(planes: dict[str, pd.DataFrame], points: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in ("item_id", "user_id", "title") if name in points]
    frames = [frame.assign(space=space) for space, frame in planes.items()]
    return pd.concat(frames).join(points[names], on="row")
