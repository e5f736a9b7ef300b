"""Board: the figures collected for a paper, and one download with everything it needs."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from analysis.bundle import Card, bundle_zip
from analysis.export import FORMATS
from analysis.rendering import find_browser
from app import board, saved_board
from app.components import board_figure
from app.components.export_dialog import NO_BROWSER
from app.components.look_controls import draw_look
from app.components.text import markdown, plural
from app.state import Widget
from prism_core.errors import PrismError

CONTENTS = (
    "The bundle holds every figure as PDF, SVG, PNG, PGFPlots and HTML, the numbers as CSV and "
    "LaTeX table, `figures.tex` with the captions, `manifest.json` with runs, settings, data "
    "fingerprint, versions and seeds, and `make_figures.py`, which draws every file again from the "
    "run folders without this app."
)


def page() -> None:
    """Draw the page."""
    st.title("Board")
    pinned = board.pinned()
    if not pinned:
        st.info(
            "Nothing is on the board yet. Every figure has a button *Board*; what you collect over "
            "the pages is here to be ordered, captioned and downloaded."
        )
        draw_opening()
        return
    st.markdown(CONTENTS)
    look = draw_look()
    above = st.container()
    places = board.folders()
    cards = [
        board_figure.draw(one, number, len(pinned), look, places)
        for number, one in enumerate(pinned, start=1)
    ]
    with above:
        draw_download(cards)
        draw_opening()


def draw_opening() -> None:
    """Offer to open a board that was saved before."""
    with st.expander("Open a saved board", icon=":material/folder_open:"):
        given = st.file_uploader(
            "board.json, or the manifest.json of a bundle", type=["json"],
            max_upload_size=1, key=Widget.BOARD_FILE,
        )  # fmt: skip
        if given is None:
            return
        try:
            cards = saved_board.read(given.getvalue(), given.name)
        except PrismError as error:
            st.error(markdown(error))
            return
        st.button(
            f"Replace the board by {plural(len(cards), 'figure')}", on_click=board.put_back,
            args=(cards,), icon=":material/swap_horiz:", key=Widget.OPEN_BOARD,
        )  # fmt: skip


def draw_download(cards: Sequence[Card | None]) -> None:
    """Offer the bundle, or say why there is none."""
    whole = [card for card in cards if card is not None]
    names = [card.name for card in whole]
    problem = ""
    if len(whole) < len(cards):
        problem = "A figure cannot be drawn: see below, then mend or remove it."
    elif len(set(names)) < len(names):
        problem = "Two figures have the same file name: rename one."
    with st.container(horizontal=True):
        st.download_button(
            "Download the bundle", partial(bundle_zip, whole, board.folders(), formats=[*FORMATS]),
            file_name="figures.zip", mime="application/zip", icon=":material/download:",
            type="primary", key=Widget.BUNDLE, on_click="ignore", disabled=bool(problem),
        )  # fmt: skip
        st.download_button(
            "Save the board", partial(saved_board.write, whole), file_name="board.json",
            mime="application/json", icon=":material/save:", key=Widget.SAVED_BOARD,
            on_click="ignore", disabled=bool(problem),
            help="A small file that brings these figures back later, here or elsewhere.",
        )  # fmt: skip
    if problem:
        st.error(problem)
    if find_browser() is None:
        st.warning(f"The bundle will lack PDF, SVG and PNG. {NO_BROWSER}")


page()
