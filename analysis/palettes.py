"""Colours on paper: the project's own, told apart under every colour deficiency, or greys.

In grey, what a colour told is told by a pattern, a marker or a dash as well.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go

from analysis.plots import theme

Palette = Literal["color", "grey"]

PALETTES: Final[Mapping[Palette, str]] = {
    "color": "Colour, safe for colour-blind readers",
    "grey": "Grey, with patterns and markers",
}
"""Palettes with the names that readers see."""

_GREYS: Final[Mapping[str, str]] = {
    theme.PART_COLORS["unique_image"]: "#1A1A1A",
    theme.PART_COLORS["unique_text"]: "#5E5E5E",
    theme.PART_COLORS["synergy"]: "#8C8C8C",
    theme.PART_COLORS["redundancy"]: "#B8B8B8",
    theme.ID_COLOR: "#D9D9D9",
    **dict(
        zip(
            (color for _, color in theme.DIVERGING),
            ("#1A1A1A", "#6B6B6B", "#A6A6A6", "#D0D0D0", "#F2F2F2"),
            strict=True,
        )
    ),
}
"""Greys in an order of their own; the ends of a diverging scale would be equally dark."""

_LIGHTER: Final[Mapping[str, str]] = {
    shades[True]: shades[False] for shades in (theme.INK, theme.MUTED, theme.GRID, theme.PAPER)
}
_HEX: Final = re.compile(r"#[0-9A-Fa-f]{6}\b")
_PATTERNS: Final = ("", "/", "\\", "x", ".", "+", "-", "|")
_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "x", "pentagon", "star")
_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")


def recoloured(figure: go.Figure, palette: Palette) -> go.Figure:
    """Copy a figure, light or dark, in the look of a light page and in a palette."""
    lightened = go.Figure(_mapped(as_dict(figure), lambda text: _LIGHTER.get(text, text)))
    if palette == "color":
        return lightened
    _set_apart(lightened)
    return go.Figure(_mapped(as_dict(lightened), _without_color))


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """Give a figure as plain data; arrays stay arrays."""
    traces = [trace.to_plotly_json() for trace in figure.data]
    return {"data": traces, "layout": figure.layout.to_plotly_json()}


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Change every text of a nested structure; arrays of numbers stay as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    is_text = isinstance(value, np.ndarray) and value.dtype.kind in "OU"
    if isinstance(value, list | tuple) or is_text:
        return [_mapped(inner, change) for inner in value]
    return value


def _without_color(text: str) -> str:
    return _HEX.sub(lambda match: _grey(match[0]), text)


def _grey(color: str) -> str:
    if color in _GREYS:
        return _GREYS[color]
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    shade = round(0.299 * red + 0.587 * green + 0.114 * blue)
    return f"#{shade:02X}{shade:02X}{shade:02X}"


def _set_apart(figure: go.Figure) -> None:
    """Give series that only a colour tells apart patterns, markers or dashes of their own."""
    bars = [t for t in figure.data if t.type == "bar" and isinstance(t.marker.color, str)]
    for trace, shape in _looks(bars, "marker.color", "marker.pattern.shape", _PATTERNS):
        trace.marker.pattern = {"shape": shape, "fgcolor": "#FFFFFF", "solidity": 0.25}
    points = [t for t in figure.data if _draws(t, "markers") and isinstance(t.marker.color, str)]
    for trace, symbol in _looks(points, "marker.color", "marker.symbol", _SYMBOLS):
        trace.marker.symbol = symbol
    lines = [t for t in figure.data if _draws(t, "lines") and t.fill is None and t.line.color]
    for trace, dash in _looks(lines, "line.color", "line.dash", _DASHES):
        trace.line.dash = dash


def _draws(trace: Any, what: str) -> bool:
    return trace.type in ("scatter", "scattergl") and what in (trace.mode or "lines")


def _looks(
    traces: Sequence[Any], color: str, look: str, looks: Sequence[str]
) -> list[tuple[Any, str]]:
    """Pair each trace with the look of its colour; nothing where looks tell them apart already."""
    shades = list(dict.fromkeys(trace[color] for trace in traces))
    if len(shades) < 2 or len({str(trace[look]) for trace in traces}) > 1:
        return []
    given = {shade: looks[place % len(looks)] for place, shade in enumerate(shades)}
    return [(trace, given[trace[color]]) for trace in traces]
