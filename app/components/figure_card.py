"""A figure in a frame, with a title, a caption and everything it can be saved as."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

CONFIG = {"displaylogo": False, "displayModeBar": "hover", "responsive": True}


def draw(
    figure: go.Figure,
    *,
    title: str,
    name: str,
    data: pd.DataFrame,
    caption: str = "",
    help: str | None = None,
    on_select: Callable[[], None] | None = None,
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
        The numbers in the figure, for CSV.
    on_select
        Called when the reader selects points; the event is in the session under ``name``.
    """
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}**", help=help, width="stretch")
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


def _draw_save(figure: go.Figure, name: str, data: pd.DataFrame) -> None:
    with st.popover("Save", icon=":material/download:", key=f"{name}-save"):
        st.download_button(
            "CSV",
            lambda: data.to_csv(index=False),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"{name}-csv",
            on_click="ignore",
        )
