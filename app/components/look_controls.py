"""Controls of how figures look on paper; the choices are kept over figures and pages."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from analysis.fitting import LegendPlace
from analysis.palettes import PALETTES
from analysis.printing import MIN_POINTS
from analysis.venues import FONTS, VENUES, Span, venue_of
from app.look import Look, Shape
from app.state import Widget

SPANS: Final[Mapping[Span, str]] = {"column": "One column", "full": "Full width"}
LEGENDS: Final[Mapping[LegendPlace, str]] = {
    "top": "Top",
    "bottom": "Bottom",
    "right": "Right",
    "none": "None",
}
OWN: Final = "The venue's"
LARGEST_POINTS: Final = 14.0


def draw_look() -> Look:
    """Draw the choice of what all figures share."""
    grid = st.grid(3, min_column_width=180)
    venue = grid.selectbox(
        "Venue", list(VENUES), format_func=lambda key: VENUES[key].name, key=Widget.VENUE,
        persist_state="session", help="Width, font and size of text are those of its template.",
    )  # fmt: skip
    font = grid.selectbox(
        "Font", ["", *FONTS], format_func=lambda name: name or OWN, key=Widget.FONT,
        persist_state="session", help="In PGFPlots and LaTeX tables the paper's own font counts.",
    )  # fmt: skip
    points = grid.number_input(
        "Text size in points", min_value=MIN_POINTS, max_value=LARGEST_POINTS, value=None, step=0.5,
        placeholder=f"{venue_of(str(venue)).points:g}, the venue's", key=Widget.POINTS,
        persist_state="session",
    )  # fmt: skip
    palette = grid.selectbox(
        "Palette", list(PALETTES), format_func=PALETTES.__getitem__, key=Widget.PALETTE,
        persist_state="session",
    )  # fmt: skip
    title = grid.toggle(
        "Title inside the figure", key=Widget.TITLES, persist_state="session",
        help="Papers title a figure in its caption.",
    )  # fmt: skip
    return Look(
        venue=str(venue),
        palette="grey" if palette == "grey" else "color",
        font=str(font),
        points=points,
        title=title,
    )


def draw_shape(
    key: str,
    shape: Shape,
    keep: Callable[[str, Any], None] | None = None,
    *,
    is_table: bool = False,
) -> Shape:
    """Draw the choice of what a figure has of its own.

    Parameters
    ----------
    key
        Begins the keys of the widgets.
    shape
        What is chosen at first.
    keep
        Called with the name of a choice and its new value.
    is_table
        Whether it is a table, which has no legend and its own height.
    """

    def changed(name: str) -> None:
        if keep is not None:
            keep(name, st.session_state[f"{key}-{name}"])

    def common(name: str) -> dict[str, Any]:
        return {"key": f"{key}-{name}", "on_change": changed, "args": (name,)}

    with st.container(horizontal=True, vertical_alignment="bottom"):
        span = st.segmented_control(
            "Width", list(SPANS), default=shape.span, required=True,
            format_func=SPANS.__getitem__, **common("span"),
        )  # fmt: skip
        if is_table:
            return Shape(span=span)
        legend = st.segmented_control(
            "Legend", list(LEGENDS), default=shape.legend, required=True,
            format_func=LEGENDS.__getitem__, **common("legend"),
        )  # fmt: skip
        aspect = st.number_input(
            "Height over width", min_value=0.1, max_value=5.0, value=shape.aspect, step=0.05,
            placeholder="its own", width=160, **common("aspect"),
        )  # fmt: skip
    return Shape(span=span, legend=legend, aspect=aspect)
