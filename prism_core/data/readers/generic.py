"""Any CSV, TSV, Parquet or JSON-lines table of events, with a mapping of its columns."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.data.raw import Origin, RawData
from prism_core.data.readers.delimited import NUMBER, TEXT, header_of, read_delimited
from prism_core.data.readers.frames import items_frame, one_file, read_parquet, with_undescribed
from prism_core.data.readers.records import read_records
from prism_core.errors import ConfigError, DataError

EVENT_COLUMNS: Final = ("user_id", "item_id", "timestamp", "rating")
ITEM_COLUMNS: Final = ("item_id", "title", "year", "categories", "text")
ENDINGS: Final = ("csv", "tsv", "parquet", "jsonl")
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def read_table(path: Path, columns: Mapping[str, str] = NOTHING) -> RawData:
    """Read ``interactions.<ending>`` and, if there, ``items.<ending>`` of a folder.

    Parameters
    ----------
    path
        A folder, or the events file itself.
    columns
        The project's column names to the file's: ``{"user_id": "uid"}``; a name that is not
        mapped stands for itself. Categories are a list, or text separated by ``|``.

    Raises
    ------
    ConfigError
        The mapping names a column that PRISM does not use.
    DataError
        A file is missing, damaged or lacks a column, or a value has the wrong type.
    """
    _check_mapping(columns)
    source = path if path.is_file() else one_file(path, [f"interactions.{e}" for e in ENDINGS])
    events = _events(source, columns)
    described = [source.with_name(f"items.{e}") for e in ENDINGS]
    items = next((_items(p, columns) for p in described if p.is_file()), items_frame([]))
    name = (path.stem if path.is_file() else path.name).lower()
    origin = Origin(
        name=name,
        title=name,
        source=source.name,
        licence="not stated",
        citation="",
        sequence="Users' events in the order of their times",
    )
    return RawData(origin=origin, interactions=events, items=with_undescribed(items, events))


def _check_mapping(columns: Mapping[str, str]) -> None:
    known = sorted({*EVENT_COLUMNS, *ITEM_COLUMNS})
    for name in columns:
        if name not in known:
            raise ConfigError(f"column mapping {name!r}: choose from {', '.join(known)}.")


def _events(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    frame = _read(path, EVENT_COLUMNS, columns, {"timestamp": NUMBER, "rating": NUMBER})
    for name in EVENT_COLUMNS[:3]:
        if name not in frame:
            raise DataError(f"{path}: column {columns.get(name, name)!r} ({name}) is missing.")
    for name in ("timestamp", "rating"):
        if name in frame:
            frame[name] = _numbers(path, frame[name], columns.get(name, name))
    times = frame["timestamp"]
    if not times.between(0, 2**62).all():
        row = int(np.argmin(times.between(0, 2**62)))
        label = columns.get("timestamp", "timestamp")
        raise DataError(f"{path}, event {row + 1}, column {label!r}: {times[row]} is no time.")
    return frame.assign(timestamp=times.astype("int64"))


def _items(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    frame = _read(path, ITEM_COLUMNS, columns, {}, empty=True)
    if "item_id" not in frame:
        raise DataError(f"{path}: column {columns.get('item_id', 'item_id')!r} is missing.")
    if "categories" in frame:
        frame["categories"] = [_listed(value) for value in frame["categories"]]
    if "year" in frame:
        frame["year"] = pd.to_numeric(frame["year"], errors="coerce")
    return items_frame(frame.to_dict("records"))


def _read(
    path: Path,
    names: tuple[str, ...],
    columns: Mapping[str, str],
    types: Mapping[str, Any],
    *,
    empty: bool = False,
) -> pd.DataFrame:
    wanted = {columns.get(name, name): name for name in names}
    if path.suffix in (".csv", ".tsv"):
        separator = "," if path.suffix == ".csv" else "\t"
        present = [c for c in header_of(path, separator) if c in wanted]
        kinds = {c: types.get(wanted[c], TEXT) for c in present}
        frame = read_delimited(path, kinds, separator=separator, allow_empty=empty)
    elif path.suffix == ".jsonl":
        frame = pd.DataFrame([{c: r.fields.get(c) for c in wanted} for r in read_records(path)])
        frame = frame.dropna(axis="columns", how="all")
    else:
        frame = read_parquet(path)
    frame = frame[[c for c in wanted if c in frame]].rename(columns=wanted)
    return _as_text(path, frame, columns)


def _as_text(path: Path, frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    for name in ("user_id", "item_id"):
        if name in frame:
            missing = frame[name].isna()
            if missing.any():
                label = columns.get(name, name)
                row = int(np.argmax(missing)) + 1
                raise DataError(f"{path}, record {row}, column {label!r}: the field is empty.")
            frame[name] = frame[name].astype("str")
    return frame.reset_index(drop=True)


def _numbers(path: Path, values: pd.Series, label: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = ~np.isfinite(numbers.to_numpy(float))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{path}, record {row + 1}, column {label!r}: {str(values[row])[:40]!r} is no number."
        )
    return numbers


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split("|") if part.strip()]
    return [str(part) for part in value] if isinstance(value, (list, np.ndarray)) else []
