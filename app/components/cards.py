"""Item cards: a picture or a title card with rank, title, genres and badges, in a strip."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import loaders
from app.catalogue import Catalogue, Item
from app.components.text import escaped, shortened
from app.components.title_card import as_data_uri, title_card
from app.pictures import Pictures
from app.state import PICTURES
from prism_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Card:
    """An item in a strip.

    Attributes
    ----------
    corner
        Short text on the picture, such as a rank.
    note, note_color
        One line below the title, and the colour of the swatch before it; empty for none.
    bar
        Colours and sizes of the segments of a bar below the note; a negative size is drawn faded.
    mark
        Text of a badge; empty for none.
    selected
        Whether the card is framed.
    """

    item: Item
    corner: str = ""
    note: str = ""
    note_color: str = ""
    bar: tuple[tuple[str, float], ...] = ()
    mark: str = ""
    selected: bool = False


def draw_strip(cards: Sequence[Card], catalogue: Catalogue, *, label: str) -> None:
    """Draw cards side by side in a strip that scrolls.

    Parameters
    ----------
    label
        What the strip is, for screen readers.
    """
    sources = current_pictures()
    body = "".join(_card(card, catalogue, sources) for card in cards)
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
    genres = ", ".join(item.categories)
    tooltip = escaped(f"{item.label} · {genres}" if genres else item.label)
    return (
        f'<div class="prism-card{" selected" if card.selected else ""}" role="listitem" '
        f'title="{tooltip}"><div class="picture"><img src="{address}" loading="lazy" '
        f'alt="{escaped(item.label)}">{corner}{mark}</div>'
        f'<span class="title">{escaped(shortened(item.title, 60))}</span>'
        f'<span class="genres">{escaped(shortened(genres, 40))}</span>'
        f"{_note(card)}{_bar(card)}</div>"
    )


def _bar(card: Card) -> str:
    whole = sum(abs(size) for _, size in card.bar)
    if not whole:
        return ""
    segments = "".join(
        f'<i class="{"less" if size < 0 else "more"}" '
        f'style="width:{100 * abs(size) / whole:.1f}%;background:{escaped(color)}"></i>'
        for color, size in card.bar
    )
    return f'<span class="bar" aria-hidden="true">{segments}</span>'


def _note(card: Card) -> str:
    if not card.note:
        return ""
    color = escaped(card.note_color)
    swatch = f'<i style="background:{color}"></i>' if card.note_color else ""
    return f'<span class="note">{swatch}{escaped(card.note)}</span>'
