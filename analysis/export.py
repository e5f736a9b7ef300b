"""One figure in every format a reader needs: PDF, SVG, PNG, PGFPlots, HTML, CSV."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.pgf.figure import to_pgfplots
from analysis.printing import PrintOptions, for_print
from analysis.rendering import render
from analysis.tables import safe_csv
from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes
    ----------
    needs_browser
        Whether Chrome or Chromium must be installed.
    """

    suffix: str
    mime: str
    label: str
    needs_browser: bool


FORMATS: Final[Mapping[str, Format]] = {
    "pdf": Format("pdf", "application/pdf", "PDF (vector)", True),
    "svg": Format("svg", "image/svg+xml", "SVG (vector)", True),
    "png": Format("png", "image/png", "PNG", True),
    "tex": Format("tex", "application/x-tex", "PGFPlots (LaTeX)", False),
    "html": Format("html", "text/html", "HTML (interactive)", False),
    "csv": Format("csv", "text/csv", "CSV (what is drawn)", False),
}


def export(
    figure: go.Figure, file_format: str, options: PrintOptions | None = None, *, dpi: int = 300
) -> bytes:
    """Write a figure in one format.

    Parameters
    ----------
    figure
        A figure of :mod:`analysis.plots`.
    file_format
        Key of ``FORMATS``.
    options
        Size and text of PDF, SVG and PNG.
    dpi
        Resolution of a PNG.

    Raises
    ------
    ConfigError
        The format is unknown.
    MissingExtraError
        The format needs a browser and none is installed.
    """
    if file_format not in FORMATS:
        raise ConfigError(f"format {file_format!r}: choose one of {', '.join(FORMATS)}.")
    if file_format == "html":
        return figure.to_html(
            include_plotlyjs=True, include_mathjax=False, div_id="figure"
        ).encode()
    if file_format == "tex":
        return to_pgfplots(figure, options).encode()
    if file_format == "csv":
        return safe_csv(drawn_frame(figure)).encode()
    printed = for_print(figure, options or PrintOptions())
    size = {"width": int(printed.layout.width), "height": int(printed.layout.height)}
    if file_format == "png":
        return render(printed, "png", **size, dpi=dpi)
    return render(printed, "pdf" if file_format == "pdf" else "svg", **size)


def drawn_frame(figure: go.Figure) -> pd.DataFrame:
    """List everything a figure draws.

    Returns
    -------
    pandas.DataFrame
        One row per point, bar or cell: ``panel``, ``series``, ``x``, ``y`` and, where the figure
        has them, ``start`` (of a floating bar), ``low`` and ``high`` (of an interval), ``value``
        (of a cell). Entries of the legend alone are left out.
    """
    frames = [frame for trace in figure.data if not (frame := _trace_frame(trace)).empty]
    if not frames:
        return pd.DataFrame(columns=["panel", "series", "x", "y"])
    return pd.concat(frames, ignore_index=True).dropna(axis=1, how="all")


def _trace_frame(trace: Any) -> pd.DataFrame:
    head = {"panel": trace.xaxis or "x", "series": trace.name or ""}
    if trace.type == "heatmap":
        return _cells(trace).assign(**head)[["panel", "series", "x", "y", "value"]]
    if trace.x is None or all(value is None for value in trace.x):
        return pd.DataFrame()
    columns = {"x": list(trace.x), "y": list(trace.y)}
    frame = pd.DataFrame(columns).assign(**head)[["panel", "series", "x", "y"]]
    if trace.type == "bar" and trace.base is not None:
        frame["start"] = list(trace.base)
    for axis in ("x", "y"):
        bars = trace[f"error_{axis}"]
        if bars.array is not None:
            frame["low"] = np.asarray(columns[axis]) - np.asarray(bars.arrayminus)
            frame["high"] = np.asarray(columns[axis]) + np.asarray(bars.array)
    return frame


def _cells(trace: go.Heatmap) -> pd.DataFrame:
    """Cells of a heat map that are drawn, as ``x``, ``y``, ``value``."""
    grid = np.asarray(trace.z, dtype=np.float64)
    if trace.text is not None and len(trace.text):
        grid = np.array([[float(t) if t else np.nan for t in row] for row in trace.text])
    down = [": ".join(pair) for pair in zip(*trace.y, strict=True)]
    rows, columns = np.nonzero(np.isfinite(grid))
    return pd.DataFrame(
        {
            "x": np.array(trace.x)[columns],
            "y": np.array(down)[rows],
            "value": grid[rows, columns],
        }
    )
