"""Making text fit a narrow figure: labels, axis titles, cells and the legend."""

import html
import re
import textwrap
from math import ceil
from numbers import Real
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go

from analysis.plots.text import unmarked

LegendPlace = Literal["top", "bottom", "right", "none"]

LETTER: Final = 0.5
"""Mean width of a letter over the text size."""

LABEL_SHARE: Final = 0.4
"""Most of the width that labels of rows may take."""

WIDE_SPACE: Final = "  "

TICK_LETTERS: Final = 7
"""Room for a number below an axis, in letters."""

ENTRY_PX: Final = 42
"""Width of a legend entry beside its text."""


def shorten_labels(figure: go.Figure, *, letter: float) -> None:
    """Cut the labels of rows that would take more than ``LABEL_SHARE`` of the width."""
    longest = int(LABEL_SHARE * figure.layout.width / letter)
    for trace in figure.data:
        if labels := _row_labels(trace):
            trace.y = [_cut(label, longest) for label in labels]
    axes = list(figure.select_yaxes())
    beside = longest * 2 // 3 if any(axis.side == "right" for axis in axes) else longest
    for axis in axes:
        if axis.categoryarray is not None:
            axis.categoryarray = [_cut(str(label), longest) for label in axis.categoryarray]
        if axis.ticktext is not None:
            axis.ticktext = ["<br>".join(_cut(t, beside) for t in _lines(x)) for x in axis.ticktext]
    for note in figure.layout.annotations:
        if isinstance(note.y, str):
            note.y = _cut(note.y, longest)


def space_ticks(figure: go.Figure, *, letter: float) -> None:
    """Draw as many numbers below horizontal axes as fit level beside each other."""
    room = figure.layout.width - label_width(figure, letter)
    for axis in figure.select_xaxes():
        traces = [t for t in figure.data if _axis_of(t) == axis.plotly_name]
        if traces and all(_has_numbers(trace.x) for trace in traces) and axis.tickvals is None:
            start, end = axis.domain or (0, 1)
            most = int((end - start) * room / (TICK_LETTERS * letter))
            if most >= 2:
                axis.update(tickangle=0, nticks=min(axis.nticks or most, most))


def num_rows(figure: go.Figure) -> int:
    """Count the labels of rows that stand above each other."""
    return len({label for trace in figure.data for label in _row_labels(trace)})


def _axis_of(trace: Any) -> str:
    return f"xaxis{(trace.xaxis or 'x')[1:]}"


def _has_numbers(values: Any) -> bool:
    listed = values if isinstance(values, list | tuple | np.ndarray) else ()
    return len(listed) > 0 and all(v is None or isinstance(v, Real) for v in listed)


def wrap_axis_titles(figure: go.Figure, *, letter: float) -> None:
    """Break titles of horizontal axes that are longer than the axis is."""
    axes = list(figure.select_xaxes())
    panels = len({tuple(axis.domain or ()) for axis in axes}) or 1
    longest = max(12, int(0.52 * figure.layout.width / panels / letter))
    for axis in axes:
        if axis.title.text and len(axis.title.text) > longest:
            axis.title.text = "<br>".join(textwrap.wrap(axis.title.text, longest))


def wrap_panel_titles(figure: go.Figure, *, letter: float) -> None:
    """Break titles above panels that are wider than their panel."""
    panels = len({tuple(axis.domain or ()) for axis in figure.select_xaxes()}) or 1
    longest = max(12, int(0.95 * figure.layout.width / panels / letter))
    for note in figure.layout.annotations:
        above = note.xref == note.yref == "paper" and note.yanchor == "bottom"
        if above and note.text and len(unmarked(note.text)) > longest:
            note.text = _two_lines(note.text, longest)


def _two_lines(text: str, longest: int) -> str:
    """Break where a wide space parts a title from a remark, else between words."""
    if WIDE_SPACE in text:
        return text.replace(WIDE_SPACE, "<br>", 1)
    return text if "<" in text else "<br>".join(textwrap.wrap(text, longest))


def cells_hold_text(trace: go.Heatmap, *, width: float, letter: float) -> bool:
    """Whether a number of six characters fits a heat map's cell beside labels and colour bar."""
    labels = sum(max(map(len, level)) for level in trace.y) * letter
    room = width - labels - 12 * letter
    return room / max(len(trace.x), 1) > 7 * letter


def place_legend(figure: go.Figure, place: LegendPlace, *, letter: float) -> None:
    """Put the legend where it is asked, and make room where it needs several lines."""
    if place == "none" or figure.layout.showlegend is False:
        figure.update_layout(showlegend=False)
        return
    own = figure.layout.legend.y
    below = own is not None and own < 0
    chosen = "bottom" if place == "top" and below else place
    if chosen != "right":
        figure.layout.height += round(_extra_lines(figure, letter) * 1.5 * letter / LETTER)
    wide = {"orientation": "h", "x": 0, "xref": "container", "xanchor": "left"}
    places: dict[str, dict[str, Any]] = {
        "top": wide | {"y": _below_title(figure), "yanchor": "top", "yref": "container"},
        "bottom": wide | {"y": 0, "yanchor": "bottom", "yref": "container"},
        "right": {"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top", "xanchor": "left"},
    }
    figure.update_layout(legend=places[chosen] | {"tracegroupgap": 4, "itemwidth": 30})


def _row_labels(trace: Any) -> list[str]:
    """Labels on the vertical axis; empty where the axis has numbers or two levels."""
    rows = trace.y
    texts = isinstance(rows, list | tuple | np.ndarray) and all(isinstance(y, str) for y in rows)
    return list(rows) if texts else []


def _lines(label: Any) -> list[str]:
    return re.split(r"<br\s*/?>", str(label))


def _cut(label: str, longest: int) -> str:
    text = unmarked(label)
    if len(text) <= longest:
        return label
    kept = html.escape(text[: longest - 1].rstrip() + "…", quote=False)
    return f"<b>{kept}</b>" if label.startswith("<b>") else kept


def _extra_lines(figure: go.Figure, letter: float) -> int:
    """Lines of a horizontal legend beyond the first two, for which margins have room."""
    names = [t.name for t in figure.data if t.name and t.showlegend is not False]
    if not names:
        return 0
    entry = max(map(len, names)) * letter + ENTRY_PX
    room = figure.layout.width - label_width(figure, letter)
    return max(0, ceil(len(names) / max(1, int(room / entry))) - 2)


def label_width(figure: go.Figure, letter: float) -> float:
    """Estimate the width of the labels on the left in px; room for numbers where there are none."""
    labels = [label for trace in figure.data for label in _row_labels(trace)]
    single = max((len(unmarked(label)) for label in labels), default=5)
    return max([single, *map(_letters_of_levels, figure.data)]) * letter + 24


def _letters_of_levels(trace: Any) -> int:
    """Count the letters of two levels of labels beside each other; 0 where there is one level."""
    rows = trace.y
    levels = list(rows) if isinstance(rows, list | tuple | np.ndarray) else []
    if len(levels) != 2 or isinstance(levels[0], str | Real | None):
        return 0
    return sum(max((len(unmarked(str(label))) for label in level), default=0) for level in levels)


def _below_title(figure: go.Figure) -> float:
    """Height for a legend on top, as a share of the figure."""
    title = figure.layout.title.text
    lines = 0.8 + 1.4 * (title.count("<br>") + 1) if title else 0.3
    return 1 - lines * figure.layout.font.size / figure.layout.height
