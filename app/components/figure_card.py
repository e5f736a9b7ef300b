"""A figure in a frame, with a title, a caption and everything it can be saved as."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analysis.exhibits import FigureExhibit
from analysis.recipe_tables import write_latex
from analysis.recipes import Recipe
from app import board
from app.components.export_dialog import Outgoing, draw_button
from app.components.text import plain
from app.look import Shape

CONFIG: Final = {"displaylogo": False, "displayModeBar": "hover", "responsive": True}


def draw(
    figure: go.Figure,
    *,
    title: str,
    name: str,
    data: pd.DataFrame,
    caption: str = "",
    help: str | None = None,
    on_select: Callable[[], None] | None = None,
    recipe: Recipe | None = None,
    tools: Sequence[Sequence[str]] | None = None,
) -> None:
    """Draw a figure card.

    Parameters
    ----------
    figure
        The figure, made by :mod:`analysis.plots` for the reader's theme.
    title, caption, help
        What it shows, a line below it, and a longer explanation on hover. Markdown.
    name
        File name without ending; also the widget key.
    data
        The numbers behind the figure, for a CSV beside what is drawn.
    on_select
        Called when the reader selects points; the event is in the session under ``name``.
    recipe
        How to draw the figure from stored runs; with it the figure can go on the board.
    tools
        Groups of plotly's tool buttons, always shown; default: those it chooses, on hover.
    """
    with st.container(border=True):
        head = Head(
            title=title, name=name, data=lambda: data, caption=caption, help=help, recipe=recipe
        )
        draw_head(head, lambda: figure)
        draw_chart(figure, name=name, title=title, on_select=on_select, tools=tools)
        if caption:
            st.caption(caption)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above a figure; see :func:`draw`."""

    title: str
    name: str
    data: Callable[[], pd.DataFrame]
    caption: str = ""
    help: str | None = None
    recipe: Recipe | None = None


def draw_head(head: Head, make: Callable[[], go.Figure]) -> None:
    """Draw the title and the ways out.

    Parameters
    ----------
    make
        Gives the figure that is saved.
    """
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="xsmall"):
        st.markdown(f"**{head.title}**", help=head.help, width="stretch")
        if head.recipe is not None:
            _draw_pin(head.recipe, head.name, head.title, head.caption)
        draw_button(_outgoing(head, make))


def draw_chart(
    figure: go.Figure,
    *,
    name: str,
    title: str,
    on_select: Callable[[], None] | None = None,
    tools: Sequence[Sequence[str]] | None = None,
    is_coarse: bool = False,
) -> None:
    """Draw the figure alone; see :func:`draw`.

    Parameters
    ----------
    is_coarse
        Draw points with one pixel per pixel of the page instead of four, which is faster.
    """
    shown: dict[str, Any] = {"plotGlPixelRatio": 1} if is_coarse else {}
    if tools is not None:
        shown |= {"modeBarButtons": tools, "displayModeBar": True}
    st.plotly_chart(
        figure,
        theme=None,
        key=name,
        config={**CONFIG, **shown},
        on_select=on_select or "ignore",
        alt=title,
    )


def _outgoing(head: Head, make: Callable[[], go.Figure]) -> Outgoing:
    recipe, words = head.recipe, plain(f"{head.title}. {head.caption}").strip()

    def exhibit() -> FigureExhibit:
        write = None if recipe is None else write_latex(recipe, board.folders(), words)
        return FigureExhibit(
            figure=make(), title=plain(head.title), caption=words, write_latex=write
        )

    is_wide = recipe is not None and recipe.figure in board.WIDE
    shape = Shape(span="full" if is_wide else "column")
    return Outgoing(make=exhibit, name=head.name, data=head.data, shape=shape)


def _draw_pin(recipe: Recipe, name: str, title: str, caption: str) -> None:
    """Offer to put the figure on the board, or to take it off."""
    if board.holds(recipe):
        st.button(
            "On board", icon=":material/check:", key=f"{name}-pin", type="tertiary",
            help="It is on the page Board; press to take it off", on_click=board.remove,
            args=(recipe,),
        )  # fmt: skip
    else:
        st.button(
            "Board", icon=":material/add:", key=f"{name}-pin", type="tertiary",
            help="Collect it for a paper on the page Board", on_click=board.add,
            args=(recipe, name, title, caption),
        )  # fmt: skip
