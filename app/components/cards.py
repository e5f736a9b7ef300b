"""Item cards: a picture or a title card with rank, title, genres and badges, in a strip."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from analysis.plots.theme import CATEGORY_COLORS
from app import loaders
from app.components.text import escaped, shortened
from app.components.title_card import as_data_uri, title_card
from app.pictures import Pictures
from app.state import PICTURES
from prism_core.errors import DataError

STYLE: Final = Path(__file__).with_name("cards.css")


@dataclass(frozen=True, slots=True)
class Item:
    """What a card shows of an item."""

    item_id: str
    title: str
    year: str = ""
    categories: tuple[str, ...] = ()
    popularity: int = 0

    @property
    def label(self) -> str:
        """Title and year, for lists."""
        return f"{self.title} ({self.year})" if self.year else self.title


@dataclass(frozen=True, slots=True)
class Card:
    """An item in a strip.

    Attributes
    ----------
    corner
        Short text on the picture, such as a rank.
    note
        One line below the title.
    mark
        Text of a badge; empty for none.
    selected
        Whether the card is framed.
    """

    item: Item
    corner: str = ""
    note: str = ""
    mark: str = ""
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of a run by id, with one colour per category."""

    items: Mapping[str, Item]
    colors: Mapping[str, str] = field(default_factory=dict)

    def get(self, item_id: str) -> Item:
        """Give an item; one that the run does not list shows its id."""
        return self.items.get(item_id) or Item(item_id=item_id, title=f"Item {item_id}")

    def color(self, item: Item) -> str:
        """Give the colour of an item's first category."""
        return self.colors.get(item.categories[0] if item.categories else "", "#6B7078")


def make_catalogue(items: pd.DataFrame) -> Catalogue:
    """Build a catalogue from an item table; the most frequent categories come first in colour."""
    years = items["year"] if "year" in items else [None] * len(items)
    rows = zip(
        items["item_id"], items["title"], years, items["categories"], items["popularity"],
        strict=True,
    )  # fmt: skip
    listed = {
        str(item_id): Item(str(item_id), str(title), _year(year), tuple(categories), popularity)
        for item_id, title, year, categories, popularity in rows
    }
    counts = items["categories"].explode().value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], str(name)))
    colors = {n: CATEGORY_COLORS[i % len(CATEGORY_COLORS)] for i, n in enumerate(names)}
    return Catalogue(listed, colors)


def draw_strip(cards: Sequence[Card], catalogue: Catalogue, *, label: str) -> None:
    """Draw cards side by side in a strip that scrolls.

    Parameters
    ----------
    label
        What the strip is, for screen readers.
    """
    sources = current_pictures()
    body = "".join(_card(card, catalogue, sources) for card in cards)
    st.html(STYLE)
    st.html(
        f'<div class="prism-strip" role="list" aria-label="{escaped(label)}" tabindex="0">'
        f"{body}</div>"
    )


def current_pictures() -> Pictures:
    """Open the pictures that the reader has set; a wrong path counts as none."""
    try:
        return loaders.pictures(st.session_state.get(PICTURES, ""))
    except DataError:
        return Pictures(None)


def picture_address(item: Item, catalogue: Catalogue, sources: Pictures) -> str:
    """Give an item's picture, or its title card, as a data address for ``<img>``."""
    found = sources.get(item.item_id)
    if found is not None:
        kind, content = found
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    card = title_card(
        title=item.title,
        year=item.year,
        category=item.categories[0] if item.categories else "",
        color=catalogue.color(item),
        seed=item.item_id,
    )
    return as_data_uri(card)


def _card(card: Card, catalogue: Catalogue, sources: Pictures) -> str:
    item = card.item
    address = picture_address(item, catalogue, sources)
    corner = f'<span class="corner">{escaped(card.corner)}</span>' if card.corner else ""
    mark = f'<span class="mark">{escaped(card.mark)}</span>' if card.mark else ""
    note = f'<span class="note">{escaped(card.note)}</span>' if card.note else ""
    genres = ", ".join(item.categories)
    tooltip = escaped(f"{item.label} · {genres}" if genres else item.label)
    return (
        f'<div class="prism-card{" selected" if card.selected else ""}" role="listitem" '
        f'title="{tooltip}"><div class="picture"><img src="{address}" loading="lazy" '
        f'alt="{escaped(item.label)}">{corner}{mark}</div>'
        f'<span class="title">{escaped(shortened(item.title, 60))}</span>'
        f'<span class="genres">{escaped(shortened(genres, 40))}</span>{note}</div>'
    )


def _year(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(int(value))  # type: ignore[call-overload]
