"""Preparing a figure for paper: real inches and points, ink on white, nothing clipped."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import plotly.graph_objects as go

from analysis import fitting
from analysis.plots import theme
from analysis.rendering import CSS_DPI
from analysis.venues import POINTS_PER_INCH, Span, venue_of
from prism_core.errors import ConfigError

MAX_VECTOR_POINTS: Final = 20_000
"""WebGL layers up to this many points become true vectors; larger ones a raster layer."""

MIN_POINTS: Final = 7.0
SCREEN_WIDTH: Final = 640
"""Width in px at which maps are laid out on a page."""
MARK_SCALE: Final = 0.75
"""Marks on paper against marks on screen."""

Palette = Literal["color", "grey"]

_GREYS: Final[Mapping[str, str]] = {
    theme.PART_COLORS["unique_image"]: "#1A1A1A",
    theme.PART_COLORS["unique_text"]: "#5E5E5E",
    theme.PART_COLORS["synergy"]: "#8C8C8C",
    theme.PART_COLORS["redundancy"]: "#B8B8B8",
    theme.ID_COLOR: "#D9D9D9",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOptions:
    """How a figure leaves the program.

    Attributes
    ----------
    venue
        Key of :data:`analysis.venues.VENUES`.
    span
        One column or the full text width.
    points
        Text size in points; None takes the venue's.
    font
        CSS family list; None takes the venue's.
    title
        Whether to keep the figure's title.
    legend
        Where the legend stands.
    aspect
        Height over width; None keeps the figure's own height.
    palette
        ``color`` (colour-blind safe) or ``grey``.
    """

    venue: str = "acm"
    span: Span = "column"
    points: float | None = None
    font: str | None = None
    title: bool = False
    legend: fitting.LegendPlace = "top"
    aspect: float | None = None
    palette: Palette = "color"

    def __post_init__(self) -> None:
        venue_of(self.venue)
        if self.span not in ("column", "full"):
            raise ConfigError(f"span {self.span!r}: choose 'column' or 'full'.")
        if self.legend not in ("top", "bottom", "right", "none"):
            raise ConfigError(f"legend {self.legend!r}: choose top, bottom, right or none.")
        if self.points is not None and self.points < MIN_POINTS:
            raise ConfigError(f"points = {self.points}: use at least {MIN_POINTS} pt.")
        if self.aspect is not None and not 0.1 <= self.aspect <= 5:
            raise ConfigError(f"aspect = {self.aspect}: must lie in [0.1, 5].")

    @property
    def text_px(self) -> float:
        """Text size in layout px."""
        points = self.points or venue_of(self.venue).points
        return points * CSS_DPI / POINTS_PER_INCH

    @property
    def letter_px(self) -> float:
        """Mean width of a letter in layout px."""
        return fitting.LETTER * self.text_px

    @property
    def width_px(self) -> int:
        """Width in layout px."""
        return round(venue_of(self.venue).inches(self.span) * CSS_DPI)


def for_print(figure: go.Figure, options: PrintOptions) -> go.Figure:
    """Copy a figure at its printed size, in a light look, with the venue's text.

    Parameters
    ----------
    figure
        Any figure of :mod:`analysis.plots`, light or dark; it is left as it is.
    options
        Venue, text and legend.

    Returns
    -------
    plotly.graph_objects.Figure
        Width and height are set in layout px (96 to the inch).
    """
    vector = num_points(figure) <= MAX_VECTOR_POINTS
    data = json.loads(_recoloured(figure.to_json(), options.palette))
    for trace in data["data"]:
        if vector and trace.get("type") == "scattergl":
            trace["type"] = "scatter"
    printed = go.Figure(data)
    factor = options.text_px / theme.FONT_SIZE
    _set_size(printed, options, factor)
    _set_text(printed, options)
    fitting.shorten_labels(printed, letter=options.letter_px)
    fitting.wrap_axis_titles(printed, letter=options.letter_px)
    fitting.place_legend(printed, options.legend, letter=options.letter_px)
    return printed


def num_points(figure: go.Figure) -> int:
    """Count the points of all WebGL layers."""
    return sum(len(trace.x) for trace in figure.data if trace.type == "scattergl")


def _recoloured(text: str, palette: Palette) -> str:
    for shades in (theme.INK, theme.MUTED, theme.GRID, theme.PAPER):
        text = text.replace(shades[True], shades[False])
    if palette == "color":
        return text
    return re.sub(r"#[0-9A-Fa-f]{6}\b", lambda match: _grey(match[0]), text)


def _grey(color: str) -> str:
    if color in _GREYS:
        return _GREYS[color]
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    shade = round(0.299 * red + 0.587 * green + 0.114 * blue)
    return f"#{shade:02X}{shade:02X}{shade:02X}"


def _set_size(figure: go.Figure, options: PrintOptions, factor: float) -> None:
    width = options.width_px
    height = round(width * options.aspect if options.aspect else _own_height(figure, width, factor))
    template = copy.deepcopy(figure.layout.template)
    margin = {
        side: round((figure.layout.margin[side] or template.layout.margin[side] or 0) * factor)
        for side in ("l", "r", "t", "b")
    }
    if not options.title and figure.layout.title.text:
        figure.layout.title.text = None
    figure.update_layout(
        template=theme.LIGHT,
        width=width,
        height=height,
        margin=margin,
        paper_bgcolor="white",
        plot_bgcolor="white",
    )


def _own_height(figure: go.Figure, width: int, factor: float) -> float:
    """Rows of text keep their height in lines; maps keep their shape."""
    drawn = figure.layout.height or 0.62 * SCREEN_WIDTH
    return drawn * (width / SCREEN_WIDTH if figure.layout.dragmode == "lasso" else factor)


def _set_text(figure: go.Figure, options: PrintOptions) -> None:
    font: dict[str, Any] = {"size": options.text_px, "family": options.font or _font(options)}
    figure.update_layout(font=font, title_font=font, legend_font=font)
    figure.update_xaxes(title_font=font, tickfont=font)
    figure.update_yaxes(title_font=font, tickfont=font)
    figure.update_annotations(font=font)
    bar = {"tickfont": font, "title": {"font": font}, "thickness": 8}
    if figure.layout.coloraxis.colorbar.title.text is not None:
        figure.update_layout(coloraxis={"colorbar": bar})
    figure.update_traces(constraintext="none", textfont=font, selector={"type": "bar"})
    figure.update_traces(textfont=font, selector={"type": "scatter"})
    for trace in figure.select_traces({"type": "scatter"}):
        if isinstance(trace.marker.size, int | float):
            trace.marker.size *= MARK_SCALE
    figure.update_traces(colorbar=bar, textfont=font, selector={"type": "heatmap"})
    for trace in figure.select_traces({"type": "heatmap"}):
        if not fitting.cells_hold_text(trace, width=options.width_px, letter=options.letter_px):
            trace.texttemplate = ""


def _font(options: PrintOptions) -> str:
    return venue_of(options.venue).font
