"""One collected figure: name, caption, width, place on the board, and the preview at true size."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import streamlit as st

from analysis.bundle import Card
from analysis.recipes import Recipe
from analysis.rendering import CSS_DPI
from app import board, loaders
from app.board import Pinned
from app.components import health_badge, map_card
from app.components.look_controls import draw_shape
from app.components.text import markdown
from app.look import Look
from prism_core.errors import PrismError

OF_WEIGHTS: Final = ("weights", "information_weights")
"""Figures whose marks are fusion weights."""

CONFIG: Final = {"staticPlot": True, "displayModeBar": False, "responsive": False}


def draw(
    one: Pinned, number: int, total: int, look: Look, places: Mapping[str, Path]
) -> Card | None:
    """Draw a figure and give its card, or None where it cannot be drawn as it is."""
    with st.container(border=True):
        _draw_head(one, number, total)
        _draw_words(one)
        try:
            card = one.card(look)
            _draw_preview(one.key, card, places)
            _draw_badges(one.recipe, places)
        except PrismError as error:
            st.error(markdown(error))
            return None
    return card


def _draw_head(one: Pinned, number: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Figure {number}**", width="stretch")
        for icon, text, step, is_end in (
            ("arrow_upward", "Move up", -1, number == 1),
            ("arrow_downward", "Move down", 1, number == total),
        ):
            st.button(
                text, icon=f":material/{icon}:", key=f"board-{step}-{one.key}", type="tertiary",
                disabled=is_end, on_click=board.move, args=(one.key, step),
            )  # fmt: skip
        st.button(
            "Remove", icon=":material/close:", key=f"board-remove-{one.key}", type="tertiary",
            on_click=board.remove, args=(one.recipe,),
        )  # fmt: skip


def _draw_words(one: Pinned) -> None:
    keys = {field: f"board-{field}-{one.key}" for field in ("name", "caption")}

    def keep(field: str) -> None:
        board.change(one.key, **{field: str(st.session_state[keys[field]]).strip()})

    def keep_shape(field: str, value: Any) -> None:
        board.change(one.key, shape=replace(one.shape, **{field: value}))

    st.text_input(
        "File name", one.name, key=keys["name"], on_change=keep, args=("name",),
        help="Without ending; letters, digits, '-' and '_'.",
    )  # fmt: skip
    draw_shape(f"board-{one.key}", one.shape, keep_shape)
    st.text_area(
        "Caption", one.caption, key=keys["caption"], on_change=keep, args=("caption",), height=68
    )


def _draw_badges(recipe: Recipe, places: Mapping[str, Path]) -> None:
    """Draw the verdicts on the parts whose fusion weights the figure shows."""
    spaces = recipe.options.get("spaces", ()) if recipe.figure == "maps" else ()
    color = str(recipe.options.get("color", "")) if recipe.figure == "maps" else ""
    if recipe.figure in OF_WEIGHTS or map_card.shows_weights(color, spaces):
        for run_id in recipe.runs:
            health_badge.draw(loaders.run_in(places[run_id]))


def _draw_preview(key: int, card: Card, places: Mapping[str, Path]) -> None:
    figure = board.printed(card, places)
    width, height = int(figure.layout.width), int(figure.layout.height)
    st.plotly_chart(
        figure, theme=None, width=width, height=height, config=CONFIG, key=f"board-preview-{key}",
        alt=card.caption,
    )  # fmt: skip
    st.caption(
        f"{width / CSS_DPI:.2f} x {height / CSS_DPI:.2f} inches, at true size "
        f"({CSS_DPI} pixels to the inch) where the page is wide enough."
    )
