"""Traces in PGFPlots: points, lines, areas, intervals, bars, cells, reference lines."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from analysis.pgf.axes import places_of
from analysis.pgf.text import escape, pgf_color, plain_number
from analysis.plots import theme

BAR: Final = 0.36
"""Half the thickness of a bar, in rows."""

PATTERNS: Final = {
    "/": "north east lines",
    "\\": "north west lines",
    "x": "crosshatch",
    ".": "dots",
    "+": "grid",
}
MARKS: Final = {
    "circle": "*",
    "square": "square*",
    "diamond": "diamond*",
    "triangle-up": "triangle*",
    "circle-open": "o",
    "square-open": "square",
    "star": "star",
    "line-ns": "|",
    "cross": "+",
    "x": "x",
    "pentagon": "pentagon*",
}
DASHES: Final = {"dot": "dotted", "dash": "dashed", "dashdot": "dashdotted"}


def trace_lines(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    if trace.type == "heatmap":
        yield from _cells(trace, rows, columns)
    elif trace.type != "bar" and _is_seen(trace):
        yield from _points(trace, rows, columns)


def _is_seen(trace: Any) -> bool:
    return trace.marker.opacity != 0 and trace.x is not None and any(v is not None for v in trace.x)


def _points(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    x, y = places_of(trace.x, columns), places_of(trace.y, rows)
    style = style_of(trace)
    if trace.fill == "toself":
        style = [f"fill={pgf_color(single_color(trace.line.color))}", "fill opacity=0.4", *style]
    errors = _errors(trace)
    looks = _point_looks(trace)
    for look in sorted(set(looks)):
        chosen = [*style, *look]
        if errors:
            way = "x" if trace.error_x.array is not None else "y"
            chosen.append(f"error bars/.cd, {way} dir=both, {way} explicit")
        for piece in _pieces([i for i in range(len(x)) if looks[i] == look], x, y):
            points = " ".join(
                f"({plain_number(x[i])},{plain_number(y[i])}){errors[i] if errors else ''}"
                for i in piece
            )
            yield rf"\addplot[forget plot, {', '.join(chosen)}] coordinates {{{points}}};"
    if trace.mode and "text" in trace.mode:
        for place, text in enumerate(trace.text):
            if np.isnan(x[place]):
                continue
            at = f"(axis cs:{plain_number(x[place])},{plain_number(y[place])})"
            yield rf"\node[anchor=west] at {at} {{{escape(str(text))}}};"


def style_of(trace: Any) -> list[str]:
    mode = trace.mode or "lines"
    style = []
    if "lines" in mode:
        width = 0.75 * float(trace.line.width or 1)
        style += [f"draw={pgf_color(single_color(trace.line.color))}", f"line width={width:.2f}pt"]
        if trace.line.dash in DASHES:
            style.append(DASHES[trace.line.dash])
    if "markers" not in mode:
        return [*style, "mark=none"]
    symbol = trace.marker.symbol
    mark = MARKS.get(symbol if isinstance(symbol, str) else "circle", "*")
    size = trace.marker.size
    radius = 0.28 * float(size if isinstance(size, int | float) else 6)
    style += [f"mark={mark}", f"mark size={radius:.2f}pt"]
    return style if "lines" in mode else ["only marks", *style]


def point_colors(trace: Any) -> list[str]:
    """One colour for each point; empty where the trace has no marks."""
    if "markers" not in (trace.mode or ""):
        return []
    count, color = len(trace.x), trace.marker.color
    if color is None or isinstance(color, str):
        line = trace.marker.line.color or trace.line.color
        return [single_color(color or line)] * count
    if isinstance(color[0], str):
        return list(color)
    low, high = trace.marker.cmin, trace.marker.cmax
    share = (np.asarray(color, dtype=float) - low) / max(high - low, 1e-12)
    return _sampled(trace.marker.colorscale, np.clip(np.nan_to_num(share), 0, 1))


def _sampled(scale: Any, shares: np.ndarray) -> list[str]:
    """Colours at some shares of a colour scale of hexadecimal stops."""
    stops = np.array([stop for stop, _ in scale], dtype=float)
    shades = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for _, c in scale])
    mixed = [np.interp(shares, stops, shades[:, channel]).round() for channel in range(3)]
    return [f"#{int(r):02X}{int(g):02X}{int(b):02X}" for r, g, b in zip(*mixed, strict=True)]


def _pieces(kept: Sequence[int], x: Sequence[float], y: Sequence[float]) -> Iterator[list[int]]:
    """Split points where a line is broken."""
    whole = [not (np.isnan(x[i]) or np.isnan(y[i])) for i in kept]
    for is_whole, group in groupby(zip(kept, whole, strict=True), key=lambda pair: pair[1]):
        if is_whole:
            yield [place for place, _ in group]


def _point_looks(trace: Any) -> list[tuple[str, ...]]:
    """Colour and, where it differs from point to point, mark of each point."""
    colors, symbol = point_colors(trace), trace.marker.symbol
    if not colors:
        return [()] * len(trace.x)
    colored = [f"color={pgf_color(color)}" for color in colors]
    if symbol is None or isinstance(symbol, str):
        return [(color,) for color in colored]
    marks = [f"mark={MARKS.get(name, '*')}" for name in symbol]
    return list(zip(colored, marks, strict=True))


def _errors(trace: Any) -> list[str]:
    for axis, text in (("error_x", "({},0)"), ("error_y", "(0,{})")):
        bars = trace[axis]
        if bars.array is not None:
            below = bars.array if bars.arrayminus is None else bars.arrayminus
            pairs = zip(bars.array, below, strict=True)
            return [
                f" += {text.format(plain_number(up))} -= {text.format(plain_number(down))}"
                for up, down in pairs
            ]
    return []


def bar_lines(
    traces: Sequence[Any], rows: Sequence[str], columns: Sequence[str], *, grouped: bool
) -> Iterator[str]:
    """Bars as rectangles: side by side, or stacked apart on both sides of zero."""
    ends: dict[tuple[float, bool], float] = {}
    half = BAR / len(traces) if grouped and _share_places(traces) else BAR
    for number, trace in enumerate(traces):
        level = trace.orientation == "h"
        values = trace.x if level else trace.y
        places = places_of(trace.y, rows) if level else places_of(trace.x, columns)
        starts = trace.base if trace.base is not None else [None] * len(places)
        color = pgf_color(single_color(trace.marker.color))
        for place, value, base in zip(places, values, starts, strict=True):
            start = ends.get((place, value >= 0), 0.0) if base is None else base
            middle = place
            if half < BAR:
                middle, start = place + (2 * number - len(traces) + 1) * half, 0.0
            ends[place, value >= 0] = start + value
            corners = [(start, middle - half), (start + value, middle + half)]
            if not level:
                corners = [(up, across) for across, up in corners]
            yield from _rectangle(corners, color, trace.marker.pattern.shape)
        yield from _bar_intervals(trace, rows, columns)


def _share_places(traces: Sequence[Any]) -> bool:
    """Whether two bars that start at zero stand at one place."""
    places = [p for t in traces for p in set(t.y if t.orientation == "h" else t.x)]
    return bool(traces) and traces[0].base is None and len(set(places)) < len(places)


def _bar_intervals(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    errors = _errors(trace)
    if errors:
        x, y = places_of(trace.x, columns), places_of(trace.y, rows)
        way = "x" if trace.error_x.array is not None else "y"
        places = zip(x, y, errors, strict=True)
        points = " ".join(f"({plain_number(a)},{plain_number(b)}){e}" for a, b, e in places)
        style = f"only marks, mark=none, error bars/.cd, {way} dir=both, {way} explicit"
        yield rf"\addplot[forget plot, {style}] coordinates {{{points}}};"


def _rectangle(
    corners: Sequence[tuple[float, float]], color: str, shape: str | None
) -> Iterator[str]:
    one, other = (f"(axis cs:{plain_number(x)},{plain_number(y)})" for x, y in corners)
    yield rf"\path[fill={color}] {one} rectangle {other};"
    if shape in PATTERNS:
        look = f"pattern={PATTERNS[shape]}, pattern color=white"
        yield rf"\path[{look}] {one} rectangle {other};"
    yield _unseen(corners)


def _unseen(points: Sequence[tuple[float, float]]) -> str:
    """Let the axis reach some points that a path draws."""
    listed = " ".join(f"({plain_number(x)},{plain_number(y)})" for x, y in points)
    return rf"\addplot[forget plot, draw=none, mark=none] coordinates {{{listed}}};"


def _cells(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    grid = np.asarray(trace.z, dtype=float)
    scale = trace.colorscale
    low = np.nanmin(grid) if trace.zmin is None else trace.zmin
    high = np.nanmax(grid) if trace.zmax is None else trace.zmax
    for y, x in np.argwhere(np.isfinite(grid)):
        share = (grid[y, x] - low) / max(high - low, 1e-12)
        (color,) = _sampled(scale, np.array([share]))
        corners = f"(axis cs:{x - 0.48},{y - 0.48}) rectangle (axis cs:{x + 0.48},{y + 0.48})"
        yield rf"\path[fill={pgf_color(color)}] {corners};"
        text = trace.text[y][x] if trace.text is not None else f"{grid[y, x]:+.3f}"
        ink = "white" if _is_dark(color) else "black"
        yield rf"\node[text={ink}] at (axis cs:{x},{y}) {{{escape(str(text))}}};"


def _is_dark(color: str) -> bool:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 110


def shape_lines(figure: go.Figure, panel: tuple[str, str]) -> Iterator[str]:
    for shape in figure.layout.shapes:
        if shape.type != "line" or (shape.xref or "x") != panel[0]:
            continue
        relative = "domain" in (shape.yref or "") or shape.yref == "paper"
        style = [f"draw={pgf_color(single_color(shape.line.color))}"]
        if shape.line.dash in DASHES:
            style.append(DASHES[shape.line.dash])
        ends = [
            rf"({{axis cs:{plain_number(x)},0}} |- {{rel axis cs:0,{plain_number(y)}}})"
            if relative
            else f"(axis cs:{plain_number(x)},{plain_number(y)})"
            for x, y in ((shape.x0, shape.y0), (shape.x1, shape.y1))
        ]
        yield rf"\draw[{', '.join(style)}] {ends[0]} -- {ends[1]};"


def single_color(color: Any) -> str:
    return color if isinstance(color, str) else theme.MUTED[False]
