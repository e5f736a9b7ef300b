"""Two lists side by side with lines between an item's places: the quick look of ``rank_moves``."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analysis.plots.rank_moves import KINDS, color_of, ends_of, kind_of, move_words
from app.components.text import escaped
from app.components.title_card import as_data_uri


def draw(lists: pd.DataFrame, *, names: tuple[str, str], top: int, dark: bool) -> None:
    """Draw the lists as plain elements, which a browser shows much sooner than a figure.

    Parameters
    ----------
    lists, names, top, dark
        As of :func:`analysis.plots.rank_moves.rank_moves`.
    """
    rows = lists.to_dict("records")
    sides = [
        _side(rows, side, name, top) for side, name in zip(("first", "second"), names, strict=True)
    ]
    st.html(
        f'<div class="prism-moves">{sides[0]}<img src="{_lines(rows, top, dark)}" alt="">{sides[1]}'
        f'</div><div class="prism-key">{_key(rows, top, dark)}</div>'
    )


def _side(rows: Sequence[dict[Any, Any]], side: str, name: str, top: int) -> str:
    listed = sorted(
        (row for row in rows if pd.notna(row[side]) and row[side] <= top), key=lambda r: r[side]
    )
    entries = "".join(_entry(row, int(row[side])) for row in listed)
    return (
        f'<div class="{side}"><b>{escaped(name)}</b>'
        f'<ol aria-label="{escaped(name)}">{entries}</ol></div>'
    )


def _entry(row: dict[Any, Any], rank: int) -> str:
    star, look = ("★ ", ' class="target"') if row["is_target"] else ("", "")
    words = f"{row['title']}, {move_words(row)}"
    return (
        f'<li{look} value="{rank}" style="grid-row:{rank}" title="{escaped(words)}">'
        f"<span>{star}{escaped(row['title'])}</span><b>{rank}</b></li>"
    )


def _lines(rows: Sequence[dict[Any, Any]], top: int, dark: bool) -> str:
    """Draw all lines as one picture that is stretched between the lists."""
    lines = "".join(_line(row, top, dark) for row in rows)
    return as_data_uri(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0.5 1 {top}" '
        f'preserveAspectRatio="none">{lines}</svg>'
    )


def _line(row: dict[Any, Any], top: int, dark: bool) -> str:
    kind, ((x1, y1), (x2, y2)) = kind_of(row, top), ends_of(row, top)
    look = 'stroke-width="1.5" stroke-dasharray="2 3"' if kind == "single" else 'stroke-width="2.5"'
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color_of(kind, dark)}" {look} '
        'vector-effect="non-scaling-stroke"/>'
    )


def _key(rows: Sequence[dict[Any, Any]], top: int, dark: bool) -> str:
    present = {kind_of(row, top) for row in rows}
    return "".join(
        f'<span><i style="background:{color_of(kind, dark)}"></i>{name}</span>'
        for kind, (name, _) in KINDS.items()
        if kind in present
    )
