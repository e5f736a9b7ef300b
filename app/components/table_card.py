"""A table in the app, with the same export as every figure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analysis.exhibits import TableExhibit
from app.components.export_dialog import Outgoing, draw_button


def draw(
    frame: pd.DataFrame,
    *,
    title: str,
    name: str,
    caption: str = "",
    columns: Mapping[str, Any] | None = None,
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
    """
    st.dataframe(frame, hide_index=True, column_config=dict(columns or {}), key=name)
    draw_export(frame, title=title, name=name, caption=caption)


def draw_export(frame: pd.DataFrame, *, title: str, name: str, caption: str = "") -> None:
    """Draw the export below a table that is drawn elsewhere; see :func:`draw`."""
    exhibit = TableExhibit(frame=frame, title=title, caption=caption)
    with st.container(horizontal=True, horizontal_alignment="right"):
        draw_button(Outgoing(make=lambda: exhibit, name=name))
