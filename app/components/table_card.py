"""A table in the app, with the same export as every figure."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from analysis.exhibits import TableExhibit
from analysis.signs import signed
from app.components.export_dialog import Outgoing, draw_button


def draw(
    frame: pd.DataFrame,
    *,
    title: str,
    name: str,
    caption: str = "",
    columns: Mapping[str, Any] | None = None,
    signs: Mapping[str, int] | None = None,
) -> None:
    """Draw a table without its index.

    Parameters
    ----------
    frame
        The table; column names are what readers see.
    title, caption
        What it shows, and the caption of its LaTeX table; plain text.
    name
        File name without ending; also the widget key.
    columns
        How columns are shown, as for ``st.dataframe``.
    signs
        Columns shown with their signs; see :func:`with_signs`.
    """
    shown = with_signs(frame, signs) if signs else frame
    st.dataframe(shown, hide_index=True, column_config=dict(columns or {}), key=name)
    draw_export(frame, title=title, name=name, caption=caption)


def draw_export(frame: pd.DataFrame, *, title: str, name: str, caption: str = "") -> None:
    """Draw the export below a table that is drawn elsewhere; see :func:`draw`."""
    exhibit = TableExhibit(frame=frame, title=title, caption=caption)
    with st.container(horizontal=True, horizontal_alignment="right"):
        draw_button(Outgoing(make=lambda: exhibit, name=name))


def with_signs(frame: pd.DataFrame, digits: Mapping[str, int]) -> Styler:
    """Show some columns with their signs, rounded to so many digits; cells may be empty."""
    styles = {column: partial(signed, digits=count) for column, count in digits.items()}
    return frame.style.format(styles, na_rep="")
