"""What callers may hand in: arrays of numbers, classes, whole numbers; the rest is refused."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prism_core.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MAX_TARGETS: Final = 16
MIN_USERS: Final = 8
LARGEST: Final = 1e100
"""Squares of larger values leave the range of float64."""


def numbers(value: Any, wanted: str) -> FloatArray:
    """Turn what a caller gave into a float64 array; masked values become not a number.

    Parameters
    ----------
    wanted
        The beginning of the sentence of refusal: "decompose takes ...".

    Raises
    ------
    DataError
        When it holds anything but real numbers, or its rows differ in length.
    """
    try:
        if isinstance(value, np.ma.MaskedArray):
            value = np.ma.filled(value.astype(np.float64), np.nan)
        array = np.asarray(value)
        if array.dtype.kind in "biufO":
            return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise DataError(f"{wanted}; got {_described(value)}, which is not made of numbers alone.")


def whole_number(value: Any, name: str, least: int) -> int:
    """Check a whole number.

    Raises
    ------
    DataError
        When it is another type, or below the least.
    """
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least:
        return int(value)
    raise DataError(f"{name} is {value!r}; give a whole number of at least {least}.")


def checked_events(
    first: Any, second: Any, target: Any, groups: Any
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Check that sources, target and users fit together.

    Returns
    -------
    first, second
        ``(n, d1)`` and ``(n, d2)`` vectors.
    target, groups
        ``(n,)`` classes and users, numbered from 0.

    Raises
    ------
    DataError
        Saying what does not fit.
    """
    sources = [_source(source, name) for name, source in (("first", first), ("second", second))]
    classes = _labels(target, "target")
    users = np.arange(len(classes)) if groups is None else _labels(groups, "groups")
    lengths = {len(array) for array in (*sources, classes, users)}
    if len(lengths) != 1 or not len(classes):
        raise DataError(
            f"first, second, target and groups have {len(sources[0])}, {len(sources[1])}, "
            f"{len(classes)} and {len(users)} rows; give one row for each event in all of them."
        )
    if not 2 <= (num_classes := len(np.unique(classes))) <= MAX_TARGETS:
        raise DataError(
            f"The target has {num_classes} values; between 2 and {MAX_TARGETS} are allowed. "
            "Merge rare classes with analysis.information.table.merge_tail."
        )
    if (num_users := len(np.unique(users))) < MIN_USERS:
        raise DataError(
            f"The events come from {num_users} users; errors and splits need at least {MIN_USERS}."
        )
    return sources[0], sources[1], classes, users


def _source(value: Any, name: str) -> FloatArray:
    wanted = f"Source {name!r} takes vectors (n, d) or scalars (n,)"
    array = numbers(value, wanted)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1]:
        raise DataError(f"{wanted}; got {_described(value)} of shape {np.shape(value)}.")
    if len(wrong := np.argwhere(~np.isfinite(array))):
        raise DataError(f"Source {name!r}, row {wrong[0, 0]}: a value is not finite.")
    if len(wrong := np.argwhere(np.abs(array) > LARGEST)):
        raise DataError(
            f"Source {name!r}, row {wrong[0, 0]}: a value is beyond {LARGEST:.0e}; scale them."
        )
    return array


def _labels(value: Any, name: str) -> IntArray:
    """Number the distinct values of a column of labels."""
    wanted = f"{name} takes one label for each event, (n,)"
    try:
        labels = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        raise DataError(f"{wanted}; got {_described(value)} of uneven rows.") from None
    if labels.ndim != 1:
        raise DataError(f"{wanted}; got {_described(value)} of shape {labels.shape}.")
    if len(missing := np.flatnonzero(pd.isna(labels))):
        raise DataError(f"{name}, row {missing[0]}: the label is missing.")
    try:
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    except TypeError:
        raise DataError(f"{name} mixes text with numbers; give labels of one kind.") from None


def _described(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the type {value.__name__}"
    return f"an object of type {type(value).__name__}"
