"""A board as a small file: what is drawn from which runs, never the figures themselves."""

import json
from collections.abc import Sequence
from typing import Final

from analysis.bundle import VERSION, Card, card_entry, card_from
from prism_core.errors import DataError

MOST: Final = 200
"""Figures of one board."""


def write(cards: Sequence[Card]) -> bytes:
    """Write a board; the manifest of a bundle lists its figures the same way."""
    figures = [card_entry(card) for card in cards]
    return json.dumps({"bundle_version": VERSION, "figures": figures}, indent=2).encode()


def read(content: bytes, name: str) -> list[Card]:
    """Read a board.

    Parameters
    ----------
    content
        The file; nothing in it is trusted.
    name
        Its name, for the text of an error.

    Raises
    ------
    PrismError
        It is no board, or one of another version.
    """
    try:
        saved = json.loads(content)
    except (ValueError, RecursionError):
        raise DataError(f"{name}: not valid JSON.") from None
    if not isinstance(saved, dict) or saved.get("bundle_version") != VERSION:
        raise DataError(f"{name}: not a board of version {VERSION}; save the board again.")
    figures = saved.get("figures")
    if not isinstance(figures, list) or len(figures) > MOST:
        raise DataError(f"{name}: expected a list of at most {MOST} figures.")
    return [card_from(entry) for entry in figures]
