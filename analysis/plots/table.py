"""A table as a figure: three rules, text on the left, numbers on the right."""

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from analysis.plots.theme import FONT_SIZE, INK, new_figure
from prism_core.errors import ConfigError

GAP: Final = 2
"""Letters between two columns."""
NARROWEST: Final = 6
"""Letters of the narrowest column of text."""
LEADING: Final = 1.35
"""Height of a line over the text size."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's lines of text, its head first; ``width`` in letters."""

    cells: list[list[str]]
    width: int
    is_number: bool


def table_figure(
    *, cells: pd.DataFrame, numbers: Sequence[bool], letters: int, dark: bool = False
) -> go.Figure:
    """Draw a table.

    Parameters
    ----------
    cells
        Texts, as of :func:`analysis.tables.printed_cells`.
    numbers
        Which columns hold numbers: they stand on the right and never break.
    letters
        Width of the table in letters; texts break into lines to fit.
    dark
        Whether the page is dark.

    Raises
    ------
    ConfigError
        The columns do not fit the width.
    """
    columns = _columns(cells, numbers, letters)
    lines = [max(len(c.cells[row]) for c in columns) for row in range(len(cells) + 1)]
    tops = list(accumulate([n + 0.5 for n in lines], initial=0.0))
    figure = new_figure(
        dark=dark,
        height=round(tops[-1] * LEADING * FONT_SIZE) + 8,
        margin={"l": 2, "r": 2, "t": 4, "b": 4},
        showlegend=False,
    )
    figure.update_xaxes(visible=False, range=[0, 1], fixedrange=True)
    figure.update_yaxes(visible=False, range=[tops[-1], 0], fixedrange=True)
    _draw_cells(figure, columns, tops)
    for y, width in ((0, 1.2), (tops[1], 0.7), (tops[-1], 1.2)):
        line = {"color": INK[dark], "width": width}
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=y, y1=y, line=line)
    return figure


def require_room(*, cells: pd.DataFrame, numbers: Sequence[bool], letters: int) -> None:
    """Refuse a table whose columns do not fit a width; see :func:`table_figure`.

    Raises
    ------
    ConfigError
        The columns do not fit.
    """
    _widths(cells, numbers, letters - GAP * (cells.shape[1] - 1))


def _draw_cells(figure: go.Figure, columns: Sequence[_Column], tops: Sequence[float]) -> None:
    starts = list(accumulate([c.width + GAP for c in columns], initial=0))
    total = starts[-1] - GAP
    for column, start in zip(columns, starts, strict=False):
        x = (start + column.width if column.is_number else start) / total
        side = "right" if column.is_number else "left"
        for row, texts in enumerate(column.cells):
            text = "<br>".join(html.escape(one, quote=False) for one in texts)
            figure.add_annotation(
                text=text, x=x, y=tops[row] + 0.25, xref="paper", xanchor=side, yanchor="top",
                align=side, showarrow=False, borderpad=0,
            )  # fmt: skip


def _columns(cells: pd.DataFrame, numbers: Sequence[bool], letters: int) -> list[_Column]:
    widths = _widths(cells, numbers, letters - GAP * (cells.shape[1] - 1))
    found = []
    for place, (width, is_number) in enumerate(zip(widths, numbers, strict=True)):
        head = textwrap.wrap(str(cells.columns[place]), width) or [""]
        texts = [textwrap.wrap(text, width) or [""] for text in cells.iloc[:, place]]
        found.append(_Column([head, *texts], width, is_number))
    return found


def _widths(cells: pd.DataFrame, numbers: Sequence[bool], room: int) -> list[int]:
    """Give every column its natural width, or as much as an equal limit on texts leaves."""
    heads = [str(name) for name in cells.columns]
    longest = [max((len(t) for t in cells.iloc[:, p]), default=0) for p in range(len(heads))]
    words = [max(map(len, head.split()), default=1) for head in heads]
    natural = [
        max(longest[p], words[p] if numbers[p] else len(heads[p]), 1) for p in range(len(heads))
    ]
    limit = max(natural)
    while limit > NARROWEST and sum(_limited(natural, numbers, limit)) > room:
        limit -= 1
    widths = _limited(natural, numbers, limit)
    if sum(widths) > room:
        raise ConfigError(
            f"the table's columns need {sum(widths)} letters, but there is room for {room}: "
            "choose the full width, a smaller text size, or a LaTeX table."
        )
    return widths


def _limited(natural: Sequence[int], numbers: Sequence[bool], limit: int) -> list[int]:
    return [
        n if is_number else min(n, limit) for n, is_number in zip(natural, numbers, strict=True)
    ]
