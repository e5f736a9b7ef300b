"""Users between image alone, text alone and both: a click opens one, a lasso marks them."""

from functools import partial
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.plots.map_marks import outlines
from analysis.plots.triangle import part_triangle
from analysis.recipes import Recipe
from analysis.regions import Region, Shape
from analysis.spaces import USERS
from analysis.user_plane import TRIANGLE
from app import loaders, map_view, marks
from app.components import figure_card, map_lens, slice_saver
from app.components.text import markdown, plural
from app.redraws import redrawn_alone
from app.state import Widget, is_dark, select, selection
from prism_core.errors import PrismError
from prism_core.store.reader import Run

TITLE: Final = "Which part is strongest for whom"
HELP: Final = "Shares of the summed absolute contributions of the parts, the item id left out."
CAPTION: Final = (
    "A click on a dot opens a user. A lasso or a box marks users, here and on maps of users, and "
    "stays in the link; hold Shift to add to it."
)
TOOLS: Final = (("lasso2d", "select2d", "pan2d"), ("zoomIn2d", "zoomOut2d", "resetScale2d"))


def draw(run: Run, population: pd.DataFrame, options: dict[str, Any]) -> None:
    """Draw the triangle of some users and what is marked on it.

    Parameters
    ----------
    population
        Rows of :func:`app.loaders.contributions_of_all` under their own labels.
    options
        Those of the figure's recipe; ``user_id`` is needed.
    """
    with st.container():
        with st.container(border=True):
            head = st.container()
            figure = _figure(population, options, *_marked(run))
            figure_card.draw_chart(figure, name=Widget.TRIANGLE, title=TITLE, tools=TOOLS)
            st.caption(CAPTION)
        _draw_marks(run, population, options, head)


@redrawn_alone("slice", "user")
def _draw_marks(
    run: Run, population: pd.DataFrame, options: dict[str, Any], head: DeltaGenerator
) -> None:
    """Draw what depends on marks alone; a mark redraws this and changes the chart that is there."""
    users, region = _marked(run)
    with head:
        _draw_head(run, population, options, users)
    map_lens.draw_marks(
        Widget.TRIANGLE,
        rows=None if users is None else population.index[population["user_id"].isin(users)],
        count=len(loaders.contributions_of_all(run)),
        selections=outlines([TRIANGLE], _shapes(region), dark=is_dark()),
    )
    if users is not None and region is not None:
        _draw_marked(run, users, marks.origin_of(region))
    map_lens.draw(
        Widget.TRIANGLE, spaces=[TRIANGLE], on_drawn=_keep, on_picked=partial(_open, population)
    )


def _draw_head(
    run: Run, population: pd.DataFrame, options: dict[str, Any], users: pd.Series | None
) -> None:
    """Draw the title and the ways out; what goes out has the marks."""
    given = {} if users is None else {"marked": selection().marked or ""}
    head = figure_card.Head(
        title=TITLE,
        name=Widget.TRIANGLE,
        data=lambda: population[["user_id", "top_part"]].join(population.filter(like="share_")),
        caption=CAPTION,
        help=HELP,
        recipe=Recipe(figure="triangle", runs=(run.run_id,), options={**options, **given}),
    )
    figure_card.draw_head(head, lambda: _figure(population, options, users, map_view.marked()))


def _figure(
    population: pd.DataFrame,
    options: dict[str, Any],
    users: pd.Series | None,
    region: Region | None,
) -> go.Figure:
    return part_triangle(
        population=population, user_id=options["user_id"], marked=users, shapes=_shapes(region),
        dark=is_dark(),
    )  # fmt: skip


def _marked(run: Run) -> tuple[pd.Series | None, Region | None]:
    """Give the marked users and what was drawn to mark them; a mark that makes no sense is said."""
    try:
        return marks.users(run), map_view.marked()
    except PrismError as error:
        st.error(markdown(error), icon=":material/error:")
        return None, None


def _draw_marked(run: Run, users: pd.Series, origin: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plural(len(users), 'marked user')}**", width="content")
        st.button(
            "Clear", icon=":material/close:", key=Widget.CLEAR_USERS,
            on_click=lambda: select(marked=None),
        )  # fmt: skip
        slice_saver.draw(
            run, kind="users", members=users.tolist(), origin=origin, key=Widget.TRIANGLE
        )


def _shapes(region: Region | None) -> tuple[Shape, ...]:
    return region.shapes if region is not None and region.method == TRIANGLE else ()


def _keep(shapes: list[Shape]) -> None:
    drawn = Region(USERS, TRIANGLE, tuple(shapes))
    select(marked=drawn.text() if shapes else None)


def _open(population: pd.DataFrame, row: int) -> None:
    if row in population.index:
        select(user=str(population["user_id"].loc[row]))
