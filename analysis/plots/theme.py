"""One look for every figure: a light and a dark template, and one style per part.

The four part colours are the red, blue, green and orange-brown of the method's first figure, moved
to tones that keep a contrast of at least 3:1 on white and on the dark page, and a distance of at
least 26 in CIELAB between any two of them for normal, protan, deutan and tritan vision.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go
import plotly.io as pio
from plotly.colors import hex_to_rgb, unlabel_rgb

from prism_core.names import ID, REDUNDANCY, SYNERGY

PART_COLORS: Final[Mapping[str, str]] = {
    "unique_image": "#C0252D",
    "unique_text": "#1162F9",
    SYNERGY: "#02A677",
    REDUNDANCY: "#C08406",
}
SIDE_COLORS: Final[Mapping[str, str]] = {"only_first": "#B8559A", "only_second": "#7A7F87"}
"""What only the first or the second of two sources tells that are no modalities."""

PART_PATTERNS: Final[Mapping[str, str]] = {
    "unique_image": "/",
    "unique_text": "\\",
    SYNERGY: "x",
    REDUNDANCY: ".",
}
PART_MARKERS: Final[Mapping[str, str]] = {
    "unique_image": "circle",
    "unique_text": "square",
    SYNERGY: "diamond",
    REDUNDANCY: "triangle-up",
}
PART_LABELS: Final[Mapping[str, str]] = {
    "unique_image": "Unique image",
    "unique_text": "Unique text",
    SYNERGY: "Synergy",
    REDUNDANCY: "Redundancy",
    ID: "Item id",
}
ID_COLOR: Final = "#7A7F87"
"""Neutral grey of the item-id path, readable on white and on the dark page."""

CATEGORY_COLORS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#8A6D00",
    "#56A0D3",
    "#7B4FC4",
    "#6B7078",
    "#B0413E",
    "#2F7F7A",
)
"""Colours of categories that are not parts; later ones repeat."""

FONT_FAMILY: Final = "Inter, Source Sans Pro, Helvetica Neue, Arial, sans-serif"
FONT_SIZE: Final = 13
LIGHT: Final = "prism"
DARK: Final = "prism_dark"
PAPER: Final = {False: "#FFFFFF", True: "#0E1117"}
INK: Final = {False: "#1F2430", True: "#E6E9EF"}
MUTED: Final = {False: "#626975", True: "#9BA3AF"}
GRID: Final = {False: "#E3E6EB", True: "#2A303B"}
SEQUENTIAL: Final = ("#3A5285", "#5C6777", "#7C7B78", "#9D9476", "#C3AF69", "#E6CB52")
"""Cividis without its ends, so that both stay visible on either page."""

DIVERGING: Final = (
    (0.0, "#8C3B00"),
    (0.25, "#E08B4C"),
    (0.5, "#F2F2F2"),
    (0.75, "#5E9BD1"),
    (1.0, "#08406B"),
)
"""Orange below zero, blue above: told apart under every colour deficiency."""


def color_of(player: str) -> str:
    """Give the colour of a part or of the id path; unknown parts get a category colour."""
    if player == ID:
        return ID_COLOR
    fallback = CATEGORY_COLORS[sum(map(ord, player)) % len(CATEGORY_COLORS)]
    return PART_COLORS.get(player) or SIDE_COLORS.get(player, fallback)


def pattern_of(player: str) -> str:
    """Give the fill pattern of a part; the id path is plain."""
    if player in SIDE_COLORS:
        return {"only_first": "|", "only_second": "-"}[player]
    return PART_PATTERNS.get(player, "" if player == ID else "+")


def marker_of(player: str) -> str:
    """Give the marker symbol of a part."""
    return PART_MARKERS.get(player, "cross")


def label_of(player: str) -> str:
    """Give the reader's name of a part or path: ``unique_image`` becomes "Unique image"."""
    return PART_LABELS.get(player, player.replace("_", " ").capitalize())


def bar_style(player: str, *, dark: bool) -> dict[str, object]:
    """Give the marker of a bar: the part's colour, its pattern, and a thin edge."""
    pattern = {"shape": pattern_of(player), "fillmode": "overlay", "size": 6, "solidity": 0.22}
    pattern["fgcolor"] = PAPER[dark]
    return {
        "color": color_of(player),
        "pattern": pattern,
        "line": {"width": 0.5, "color": PAPER[dark]},
    }


def color_bar(title: str) -> dict[str, object]:
    """Give the look of a colour bar."""
    text = {"text": title, "side": "right", "font": {"size": FONT_SIZE}}
    return {"title": text, "thickness": 10, "outlinewidth": 0}


def ink_on(fill: str) -> str:
    """Give black or white, whichever is read better on a colour ``#rrggbb`` or ``rgb(...)``.

    The contrast is at least 4.5:1 on any colour (WCAG 2.2, relative luminance).
    """
    levels = hex_to_rgb(fill) if fill.startswith("#") else unlabel_rgb(fill)
    linear = [_linear(level / 255) for level in levels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def _linear(level: float) -> float:
    """Undo the gamma of sRGB."""
    return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4


def template_name(dark: bool) -> str:
    """Give the registered template for a light or a dark page."""
    return DARK if dark else LIGHT


def new_figure(
    traces: Sequence[Mapping[str, object]] = (), *, dark: bool, height: int, **layout: object
) -> go.Figure:
    """Make a figure in the project's look.

    Parameters
    ----------
    traces
        What is drawn, as plain data; nothing by default.
    dark
        Whether the page around it is dark.
    height
        Height in px.
    **layout
        Further layout settings.
    """
    look = {"template": template_name(dark), "height": height, **layout}
    return go.Figure(data=list(traces), layout=look)


def empty_figure(text: str, *, dark: bool = False) -> go.Figure:
    """Make a figure that only says why there is nothing to draw."""
    figure = new_figure(dark=dark, height=160)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_size=14
    )
    return figure


def _template(*, dark: bool) -> go.layout.Template:
    axis = {
        "gridcolor": GRID[dark],
        "linecolor": MUTED[dark],
        "zerolinecolor": MUTED[dark],
        "zerolinewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "rgba(0,0,0,0)",
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": FONT_SIZE}},
    }
    layout = go.Layout(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT_FAMILY, "size": FONT_SIZE, "color": INK[dark]},
        title={
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "pad": {"l": 8},
            "font": {"size": 15},
        },
        colorway=list(CATEGORY_COLORS),
        xaxis=axis,
        yaxis=axis,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "title": {"text": ""},
            "itemsizing": "constant",
        },
        margin={"l": 12, "r": 16, "t": 40, "b": 12},
        hoverlabel={
            "bgcolor": PAPER[dark],
            "bordercolor": MUTED[dark],
            "font": {"color": INK[dark], "family": FONT_FAMILY},
            "align": "left",
        },
        colorscale={
            "sequential": even_scale(SEQUENTIAL),
            "diverging": [list(stop) for stop in DIVERGING],
        },
        bargap=0.28,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": MUTED[dark], "activecolor": INK[dark]},
    )
    return go.layout.Template(layout=layout)


def even_scale(colors: Sequence[str]) -> list[list[float | str]]:
    """Spread colours evenly over a scale from 0 to 1."""
    return [[place / (len(colors) - 1), color] for place, color in enumerate(colors)]


pio.templates[LIGHT] = _template(dark=False)
pio.templates[DARK] = _template(dark=True)
