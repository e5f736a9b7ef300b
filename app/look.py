"""How figures look on paper, as the reader has chosen it: once for all, kept over pages."""

from dataclasses import dataclass

from analysis.fitting import LegendPlace
from analysis.palettes import Palette
from analysis.printing import PrintOptions
from analysis.venues import FONTS, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all figures of a paper share.

    Attributes
    ----------
    font
        Key of :data:`analysis.venues.FONTS`; empty for the venue's.
    points
        Text size; None for the venue's.
    """

    venue: str = "acm"
    palette: Palette = "color"
    font: str = ""
    points: float | None = None
    title: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one figure has of its own.

    Attributes
    ----------
    aspect
        Height over width; None for the figure's own.
    """

    span: Span = "column"
    legend: LegendPlace = "top"
    aspect: float | None = None

    def options(self, look: Look) -> PrintOptions:
        """Give the options of a print.

        Raises
        ------
        ConfigError
            A choice is out of range.
        """
        return PrintOptions(
            venue=look.venue,
            span=self.span,
            points=look.points,
            font=FONTS[look.font] if look.font else None,
            title=look.title,
            legend=self.legend,
            aspect=self.aspect,
            palette=look.palette,
        )


def look_of(options: PrintOptions) -> Look:
    """Give the shared part of print options; a font that is not offered becomes the venue's."""
    names = {family: name for name, family in FONTS.items()}
    return Look(
        venue=options.venue,
        palette=options.palette,
        font=names.get(options.font or "", ""),
        points=options.points,
        title=options.title,
    )


def shape_of(options: PrintOptions) -> Shape:
    """Give the part of print options that is one figure's own."""
    return Shape(span=options.span, legend=options.legend, aspect=options.aspect)
