"""A figure in a frame, with a title, a caption and everything it can be saved as."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from analysis.export import FORMATS, export
from analysis.printing import PrintOptions
from analysis.recipes import Recipe
from analysis.rendering import find_browser
from analysis.tables import safe_csv
from analysis.venues import Span
from app import board

CONFIG: Final = {"displaylogo": False, "displayModeBar": "hover", "responsive": True}
SPANS: Final[Mapping[Span, str]] = {"column": "One column", "full": "Full width"}
OFFERED: Final = ("svg", "pdf", "png", "html")
NO_BROWSER: Final = (
    "SVG, PDF and PNG are drawn by Chrome or Chromium, and none was found on the computer that "
    "runs this app. Install one or name it in $BROWSER_PATH. HTML and CSV work without."
)


def draw(
    figure: go.Figure,
    *,
    title: str,
    name: str,
    data: pd.DataFrame,
    caption: str = "",
    help: str | None = None,
    on_select: Callable[[], None] | None = None,
    recipe: Recipe | None = None,
) -> None:
    """Draw a figure card.

    Parameters
    ----------
    figure
        The figure, made by :mod:`analysis.plots` for the reader's theme.
    title, caption, help
        What it shows, a line below it, and a longer explanation on hover. Markdown.
    name
        File name without ending; also the widget key.
    data
        The numbers behind the figure, for CSV.
    on_select
        Called when the reader selects points; the event is in the session under ``name``.
    recipe
        How to draw the figure from stored runs; with it the figure can go on the board.
    """
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="xsmall"):
            st.markdown(f"**{title}**", help=help, width="stretch")
            if recipe is not None:
                _draw_pin(recipe, name, f"{title}. {caption}")
            _draw_save(figure, name, data)
        st.plotly_chart(
            figure,
            theme=None,
            key=name,
            config=CONFIG,
            on_select=on_select or "ignore",
            alt=title,
        )
        if caption:
            st.caption(caption)


def _draw_pin(recipe: Recipe, name: str, caption: str) -> None:
    """Offer to put the figure on the board, or to take it off."""
    if board.holds(recipe):
        st.button(
            "On board", icon=":material/check:", key=f"{name}-pin", type="tertiary",
            help="Take it off the board", on_click=board.remove, args=(recipe,),
        )  # fmt: skip
    else:
        st.button(
            "Add to board", icon=":material/add:", key=f"{name}-pin", type="tertiary",
            help="Collect it for a paper on the page Board", on_click=board.add,
            args=(recipe, name, caption),
        )  # fmt: skip


def _draw_save(figure: go.Figure, name: str, data: pd.DataFrame) -> None:
    """Offer the formats; each file is made only when its button is pressed."""
    has_browser = _has_browser()
    with st.popover("Save", icon=":material/download:", key=f"{name}-save"):
        span = st.segmented_control(
            "Width on paper",
            list(SPANS),
            default="column",
            required=True,
            format_func=SPANS.__getitem__,
            key=f"{name}-span",
        )
        options = PrintOptions(span=span)
        for key in OFFERED:
            made = FORMATS[key]
            _draw_button(
                made.label,
                partial(export, figure, key, options),
                f"{name}.{made.suffix}",
                made.mime,
                disabled=made.needs_browser and not has_browser,
            )
        _draw_button("CSV (the numbers)", partial(safe_csv, data), f"{name}.csv", "text/csv")
        if not has_browser:
            st.caption(NO_BROWSER)


def _draw_button(
    label: str, make: Callable[[], bytes | str], file: str, mime: str, disabled: bool = False
) -> None:
    st.download_button(
        label,
        make,
        file_name=file,
        mime=mime,
        key=f"save-{file}",
        on_click="ignore",
        disabled=disabled,
        width="stretch",
    )


@st.cache_resource(max_entries=1, ttl=60, show_spinner=False)
def _has_browser() -> bool:
    return find_browser() is not None
