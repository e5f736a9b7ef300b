"""Figures as PGFPlots source: LaTeX draws them in the paper's own fonts.

Bars, points, lines, areas, intervals, cells, reference lines and notes are translated; hover and
selection have no counterpart. A paper needs ``\\usepackage{pgfplots}`` and
``\\usetikzlibrary{patterns}``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from analysis.pgftext import escape, pgf_color, plain_number
from analysis.plots import theme
from analysis.printing import PrintOptions
from analysis.venues import venue_of
from prism_core.errors import ConfigError

BAR: Final = 0.36
"""Half the thickness of a bar, in rows."""

_PATTERNS: Final = {
    "/": "north east lines",
    "\\": "north west lines",
    "x": "crosshatch",
    ".": "dots",
    "+": "grid",
}
_MARKS: Final = {
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
_DASHES: Final = {"dot": "dotted", "dash": "dashed", "dashdot": "dashdotted"}
_ANCHORS: Final = {"left": "west", "right": "east", "center": ""}
_VERTICAL: Final = {"top": "north", "bottom": "south", "middle": ""}


def to_pgfplots(figure: go.Figure, options: PrintOptions | None = None) -> str:
    """Translate a figure.

    Parameters
    ----------
    figure
        A figure of :mod:`analysis.plots`, drawn for a light page.
    options
        Venue, span and aspect.

    Returns
    -------
    str
        A ``tikzpicture`` environment.

    Raises
    ------
    ConfigError
        The figure holds a kind of trace that has no translation.
    """
    chosen = options or PrintOptions()
    width = venue_of(chosen.venue).inches(chosen.span)
    factor = chosen.text_px / theme.FONT_SIZE / 96
    height = width * chosen.aspect if chosen.aspect else (figure.layout.height or 400) * factor
    panels = _panels(figure)
    size = (width * 0.72, height * 0.68)
    lines = [r"\begin{tikzpicture}"]
    for number, (panel, traces) in enumerate(panels.items()):
        lines += _axis(figure, panel, traces, size, first=number == 0)
    lines += _paper_notes(figure, size)
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def _panels(figure: go.Figure) -> dict[tuple[str, str], list[Any]]:
    panels: dict[tuple[str, str], list[Any]] = {}
    for trace in figure.data:
        if trace.type not in ("bar", "scatter", "scattergl", "heatmap"):
            raise ConfigError(f"a {trace.type} trace has no PGFPlots form; choose PDF or SVG.")
        panels.setdefault((trace.xaxis or "x", trace.yaxis or "y"), []).append(trace)
    return panels


def _axis(
    figure: go.Figure,
    panel: tuple[str, str],
    traces: Sequence[Any],
    size: tuple[float, float],
    *,
    first: bool,
) -> list[str]:
    across, up = (figure.layout[_axis_name(name)] for name in panel)
    rows, columns = _categories(figure, traces, "y"), _categories(figure, traces, "x")
    body = [line for trace in traces for line in _trace(trace, rows, columns)]
    bars = [trace for trace in traces if trace.type == "bar"]
    body += _bars(bars, rows, columns, grouped=figure.layout.barmode in (None, "group"))
    body += _shapes(figure, panel)
    body += _notes(figure, panel, rows)
    left, right = across.domain or (0, 1)
    low, high = up.domain or (0, 1)
    titled = any(note.yref == "paper" and note.y > 0.99 for note in figure.layout.annotations)
    above = 1.15 if titled else 1.04
    settings = {
        "scale only axis": "",
        **({"axis equal image": ""} if up.scaleanchor else {}),
        "width": f"{(right - left) * size[0]:.3f}in",
        "height": f"{(high - low) * size[1]:.3f}in",
        "at": f"{{({left * size[0]:.3f}in,{low * size[1]:.3f}in)}}",
        "anchor": "south west",
        "axis lines": "left" if across.visible is not False else "none",
        "axis line style": "{draw=gray, -}",
        "tick align": "outside",
        "clip": "false",
        "scaled ticks": "false",
        "xlabel style": f"{{text width={(right - left) * size[0]:.3f}in}}",
        "label style": r"{font=\footnotesize, align=center}",
        "tick label style": r"{font=\footnotesize, align=right, /pgf/number format/fixed}",
        "legend style": rf"{{at={{(0,{above})}}, anchor=south west, draw=none, "
        r"font=\footnotesize, legend columns=3}",
        "legend cell align": "left",
        **_shared_range(figure, up),
        **_scale(across, "x", columns),
        **_scale(up, "y", rows),
        **_color_bar(figure, traces),
    }
    head = ",\n  ".join(f"{key}={value}" if value else key for key, value in settings.items())
    legend = _legend(figure) if first else []
    return [rf"\begin{{axis}}[{head}]", *legend, *body, r"\end{axis}"]


def _axis_name(name: str) -> str:
    return f"{name[0]}axis{name[1:]}"


def _scale(axis: Any, letter: str, names: Sequence[str]) -> dict[str, str]:
    """Range, direction, labels and title of one axis."""
    settings = {}
    if axis.title.text:
        settings[f"{letter}label"] = f"{{{escape(axis.title.text)}}}"
    if names:
        settings |= _ticks(letter, range(len(names)), names)
        settings |= {f"{letter}min": "-0.6", f"{letter}max": f"{len(names) - 0.4:.1f}"}
    elif axis.tickvals is not None:
        settings |= _ticks(letter, axis.tickvals, axis.ticktext)
    if axis.range is not None:
        low, high = sorted(axis.range)
        settings |= {f"{letter}min": plain_number(low), f"{letter}max": plain_number(high)}
    if axis.autorange == "reversed":
        settings[f"{letter} dir"] = "reverse"
    if axis.showticklabels is False:
        settings |= {f"{letter}tick": r"\empty"}
    return settings


def _shared_range(figure: go.Figure, axis: Any) -> dict[str, str]:
    """One vertical range for panels whose axes match."""
    matched = {a.matches for a in figure.select_yaxes() if a.matches}
    if not matched or _categories(figure, figure.data, "y"):
        return {}
    low = min(_reach(trace, trace.error_y.arrayminus, -1).min() for trace in figure.data)
    high = max(_reach(trace, trace.error_y.array, 1).max() for trace in figure.data)
    room = 0.05 * (high - low)
    hidden = {"yticklabels": r"\empty"} if axis.matches else {}
    return {"ymin": plain_number(low - room), "ymax": plain_number(high + room)} | hidden


def _reach(trace: Any, error: Any, sign: int) -> np.ndarray:
    """Ends of a trace's intervals on one side."""
    ends = np.asarray(trace.y, dtype=float)
    return ends if error is None else ends + sign * np.asarray(error, dtype=float)


def _color_bar(figure: go.Figure, traces: Sequence[Any]) -> dict[str, str]:
    """Colour bar of a numeric colour axis."""
    axis = figure.layout.coloraxis
    if axis.colorscale is None or not any(t.marker.coloraxis for t in traces if t.type != "bar"):
        return {}
    shades = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for _, c in axis.colorscale]
    stops = " ".join(f"rgb255=({r},{g},{b})" for r, g, b in shades)
    title = escape(axis.colorbar.title.text or "")
    style = rf"{{width=0.08in, ylabel={{{title}}}, ylabel style={{font=\footnotesize}}}}"
    return {
        "colorbar": "",
        "colormap": f"{{scale}}{{{stops}}}",
        "point meta min": plain_number(axis.cmin),
        "point meta max": plain_number(axis.cmax),
        "colorbar style": style,
    }


def _ticks(letter: str, values: Any, names: Sequence[str]) -> dict[str, str]:
    places = ",".join(plain_number(value) for value in values)
    labels = ",".join(f"{{{escape(str(name))}}}" for name in names)
    return {f"{letter}tick": f"{{{places}}}", f"{letter}ticklabels": f"{{{labels}}}"}


def _categories(figure: go.Figure, traces: Sequence[Any], letter: str) -> list[str]:
    """Names along a category axis in order; empty for an axis of numbers."""
    axis = figure.layout[_axis_name(traces[0][f"{letter}axis"] or letter)]
    found: list[str] = [str(name) for name in axis.categoryarray or ()]
    for trace in traces:
        found += [name for name in _labels(trace[letter]) if isinstance(name, str)]
    return list(dict.fromkeys(found))


def _labels(values: Any) -> list[Any]:
    """Places along an axis; two levels of names are joined."""
    if values is None:
        return []
    listed = list(values)
    if len(listed) == 2 and not isinstance(listed[0], str | int | float | np.number | None):
        return [": ".join(pair) for pair in zip(*listed, strict=True)]
    return listed


def _places(values: Any, names: Sequence[str]) -> list[float]:
    order = {name: float(place) for place, name in enumerate(names)}
    return [order[v] if isinstance(v, str) else float(v) for v in _labels(values)]


def _trace(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    if trace.type == "heatmap":
        yield from _cells(trace, rows, columns)
    elif trace.type != "bar" and trace.x is not None and any(v is not None for v in trace.x):
        yield from _points(trace, rows, columns)


def _points(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    x, y = _places(trace.x, columns), _places(trace.y, rows)
    style = _style(trace)
    if trace.fill == "toself":
        style = [f"fill={pgf_color(_single(trace.line.color))}", "fill opacity=0.4", *style]
    errors = _errors(trace)
    colors = _point_colors(trace)
    groups = sorted(set(colors)) if colors else [""]
    for color in groups:
        keep = [i for i in range(len(x)) if not colors or colors[i] == color]
        points = " ".join(
            f"({plain_number(x[i])},{plain_number(y[i])}){errors[i] if errors else ''}"
            for i in keep
        )
        chosen = [*style, *([f"color={pgf_color(color)}"] if color else [])]
        if errors:
            way = "x" if trace.error_x.array is not None else "y"
            chosen.append(f"error bars/.cd, {way} dir=both, {way} explicit")
        yield rf"\addplot[forget plot, {', '.join(chosen)}] coordinates {{{points}}};"
    if trace.mode and "text" in trace.mode:
        for place, text in enumerate(trace.text):
            at = f"(axis cs:{plain_number(x[place])},{plain_number(y[place])})"
            yield rf"\node[anchor=west, font=\footnotesize] at {at} {{{escape(str(text))}}};"


def _style(trace: Any) -> list[str]:
    mode = trace.mode or "lines"
    style = []
    if "lines" in mode:
        width = 0.75 * float(trace.line.width or 1)
        style += [f"draw={pgf_color(_single(trace.line.color))}", f"line width={width:.2f}pt"]
        if trace.line.dash in _DASHES:
            style.append(_DASHES[trace.line.dash])
    if "markers" not in mode:
        return [*style, "mark=none"]
    symbol = trace.marker.symbol
    mark = _MARKS.get(symbol if isinstance(symbol, str) else "circle", "*")
    size = trace.marker.size
    radius = 0.28 * float(size if isinstance(size, int | float) else 6)
    style += [f"mark={mark}", f"mark size={radius:.2f}pt"]
    return style if "lines" in mode else ["only marks", *style]


def _point_colors(trace: Any) -> list[str]:
    """One colour for each point; empty where the trace has no marks."""
    if "markers" not in (trace.mode or ""):
        return []
    count, color = len(trace.x), trace.marker.color
    if color is None or isinstance(color, str):
        line = trace.marker.line.color or trace.line.color
        return [_single(color or line)] * count
    if isinstance(color[0], str):
        return list(color)
    low, high = trace.marker.cmin, trace.marker.cmax
    share = (np.asarray(color, dtype=float) - low) / max(high - low, 1e-12)
    return _sampled(trace.marker.colorscale, np.clip(np.nan_to_num(share), 0, 1))


def _errors(trace: Any) -> list[str]:
    for axis, text in (("error_x", "({},0)"), ("error_y", "(0,{})")):
        bars = trace[axis]
        if bars.array is not None:
            pairs = zip(bars.array, bars.arrayminus, strict=True)
            return [
                f" += {text.format(plain_number(up))} -= {text.format(plain_number(down))}"
                for up, down in pairs
            ]
    return []


def _bars(
    traces: Sequence[Any], rows: Sequence[str], columns: Sequence[str], *, grouped: bool
) -> Iterator[str]:
    """Bars as rectangles: side by side, or stacked apart on both sides of zero."""
    ends: dict[tuple[float, bool], float] = {}
    half = BAR / len(traces) if grouped and traces and traces[0].base is None else BAR
    for number, trace in enumerate(traces):
        level = trace.orientation == "h"
        values = trace.x if level else trace.y
        places = _places(trace.y, rows) if level else _places(trace.x, columns)
        starts = trace.base if trace.base is not None else [None] * len(places)
        color = pgf_color(_single(trace.marker.color))
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


def _rectangle(
    corners: Sequence[tuple[float, float]], color: str, shape: str | None
) -> Iterator[str]:
    one, other = (f"(axis cs:{plain_number(x)},{plain_number(y)})" for x, y in corners)
    yield rf"\path[fill={color}] {one} rectangle {other};"
    if shape in _PATTERNS:
        look = f"pattern={_PATTERNS[shape]}, pattern color=white"
        yield rf"\path[{look}] {one} rectangle {other};"
    yield _unseen(corners)


def _unseen(points: Sequence[tuple[float, float]]) -> str:
    """Let the axis reach some points that a path draws."""
    listed = " ".join(f"({plain_number(x)},{plain_number(y)})" for x, y in points)
    return rf"\addplot[forget plot, draw=none, mark=none] coordinates {{{listed}}};"


def _cells(trace: Any, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    grid = np.asarray(trace.z, dtype=float)
    scale = trace.colorscale
    low, high = trace.zmin, trace.zmax
    for y, x in np.argwhere(np.isfinite(grid)):
        share = 0.5 if low is None else (grid[y, x] - low) / max(high - low, 1e-12)
        (color,) = _sampled(scale, np.array([share]))
        corners = f"(axis cs:{x - 0.48},{y - 0.48}) rectangle (axis cs:{x + 0.48},{y + 0.48})"
        yield rf"\path[fill={pgf_color(color)}] {corners};"
        text = trace.text[y][x] if trace.text is not None else f"{grid[y, x]:+.3f}"
        yield rf"\node[font=\footnotesize] at (axis cs:{x},{y}) {{{escape(str(text))}}};"


def _shapes(figure: go.Figure, panel: tuple[str, str]) -> Iterator[str]:
    for shape in figure.layout.shapes:
        if shape.type != "line" or (shape.xref or "x") != panel[0]:
            continue
        relative = "domain" in (shape.yref or "") or shape.yref == "paper"
        style = [f"draw={pgf_color(_single(shape.line.color))}"]
        if shape.line.dash in _DASHES:
            style.append(_DASHES[shape.line.dash])
        ends = [
            rf"({{axis cs:{plain_number(x)},0}} |- {{rel axis cs:0,{plain_number(y)}}})"
            if relative
            else f"(axis cs:{plain_number(x)},{plain_number(y)})"
            for x, y in ((shape.x0, shape.y0), (shape.x1, shape.y1))
        ]
        yield rf"\draw[{', '.join(style)}] {ends[0]} -- {ends[1]};"


def _notes(figure: go.Figure, panel: tuple[str, str], rows: Sequence[str]) -> Iterator[str]:
    """Notes tied to data along at least one axis."""
    for note in figure.layout.annotations:
        if (note.xref, note.yref) == ("paper", "paper") or (note.xref or "x") not in (
            panel[0],
            "paper",
        ):
            continue
        across = "rel axis cs" if note.xref == "paper" else "axis cs"
        up = "rel axis cs" if note.yref in ("paper", "y domain") else "axis cs"
        (y,) = _places([note.y], rows)
        at = f"({{{across}:{plain_number(note.x)},0}} |- {{{up}:0,{plain_number(y)}}})"
        yield _node(note, at)


def _paper_notes(figure: go.Figure, size: tuple[float, float]) -> Iterator[str]:
    """Notes placed by share of the figure."""
    for note in figure.layout.annotations:
        if note.xref == "paper" and note.yref == "paper":
            yield _node(note, f"({note.x * size[0]:.3f}in,{note.y * size[1]:.3f}in)")


def _node(note: Any, at: str) -> str:
    up, across = note.yanchor or "middle", note.xanchor or "center"
    anchor = f"{_VERTICAL.get(up, '')} {_ANCHORS.get(across, '')}".strip() or "center"
    look = rf"anchor={anchor}, font=\footnotesize, align=center"
    return rf"\node[{look}] at {at} {{{escape(note.text)}}};"


def _legend(figure: go.Figure) -> Iterator[str]:
    for trace in figure.data:
        if not trace.name or trace.showlegend is False or figure.layout.showlegend is False:
            continue
        if trace.type == "bar":
            look = f"area legend, fill={pgf_color(_single(trace.marker.color))}, draw=none"
            pattern = _PATTERNS.get(trace.marker.pattern.shape or "")
            look += f", postaction={{pattern={pattern}, pattern color=white}}" if pattern else ""
        else:
            colors = _point_colors(trace) if trace.x is not None else []
            style = _style(trace)
            look = ", ".join([*style, *([f"color={pgf_color(colors[0])}"] if colors else [])])
        yield rf"\addlegendimage{{{look}}}"
        yield rf"\addlegendentry{{{escape(trace.name)}}}"


def _single(color: Any) -> str:
    return color if isinstance(color, str) else theme.MUTED[False]


def _sampled(scale: Any, shares: np.ndarray) -> list[str]:
    """Colours at some shares of a colour scale of hexadecimal stops."""
    stops = np.array([stop for stop, _ in scale], dtype=float)
    shades = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for _, c in scale])
    mixed = [np.interp(shares, stops, shades[:, channel]).round() for channel in range(3)]
    return [f"#{int(r):02X}{int(g):02X}{int(b):02X}" for r, g, b in zip(*mixed, strict=True)]


def document(picture: str) -> str:
    """Wrap a picture in the smallest document that compiles, to try it alone."""
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{pgfplots}",
            r"\pgfplotsset{compat=1.16}",
            r"\usetikzlibrary{patterns}",
            r"\pagestyle{empty}",
            r"\begin{document}\noindent",
            picture,
            r"\end{document}",
            "",
        ]
    )
