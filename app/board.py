"""The figure board: figures collected over pages for one paper, in the session of the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from analysis import recipes
from analysis.bundle import Card
from analysis.printing import for_print
from analysis.recipes import Recipe
from app import loaders
from app.components.text import plain
from app.look import Look, Shape, look_of, shape_of
from app.state import BOARD, Widget

LAST: Final = f"{BOARD}_last_key"
WIDE: Final = ("maps",)
"""Figures that a single column is too narrow for."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A collected figure.

    Attributes
    ----------
    key
        Never changes and never comes again, so that widgets keep to their figure.
    title
        Stands in the figure where titles are asked for.
    """

    key: int
    recipe: Recipe
    name: str
    caption: str
    title: str = ""
    shape: Shape = field(default_factory=Shape)

    def card(self, look: Look) -> Card:
        """Give it for a bundle.

        Raises
        ------
        ConfigError
            The name is no plain file name.
        """
        return Card(
            name=self.name,
            caption=self.caption,
            recipe=self.recipe,
            title=self.title,
            options=self.shape.options(look),
        )


def pinned() -> list[Pinned]:
    """Give the collected figures in order."""
    return list(st.session_state.get(BOARD, []))


def holds(recipe: Recipe) -> bool:
    """Say whether a figure is on the board."""
    return any(one.recipe == recipe for one in pinned())


def add(recipe: Recipe, name: str, title: str, caption: str) -> None:
    """Put a figure last; its name gets a number where it is taken. Markup of the words goes."""
    board = pinned()
    if holds(recipe):
        return
    taken = {one.name for one in board}
    name = name.replace("_", "-")
    numbered = (name if n == 1 else f"{name}-{n}" for n in range(1, len(board) + 2))
    free = next(one for one in numbered if one not in taken)
    words = plain(f"{title}. {caption}").strip()
    shape = Shape(span="full" if recipe.figure in WIDE else "column")
    one = Pinned(_next_key(), recipe, free, words, plain(title), shape)
    st.session_state[BOARD] = [*board, one]


def put_back(cards: Sequence[Card]) -> None:
    """Take over a saved board in place of this one, with its look."""
    st.session_state[BOARD] = [
        Pinned(_next_key(), c.recipe, c.name, c.caption, c.title, shape_of(c.options))
        for c in cards
    ]
    if cards:
        look = look_of(cards[0].options)
        st.session_state[Widget.VENUE] = look.venue
        st.session_state[Widget.FONT] = look.font
        st.session_state[Widget.POINTS] = look.points
        st.session_state[Widget.PALETTE] = look.palette
        st.session_state[Widget.TITLES] = look.title


def _next_key() -> int:
    key: int = st.session_state.get(LAST, 0) + 1
    st.session_state[LAST] = key
    return key


def remove(recipe: Recipe) -> None:
    """Take a figure off the board."""
    st.session_state[BOARD] = [one for one in pinned() if one.recipe != recipe]


def move(key: int, step: int) -> None:
    """Move a figure up (negative) or down; it stops at the ends."""
    board = pinned()
    place = next(n for n, one in enumerate(board) if one.key == key)
    board.insert(max(0, place + step), board.pop(place))
    st.session_state[BOARD] = board


def change(key: int, **changes: Any) -> None:
    """Change name, caption or shape of a figure."""
    st.session_state[BOARD] = [
        replace(one, **changes) if one.key == key else one for one in pinned()
    ]


def folders() -> dict[str, Path]:
    """Give what figures are drawn from: complete runs and data sets, by id."""
    runs = {e.run_id: e.path for e in loaders.run_entries() if e.status == "complete"}
    return runs | {d.fingerprint: d.path for d in loaders.datasets().values()}


def printed(card: Card, places: Mapping[str, Path]) -> go.Figure:
    """Draw a figure as it will be printed.

    Raises
    ------
    PrismError
        A run is gone, or cannot give that figure.
    """
    used = tuple((one, places[one]) for one in card.recipe.runs if one in places)
    stamps = tuple(loaders.stamp(path / "manifest.json") for _, path in used)
    figure = _drawn(card.recipe.as_dict(), used, stamps)
    return for_print(figure, card.options, title=card.title)


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(
    recipe: dict[str, Any], used: tuple[tuple[str, Path], ...], stamps: tuple[int, ...]
) -> go.Figure:
    return recipes.draw(recipes.recipe_from(recipe), dict(used))
