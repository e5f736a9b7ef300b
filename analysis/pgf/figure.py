"""Figures as PGFPlots source: LaTeX draws them in the paper's own fonts.

Bars, points, lines, areas, intervals, cells, reference lines and notes are translated; hover and
selection have no counterpart. A paper needs ``\\usepackage{pgfplots}`` and
``\\usetikzlibrary{patterns}``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from analysis.pgf.axes import (
    axis_name,
    categories,
    color_bar_settings,
    places_of,
    scale_settings,
    shared_range,
)
from analysis.pgf.text import escape, pgf_color, plain_number
from analysis.pgf.traces import (
    PATTERNS,
    bar_lines,
    point_colors,
    shape_lines,
    single_color,
    style_of,
    trace_lines,
)
from analysis.plots import theme
from analysis.printing import PrintOptions
from analysis.venues import venue_of
from prism_core.errors import ConfigError

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
        **shared_range(figure, up),
        **scale_settings(across, "x", columns),
        **scale_settings(up, "y", rows),
        **color_bar_settings(figure, traces),
    }
    head = ",\n  ".join(f"{key}={value}" if value else key for key, value in settings.items())
    legend = _legend(figure) if first else []
    return [rf"\begin{{axis}}[{head}]", *legend, *body, r"\end{axis}"]


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
    look = rf"anchor={anchor}, font=\footnotesize, align=center"
    return rf"\node[{look}] at {at} {{{escape(note.text)}}};"


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
