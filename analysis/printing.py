"""Preparing a figure for paper: real inches and points, ink on white, nothing clipped."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from analysis import fitting
from analysis.cells import with_vector_cells
from analysis.palettes import PALETTES, Palette, as_dict, recoloured
from analysis.plots import theme
from analysis.rendering import CSS_DPI
from analysis.venues import POINTS_PER_INCH, Span, venue_of
from prism_core.errors import ConfigError

MAX_VECTOR_POINTS: Final = 20_000
"""WebGL layers up to this many points become true vectors; larger ones a raster layer."""

MIN_POINTS: Final = 7.0
PAGE_INCHES: Final = 8.5
"""Height above which rows move together, so that a figure and its caption fit a page."""
ROW_LINES: Final = 1.25
"""Least height of a row over the text size."""
SCREEN_WIDTH: Final = 640
"""Width in px at which maps are laid out on a page."""
SCREEN_LEGENDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "bottom": {"y": -0.12, "yanchor": "top"},
    "right": {"orientation": "v", "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"},
}
"""Where a legend stands on a page; on top it stays where the figure has it."""
MARK_SCALE: Final = 0.75
"""Marks on paper against marks on screen."""


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
        Whether the title stands in the figure.
    legend
        Where the legend stands.
    aspect
        Height over width; None keeps the figure's own height.
    palette
        Key of :data:`analysis.palettes.PALETTES`.
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
        if self.palette not in PALETTES:
            raise ConfigError(f"palette {self.palette!r}: choose one of {', '.join(PALETTES)}.")
        if self.legend not in ("top", "bottom", "right", "none"):
            raise ConfigError(f"legend {self.legend!r}: choose top, bottom, right or none.")
        if self.points is not None and self.points < MIN_POINTS:
            raise ConfigError(f"points = {self.points}: use at least {MIN_POINTS} pt.")
        if self.aspect is not None and not 0.1 <= self.aspect <= 5:
            raise ConfigError(f"aspect = {self.aspect}: must lie in [0.1, 5].")

    @property
    def text_px(self) -> float:
        """Text size in layout px."""
        return self.text_points * CSS_DPI / POINTS_PER_INCH

    @property
    def text_points(self) -> float:
        """Text size in points."""
        return self.points or venue_of(self.venue).points

    @property
    def letter_px(self) -> float:
        """Mean width of a letter in layout px."""
        return fitting.LETTER * self.text_px

    @property
    def width_px(self) -> int:
        """Width in layout px."""
        return round(venue_of(self.venue).inches(self.span) * CSS_DPI)


def for_print(figure: go.Figure, options: PrintOptions, *, title: str = "") -> go.Figure:
    """Copy a figure at its printed size, in a light look, with the venue's text.

    Parameters
    ----------
    figure
        Any figure of :mod:`analysis.plots`, light or dark; it is left as it is.
    options
        Venue, text and legend.
    title
        Title of a figure that has none of its own, shown where the options ask for titles.

    Returns
    -------
    plotly.graph_objects.Figure
        Width and height are set in layout px (96 to the inch).
    """
    printed = recoloured(figure, options.palette)
    if num_points(figure) <= MAX_VECTOR_POINTS:
        printed = _with_vector_points(printed)
    factor = options.text_px / theme.FONT_SIZE
    _set_size(printed, options, factor)
    _set_title(printed, options, title)
    _set_text(printed, options)
    fitting.shorten_labels(printed, letter=options.letter_px)
    fitting.space_ticks(printed, letter=options.letter_px)
    fitting.wrap_axis_titles(printed, letter=options.letter_px)
    fitting.wrap_panel_titles(printed, letter=options.letter_px)
    fitting.place_legend(printed, options.legend, letter=options.letter_px)
    return with_vector_cells(printed)


def for_screen(figure: go.Figure, options: PrintOptions, *, title: str = "") -> go.Figure:
    """Copy a figure for a screen: as wide as its page, unless the options ask for a shape.

    Parameters
    ----------
    figure
        Any figure of :mod:`analysis.plots`, light or dark; it is left as it is.
    options
        Palette, font, legend and aspect count, the size of text where it is given; venue and span
        are those of paper.
    title
        Title of a figure that has none of its own, shown where the options ask for titles.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    page = recoloured(figure, options.palette)
    page.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    if options.title and title and not page.layout.title.text:
        page.update_layout(title_text=title, margin_t=(page.layout.margin.t or 40) + 30)
    page.update_layout(font_family=options.font or _font(options))
    if options.points:
        page.update_layout(font_size=options.text_px)
    if options.legend == "none":
        page.update_layout(showlegend=False)
    page.update_layout(legend=SCREEN_LEGENDS.get(options.legend, {}))
    if options.aspect:
        page.update_layout(width=SCREEN_WIDTH, height=round(SCREEN_WIDTH * options.aspect))
    return page


def _with_vector_points(figure: go.Figure) -> go.Figure:
    data = as_dict(figure)
    for trace in data["data"]:
        if trace.get("type") == "scattergl":
            trace["type"] = "scatter"
    return go.Figure(data)


def num_points(figure: go.Figure) -> int:
    """Count the points of all WebGL layers."""
    return sum(len(trace.x) for trace in figure.data if trace.type == "scattergl")


def _set_size(figure: go.Figure, options: PrintOptions, factor: float) -> None:
    width = options.width_px
    height = round(width * options.aspect if options.aspect else own_height(figure, options))
    template = figure.layout.template
    margin = {
        side: round((figure.layout.margin[side] or template.layout.margin[side] or 0) * factor)
        for side in ("l", "r", "t", "b")
    }
    figure.update_layout(
        template=theme.LIGHT,
        width=width,
        height=height,
        margin=margin,
        paper_bgcolor="white",
        plot_bgcolor="white",
        sliders=[],
        updatemenus=[],
    )


def _set_title(figure: go.Figure, options: PrintOptions, title: str) -> None:
    """Keep the figure's title or give it one, with room for it, or take it away."""
    own = figure.layout.title.text
    if not options.title:
        figure.layout.title.text = None
    elif title and not own:
        lines = textwrap.wrap(title, max(12, int(0.95 * options.width_px / options.letter_px)))
        room = round(1.4 * len(lines) * options.text_px) + 4
        place = {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 8}}
        figure.update_layout(title={"text": "<br>".join(lines), **place})
        figure.layout.margin.t += room
        figure.layout.height += room


def own_height(figure: go.Figure, options: PrintOptions) -> float:
    """Give the height in layout px of a figure that was not asked for another.

    Rows of text keep their height in lines, but move together where they would outgrow a page; maps
    keep their shape.
    """
    drawn = figure.layout.height or 0.62 * SCREEN_WIDTH
    if figure.layout.dragmode == "lasso":
        return drawn * options.width_px / SCREEN_WIDTH
    least = (ROW_LINES * fitting.num_rows(figure) + 8) * options.text_px
    return min(drawn * options.text_px / theme.FONT_SIZE, max(PAGE_INCHES * CSS_DPI, least))


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
