"""Sizes of figures in the venues people submit to, in real inches and points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prism_core.errors import ConfigError

Span = Literal["column", "full"]

POINTS_PER_INCH: Final = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A venue's measures.

    Attributes
    ----------
    column, full
        Width of one column and of the text block, in inches.
    font
        CSS family list nearest to the venue's text.
    points
        Size of text in figures.
    """

    name: str
    column: float
    full: float
    font: str
    points: float = 8.0

    def inches(self, span: Span) -> float:
        """Width of a figure over one column or the full text."""
        return self.column if span == "column" else self.full


_TIMES: Final = "Times New Roman, Liberation Serif, serif"
_LIBERTINE: Final = "Linux Libertine O, Linux Libertine, Times New Roman, Liberation Serif, serif"

FONTS: Final[Mapping[str, str]] = {
    "Times": _TIMES,
    "Libertine": _LIBERTINE,
    "Helvetica": "Helvetica, Arial, Liberation Sans, sans-serif",
    "Latin Modern": "Latin Modern Roman, CMU Serif, Times New Roman, Liberation Serif, serif",
}
"""CSS family lists by the names that readers choose from."""

VENUES: Final[Mapping[str, Venue]] = {
    "acm": Venue(name="ACM", column=3.337, full=7.006, font=_LIBERTINE),
    "ieee": Venue(name="IEEE", column=3.49, full=7.14, font=_TIMES),
    "neurips": Venue(name="NeurIPS / ICLR", column=5.5, full=5.5, font=_TIMES),
    "icml": Venue(name="ICML", column=3.25, full=6.75, font=_TIMES),
    "cvpr": Venue(name="CVPR", column=3.25, full=6.875, font=_TIMES),
    "aaai": Venue(name="AAAI", column=3.3, full=6.975, font=_TIMES),
    "jmlr": Venue(name="JMLR", column=6.0, full=6.0, font=_TIMES),
}


def venue_of(key: str) -> Venue:
    """Give a venue by its key.

    Raises
    ------
    ConfigError
        The venue is unknown.
    """
    if key not in VENUES:
        raise ConfigError(f"venue {key!r}: choose one of {', '.join(VENUES)}.")
    return VENUES[key]
