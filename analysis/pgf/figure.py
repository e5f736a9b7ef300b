"""Figures as PGFPlots source: LaTeX draws them in the paper's own fonts.

Bars, points, lines, areas, intervals, cells, reference lines and notes are translated; hover and
selection have no counterpart. A paper needs ``\\usepackage{pgfplots}`` and
``\\usetikzlibrary{patterns}``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from analysis import fitting
from analysis.pgf.axes import (
    axis_name,
    categories,
    color_bar_settings,
    labels_of,
    places_of,
    scale_settings,
    shared_range,
)
from analysis.pgf.text import escape, pgf_color, plain_number, unmarked_lines
from analysis.pgf.traces import (
    PATTERNS,
    bar_lines,
    point_colors,
    shape_lines,
    single_color,
    style_of,
    trace_lines,
)
from analysis.printing import MAX_VECTOR_POINTS, PrintOptions, num_points, own_height
from analysis.rendering import CSS_DPI
from analysis.venues import venue_of
from prism_core.errors import ConfigError

_ANCHORS: Final = {"left": "west", "right": "east", "center": ""}
_VERTICAL: Final = {"top": "north", "bottom": "south", "middle": ""}


def to_pgfplots(figure: go.Figure, options: PrintOptions | None = None, *, title: str = "") -> str:
    """Translate a figure.

    Parameters
    ----------
    figure
        A figure of :mod:`analysis.plots`, drawn for a light page.
    options
        Venue, span, text size, aspect, title and legend; the font is the paper's.
    title
        Title of a figure that has none of its own, shown where the options ask for titles.

    Returns
    -------
    str
        A ``tikzpicture`` environment.

    Raises
    ------
    ConfigError
        The figure holds a kind of trace that has no translation, or more points than LaTeX takes.
    """
    _refuse_untranslatable(figure)
    chosen = options or PrintOptions()
    figure = go.Figure(figure).update_layout(width=chosen.width_px, font_size=chosen.text_px)
    fitting.shorten_labels(figure, letter=chosen.letter_px)
    panels = _panels(figure)
    width = venue_of(chosen.venue).inches(chosen.span)
    height = width * chosen.aspect if chosen.aspect else own_height(figure, chosen) / CSS_DPI
    beside = _beside(figure, chosen.letter_px) / CSS_DPI
    size = (max(0.4 * width, width - beside), height * 0.68)
    lines = [rf"\begin{{tikzpicture}}[font={_font_of(chosen)}]"]
    for number, (panel, traces) in enumerate(panels.items()):
        legend = number == 0 and chosen.legend != "none"
        lines += _axis(figure, panel, traces, size, legend=legend)
    lines += _paper_notes(figure, size)
    if chosen.title:
        lines += _title(figure.layout.title.text or title, width)
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def _beside(figure: go.Figure, letter: float) -> float:
    """Estimate what stands left and right of the axes, in px."""
    rows = [y for trace in figure.data for y in labels_of(trace.y) if isinstance(y, str)]
    rows += [str(text) for axis in figure.select_yaxes() for text in axis.ticktext or ()]
    left = max((max(map(len, unmarked_lines(y))) for y in rows), default=6) * letter
    titled = any(axis.title.text for axis in figure.select_yaxes())
    notes = [n.text for n in figure.layout.annotations if n.xref == "paper" and n.x >= 1]
    right = max((max(map(len, unmarked_lines(text))) for text in notes), default=2) * letter
    bar = 9 * letter if figure.layout.coloraxis.colorscale is not None else 0
    return 1.15 * (left + right + bar) + (4 * letter if titled else 0) + 16


def _refuse_untranslatable(figure: go.Figure) -> None:
    for trace in figure.data:
        if trace.type not in ("bar", "scatter", "scattergl", "heatmap"):
            raise ConfigError(f"a {trace.type} trace has no PGFPlots form; choose PDF or SVG.")
    points = num_points(figure)
    if points > MAX_VECTOR_POINTS:
        raise ConfigError(f"{points:,} points are more than LaTeX takes; choose PDF, SVG or PNG.")


def _font_of(options: PrintOptions) -> str:
    points = options.text_points
    return rf"\fontsize{{{points:g}}}{{{1.2 * points:g}}}\selectfont"


def _title(figure_title: str, width: float) -> Iterator[str]:
    if figure_title:
        look = rf"anchor=south west, text width={0.95 * width:.2f}in, font=\bfseries"
        yield rf"\node[{look}] at (current bounding box.north west) {{{escape(figure_title)}}};"


def _panels(figure: go.Figure) -> dict[tuple[str, str], list[Any]]:
    panels: dict[tuple[str, str], list[Any]] = {}
    for trace in figure.data:
        panels.setdefault((trace.xaxis or "x", trace.yaxis or "y"), []).append(trace)
    return panels


def _axis(
    figure: go.Figure,
    panel: tuple[str, str],
    traces: Sequence[Any],
    size: tuple[float, float],
    *,
    legend: bool,
) -> list[str]:
    across, up = (figure.layout[axis_name(name)] for name in panel)
    rows, columns = categories(figure, traces, "y"), categories(figure, traces, "x")
    body = [line for trace in traces for line in trace_lines(trace, rows, columns)]
    bars = [trace for trace in traces if trace.type == "bar"]
    body += bar_lines(bars, rows, columns, grouped=figure.layout.barmode in (None, "group"))
    body += shape_lines(figure, panel)
    body += _notes(figure, panel, rows, columns)
    left, right = across.domain or (0, 1)
    low, high = up.domain or (0, 1)
    titled = any(note.yref == "paper" and note.y > 0.99 for note in figure.layout.annotations)
    above = 1.15 if titled else 1.04
    side, anchor = (1, "east") if (left, right) == (0, 1) else (0, "west")
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
        "label style": "{align=flush center}",
        "tick label style": "{align=right, /pgf/number format/fixed}",
        "legend style": rf"{{at={{({side},{above})}}, anchor=south {anchor}, draw=none, "
        f"legend columns={_legend_columns(figure, size[0])}}}",
        "legend cell align": "left",
        **_wrapped_names(columns, (right - left) * size[0]),
        **shared_range(figure, up),
        **scale_settings(across, "x", columns),
        **scale_settings(up, "y", rows),
        **color_bar_settings(figure, traces),
    }
    head = ",\n  ".join(f"{key}={value}" if value else key for key, value in settings.items())
    entries = _legend(figure) if legend else []
    return [rf"\begin{{axis}}[{head}]", *entries, *body, r"\end{axis}"]


def _wrapped_names(columns: Sequence[str], width: float) -> dict[str, str]:
    """Let names below a horizontal axis break into lines."""
    if not columns:
        return {}
    room = 0.9 * width / len(columns)
    return {"x tick label style": f"{{align=center, text width={room:.3f}in}}"}


def _notes(
    figure: go.Figure, panel: tuple[str, str], rows: Sequence[str], columns: Sequence[str]
) -> Iterator[str]:
    """Notes tied to data along at least one axis."""
    for note in figure.layout.annotations:
        if (note.xref, note.yref) == ("paper", "paper") or (note.xref or "x") not in (
            panel[0],
            "paper",
        ):
            continue
        across = "rel axis cs" if note.xref == "paper" else "axis cs"
        up = "rel axis cs" if note.yref in ("paper", "y domain") else "axis cs"
        (x,), (y,) = places_of([note.x], columns), places_of([note.y], rows)
        at = f"({{{across}:{plain_number(x)},0}} |- {{{up}:0,{plain_number(y)}}})"
        yield _node(note, at)


def _paper_notes(figure: go.Figure, size: tuple[float, float]) -> Iterator[str]:
    """Notes placed by share of the figure."""
    for note in figure.layout.annotations:
        if note.xref == "paper" and note.yref == "paper":
            yield _node(note, f"({note.x * size[0]:.3f}in,{note.y * size[1]:.3f}in)")


def _node(note: Any, at: str) -> str:
    up, across = note.yanchor or "middle", note.xanchor or "center"
    anchor = f"{_VERTICAL.get(up, '')} {_ANCHORS.get(across, '')}".strip() or "center"
    shifts = {"xshift": note.xshift, "yshift": note.yshift}
    moved = "".join(f", {key}={0.75 * value:g}pt" for key, value in shifts.items() if value)
    look = f"anchor={anchor}, align=center{moved}"
    return rf"\node[{look}] at {at} {{{escape(note.text)}}};"


def _legend_columns(figure: go.Figure, width: float) -> int:
    """As many entries side by side as axes of some inches have room for, at most three."""
    names = [trace.name for trace in figure.data if trace.name and trace.showlegend is not False]
    letter = fitting.LETTER * figure.layout.font.size
    widest = max((len(name) for name in names), default=1) * letter + 36
    return int(max(1, min(3, CSS_DPI * width / widest)))


def _legend(figure: go.Figure) -> Iterator[str]:
    for trace in figure.data:
        if not trace.name or trace.showlegend is False or figure.layout.showlegend is False:
            continue
        if trace.type == "bar":
            look = f"area legend, fill={pgf_color(single_color(trace.marker.color))}, draw=none"
            pattern = PATTERNS.get(trace.marker.pattern.shape or "")
            look += f", postaction={{pattern={pattern}, pattern color=white}}" if pattern else ""
        else:
            colors = point_colors(trace) if trace.x is not None else []
            style = style_of(trace)
            look = ", ".join([*style, *([f"color={pgf_color(colors[0])}"] if colors else [])])
        yield rf"\addlegendimage{{{look}}}"
        yield rf"\addlegendentry{{{escape(trace.name)}}}"


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
