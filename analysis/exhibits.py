"""What goes from a page into a paper: a figure or a table, in each of its formats."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pandas as pd
import plotly.graph_objects as go

from analysis import latex, tables
from analysis.export import FORMATS, drawn_frame, export, render_printed
from analysis.plots.table import require_room, table_figure
from analysis.printing import MAX_VECTOR_POINTS, PrintOptions, for_print, num_points
from analysis.rendering import RASTER_DPI
from analysis.venues import venue_of
from prism_core.errors import ConfigError

WriteLatex = Callable[[PrintOptions], str]
"""Writes a LaTeX table that says more than the numbers drawn."""

_TABLE_STYLE: Final = (
    "body{margin:2rem}table{border-collapse:collapse;border-top:2px solid;"
    "border-bottom:2px solid}th{border-bottom:1px solid;text-align:left}"
    "th,td{padding:.2rem .8rem .2rem 0}caption{text-align:left;padding-bottom:.5rem}"
)


class Exhibit(Protocol):
    """A figure or a table that can leave the program."""

    @property
    def title(self) -> str:
        """What it is called on its page."""

    @property
    def note(self) -> str:
        """What a reader should know of its files; empty for nothing."""

    def printed(self, options: PrintOptions) -> go.Figure:
        """Give it as a figure of its printed size."""

    def refusal(self, file_format: str, options: PrintOptions) -> str:
        """Say why there is no file of a format; empty where there is one."""

    def export(self, file_format: str, options: PrintOptions) -> bytes:
        """Write it in one format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureExhibit:
    """A figure.

    Attributes
    ----------
    write_latex
        Writes its LaTeX table; None lists what is drawn.
    """

    figure: go.Figure
    title: str = ""
    caption: str = ""
    write_latex: WriteLatex | None = None

    @property
    def note(self) -> str:
        points = num_points(self.figure)
        if points <= MAX_VECTOR_POINTS:
            return ""
        return (
            f"{points:,} points are more than {MAX_VECTOR_POINTS:,}: in PDF and SVG they are a "
            f"picture of {RASTER_DPI} dpi under axes and texts that stay vectors."
        )

    def printed(self, options: PrintOptions) -> go.Figure:
        return for_print(self.figure, options, title=self.title)

    def refusal(self, file_format: str, options: PrintOptions) -> str:
        if file_format == "tex" and num_points(self.figure) > MAX_VECTOR_POINTS:
            return f"More than {MAX_VECTOR_POINTS:,} points are too many for LaTeX."
        if file_format == "latex" and self.write_latex is None:
            return _too_long(len(drawn_frame(self.figure)))
        return ""

    def export(self, file_format: str, options: PrintOptions) -> bytes:
        if file_format == "latex" and self.write_latex is not None:
            return self.write_latex(options).encode()
        return export(
            self.figure, file_format, options, title=self.title, caption=self.caption or self.title
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableExhibit:
    """A table.

    Attributes
    ----------
    frame
        Any frame; its index is left out.
    """

    frame: pd.DataFrame
    title: str = ""
    caption: str = ""

    @property
    def note(self) -> str:
        return ""

    def printed(self, options: PrintOptions) -> go.Figure:
        if refusal := _too_long(len(self.frame)):
            raise ConfigError(refusal)
        return for_print(table_figure(**self._laid_out(options)), options, title=self.title)

    def refusal(self, file_format: str, options: PrintOptions) -> str:
        if file_format == "tex":
            return "A table in LaTeX is the format LaTeX table."
        if file_format in ("csv", "html"):
            return ""
        refusal = _too_long(len(self.frame))
        if refusal or not FORMATS[file_format].needs_browser:
            return refusal
        try:
            require_room(**self._laid_out(options))
        except ConfigError as error:
            return str(error)
        return ""

    def _laid_out(self, options: PrintOptions) -> dict[str, Any]:
        """Give the cells as printed, and the letters that fit beside each other."""
        return {
            "cells": tables.printed_cells(self.frame),
            "numbers": [pd.api.types.is_numeric_dtype(t) for t in self.frame.dtypes],
            "letters": int(0.92 * options.width_px / options.letter_px),
        }

    def export(self, file_format: str, options: PrintOptions) -> bytes:
        if file_format == "csv":
            return tables.safe_csv(self.frame).encode()
        if file_format == "html":
            return self._page(options).encode()
        if file_format == "latex":
            caption, wide = self.caption or self.title, options.span == "full"
            return latex.latex_frame(self.frame, caption=caption, wide=wide).encode()
        if refusal := self.refusal(file_format, options):
            raise ConfigError(refusal)
        return render_printed(self.printed(options), FORMATS[file_format])

    def _page(self, options: PrintOptions) -> str:
        """Write one page that needs nothing from the network; every text is escaped."""
        title = html.escape(self.title)
        cells = tables.printed_cells(self.frame)
        body = cells.to_html(index=False, border=0, escape=True)
        body = body.replace("<thead>", f"<caption>{title}</caption><thead>", 1)
        font = options.font or venue_of(options.venue).font
        style = f"{_TABLE_STYLE}body{{font:{options.text_points}pt {font}}}"
        head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
        return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>"


def _too_long(rows: int) -> str:
    if rows <= latex.MOST_ROWS:
        return ""
    return f"{rows:,} rows do not fit a page; at most {latex.MOST_ROWS} do."
