"""Tables leaving the program: CSV that a spreadsheet cannot run, and cells as printed."""

import csv
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

FORMULA_STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""A cell of text that starts so is run as a formula by spreadsheets; the last four are wide."""

DIGITS: Final = "%.10g"
"""Numbers of a CSV: what matters, without the last bits that differ between processors."""


def safe_csv(frame: pd.DataFrame) -> str:
    """Write a frame as CSV; text that a spreadsheet would run as a formula gets a leading quote.

    References
    ----------
    OWASP, CSV injection.
    """
    safe = frame.map(_safe_cell).rename(columns=_safe_cell)
    options: dict[str, Any] = {"index": False, "lineterminator": "\n", "float_format": DIGITS}
    return safe.to_csv(quoting=csv.QUOTE_NONNUMERIC, **options)


def printed_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn every cell into the text that stands in a printed table, numbers to four digits."""
    return frame.map(_printed_cell)


def with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Write intervals behind the values they belong to and drop columns that say nothing.

    Parameters
    ----------
    frame
        As of :func:`analysis.export.drawn_frame`.

    Returns
    -------
    pandas.DataFrame
        ``low`` and ``high`` are gone; a value with an interval reads ``0.31 [0.28, 0.34]``.
    """
    kept = frame.drop(columns=[c for c in ("panel", "series") if frame[c].nunique() <= 1])
    if "low" not in kept:
        return kept
    values = "x" if pd.api.types.is_numeric_dtype(kept["x"]) else "y"
    ends = [
        "" if pd.isna(low) else f" [{low:.4g}, {high:.4g}]"
        for low, high in zip(kept["low"], kept["high"], strict=True)
    ]
    told = printed_cells(kept[[values]])[values] + ends
    return kept.assign(**{values: told}).drop(columns=["low", "high"])


def _safe_cell(value: Any) -> Any:
    if isinstance(value, np.ndarray | Sequence) and not isinstance(value, str | bytes):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _printed_cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.4g}"
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
