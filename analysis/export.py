"""One figure in every format a reader needs: PDF, SVG, PNG, PGFPlots, HTML, CSV, LaTeX table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.latex import latex_frame
from analysis.palettes import recoloured
from analysis.pgf.axes import labels_of
from analysis.pgf.figure import to_pgfplots
from analysis.plots.text import unmarked
from analysis.printing import PrintOptions, for_print, for_screen
from analysis.rendering import ImageFormat, render
from analysis.tables import safe_csv, with_intervals
from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format.

    Attributes
    ----------
    suffix
        End of the file name, after the dot.
    image
        What the browser draws; None where no browser is needed.
    dpi
        Resolution of a PNG.
    """

    suffix: str
    mime: str
    label: str
    image: ImageFormat | None = None
    dpi: int = 300

    @property
    def needs_browser(self) -> bool:
        """Whether Chrome or Chromium must be installed."""
        return self.image is not None


FORMATS: Final[Mapping[str, Format]] = {
    "pdf": Format(suffix="pdf", mime="application/pdf", label="PDF (vector)", image="pdf"),
    "svg": Format(suffix="svg", mime="image/svg+xml", label="SVG (vector)", image="svg"),
    "png": Format(suffix="png", mime="image/png", label="PNG, 300 dpi", image="png"),
    "png600": Format(
        suffix="600dpi.png", mime="image/png", label="PNG, 600 dpi", image="png", dpi=600
    ),
    "tex": Format(suffix="tex", mime="application/x-tex", label="PGFPlots (TikZ)"),
    "html": Format(suffix="html", mime="text/html", label="HTML (interactive)"),
    "csv": Format(suffix="csv", mime="text/csv", label="CSV (what is drawn)"),
    "latex": Format(suffix="table.tex", mime="application/x-tex", label="LaTeX table"),
}


def export(
    figure: go.Figure,
    file_format: str,
    options: PrintOptions | None = None,
    *,
    title: str = "",
    caption: str = "",
) -> bytes:
    """Write a figure in one format.

    Parameters
    ----------
    figure
        A figure of :mod:`analysis.plots`, light or dark.
    file_format
        Key of ``FORMATS``.
    options
        Size, text and palette.
    title
        Title for the figure where the options ask for titles.
    caption
        Caption of a LaTeX table.

    Raises
    ------
    ConfigError
        The format is unknown, or has no room for that many points.
    MissingExtraError
        The format needs a browser and none is installed.
    """
    if file_format not in FORMATS:
        raise ConfigError(f"format {file_format!r}: choose one of {', '.join(FORMATS)}.")
    chosen = options or PrintOptions()
    kind = FORMATS[file_format]
    if kind.image is not None:
        printed = for_print(figure, chosen, title=title)
        return render_printed(printed, kind)
    if file_format == "html":
        return _page(for_screen(figure, chosen, title=title))
    if file_format == "tex":
        return to_pgfplots(recoloured(figure, chosen.palette), chosen, title=title).encode()
    if file_format == "csv":
        return safe_csv(drawn_frame(figure)).encode()
    rows = with_intervals(drawn_frame(figure))
    return latex_frame(rows, caption=caption, wide=chosen.span == "full").encode()


def render_printed(printed: go.Figure, kind: Format) -> bytes:
    """Draw a figure that has its printed size already."""
    assert kind.image is not None
    size = {"width": int(printed.layout.width), "height": int(printed.layout.height)}
    return render(printed, kind.image, **size, **({"dpi": kind.dpi} if kind.image == "png" else {}))


def _page(figure: go.Figure) -> bytes:
    """Write one page that needs nothing from the network."""
    return figure.to_html(include_plotlyjs=True, include_mathjax=False, div_id="figure").encode()


def drawn_frame(figure: go.Figure) -> pd.DataFrame:
    """List everything a figure draws.

    Returns
    -------
    pandas.DataFrame
        One row per point, bar or cell: ``panel``, ``series``, ``x``, ``y`` and, where the figure
        has them, ``start`` (of a floating bar), ``low`` and ``high`` (of an interval), ``value``
        (of a cell). Labels are plain text; entries of the legend alone are left out.
    """
    frames = [frame for trace in figure.data if not (frame := _trace_frame(trace)).empty]
    if not frames:
        return pd.DataFrame(columns=["panel", "series", "x", "y"])
    drawn = pd.concat(frames, ignore_index=True).dropna(axis=1, how="all")
    return drawn.map(lambda cell: unmarked(cell) if isinstance(cell, str) else cell)


def _trace_frame(trace: Any) -> pd.DataFrame:
    head = {"panel": trace.xaxis or "x", "series": trace.name or ""}
    if trace.type == "heatmap":
        return _cells(trace).assign(**head)[["panel", "series", "x", "y", "value"]]
    if trace.x is None or all(value is None for value in trace.x):
        return pd.DataFrame()
    columns = {"x": labels_of(trace.x), "y": labels_of(trace.y)}
    frame = pd.DataFrame(columns).assign(**head)[["panel", "series", "x", "y"]]
    if trace.type == "bar" and trace.base is not None:
        frame["start"] = list(trace.base)
    for axis in ("x", "y"):
        bars = trace[f"error_{axis}"]
        if bars.array is not None:
            below = bars.array if bars.arrayminus is None else bars.arrayminus
            frame["low"] = np.asarray(columns[axis]) - np.asarray(below)
            frame["high"] = np.asarray(columns[axis]) + np.asarray(bars.array)
    return frame


def _leading_number(text: str) -> float:
    found = re.match(r"[-+]?\d*\.?\d+", text.replace("−", "-"))
    return float(found[0]) if found else np.nan


def _cells(trace: go.Heatmap) -> pd.DataFrame:
    """Cells of a heat map that are drawn, as ``x``, ``y``, ``value``."""
    grid = np.asarray(trace.z, dtype=np.float64)
    if trace.text is not None and len(trace.text):
        grid = np.array([[_leading_number(str(text)) for text in row] for row in trace.text])
    down = labels_of(trace.y)
    rows, columns = np.nonzero(np.isfinite(grid))
    return pd.DataFrame(
        {
            "x": np.array(labels_of(trace.x))[columns],
            "y": np.array(down)[rows],
            "value": grid[rows, columns],
        }
    )
