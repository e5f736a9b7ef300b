"""Board: the figures collected for a paper, and one download with everything it needs."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from analysis.bundle import Card, bundle_zip
from analysis.export import FORMATS
from analysis.rendering import find_browser
from analysis.venues import VENUES
from app import board
from app.board import Look
from app.components import board_figure
from app.components.figure_card import NO_BROWSER
from app.state import Widget

PALETTES = {"color": "Colour (colour-blind safe)", "grey": "Grey"}
CONTENTS = (
    "The bundle holds every figure as PDF, SVG, PNG, PGFPlots and HTML, the numbers as CSV, "
    "`figures.tex` with the captions, `manifest.json` with runs, settings, data fingerprint, "
    "versions and seeds, and `make_figures.py`, which draws every file again from the run folders "
    "without this app."
)


def page() -> None:
    """Draw the page."""
    st.title("Board")
    pinned = board.pinned()
    if not pinned:
        st.info(
            "Nothing is on the board yet. Every figure has a button *Add to board*; what you "
            "collect over the pages is here to be ordered, captioned and downloaded."
        )
        return
    st.markdown(CONTENTS + " The board lasts as long as this browser tab.")
    look = draw_look()
    above = st.container()
    places = board.folders()
    cards = [
        board_figure.draw(one, number, len(pinned), look, places)
        for number, one in enumerate(pinned, start=1)
    ]
    with above:
        draw_download(cards)


def draw_look() -> Look:
    """Draw the choice of what all figures share."""
    grid = st.grid(3, min_column_width=180)
    venue = grid.selectbox(
        "Venue", list(VENUES), format_func=lambda key: VENUES[key].name, key=Widget.VENUE,
        persist_state="session",
        help="Width, font and size of text are those of the venue's template.",
    )  # fmt: skip
    palette = grid.selectbox(
        "Palette", list(PALETTES), format_func=PALETTES.__getitem__, key=Widget.PALETTE,
        persist_state="session",
    )  # fmt: skip
    title = grid.toggle(
        "Titles inside the figures", key=Widget.TITLES, persist_state="session",
        help="Papers title a figure in its caption.",
    )  # fmt: skip
    return Look(venue=str(venue), palette="grey" if palette == "grey" else "color", title=title)


def draw_download(cards: Sequence[Card | None]) -> None:
    """Offer the bundle, or say why there is none."""
    whole = [card for card in cards if card is not None]
    names = [card.name for card in whole]
    problem = ""
    if len(whole) < len(cards):
        problem = "A figure cannot be drawn: see below, then mend or remove it."
    elif len(set(names)) < len(names):
        problem = "Two figures have the same file name: rename one."
    st.download_button(
        "Download the bundle",
        partial(bundle_zip, whole, board.folders(), formats=list(FORMATS)),
        file_name="figures.zip",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        key=Widget.BUNDLE,
        on_click="ignore",
        disabled=bool(problem),
    )
    if problem:
        st.error(problem)
    if find_browser() is None:
        st.warning(f"The bundle will lack SVG, PDF and PNG. {NO_BROWSER}")


page()
