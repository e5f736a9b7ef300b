"""Texts inside figures: titles of items come from files, so they are escaped and kept short."""

import html
import re
from collections.abc import Iterable
from typing import Final

from prism_core.names import ID

LIST_TITLE: Final = 25
"""Letters kept of a title in a list, so that two columns of figures leave room for the marks."""


def short(text: str, *, width: int = 34) -> str:
    """Cut a text to ``width`` characters with an ellipsis, and escape it for a figure."""
    flat = " ".join(str(text).split())
    kept = flat if len(flat) <= width else flat[: width - 1].rstrip() + "…"
    return html.escape(kept, quote=False)


def unmarked(label: str) -> str:
    """Give a label of a figure as plain text: no tags, no escapes."""
    return html.unescape(re.sub(r"<[^>]*>", "", label))


def ranked_labels(ranks: Iterable[int], titles: Iterable[str], is_target: Iterable[bool]) -> list:
    """Label list places, the true next item with a star: "★ 3  Casablanca"."""
    return [
        f"<b>★ {rank}  {short(title, width=LIST_TITLE)}</b>"
        if true
        else f"{rank}  {short(title, width=LIST_TITLE)}"
        for rank, title, true in zip(ranks, titles, is_target, strict=True)
    ]


def in_drawing_order(players: Iterable[str]) -> list[str]:
    """Order players for drawing: parts in their order, the id path last."""
    return sorted(dict.fromkeys(players), key=lambda player: player == ID)
