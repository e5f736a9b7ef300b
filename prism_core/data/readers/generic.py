"""Any CSV, TSV, Parquet or JSON-lines table of events, with a mapping of its columns."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from prism_core.data.raw import BATCH, LATEST, Origin, RawData, event_batch
from prism_core.data.readers.delimited import NUMBER, TEXT, Chunk, header_of, read_chunks
from prism_core.data.readers.frames import items_frame, one_file
from prism_core.data.readers.records import read_records
from prism_core.errors import ConfigError, DataError

EVENT_COLUMNS: Final = ("user_id", "item_id", "timestamp", "rating")
ITEM_COLUMNS: Final = ("item_id", "title", "year", "categories", "text")
SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
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
    return RawData(origin=origin, events=partial(_events, source, columns), items=items)


def _check_mapping(columns: Mapping[str, str]) -> None:
    known = sorted({*EVENT_COLUMNS, *ITEM_COLUMNS})
    for name in columns:
        if name not in known:
            raise ConfigError(f"column mapping {name!r}: choose from {', '.join(known)}.")


def _events(path: Path, columns: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    wanted = {columns.get(name, name): name for name in EVENT_COLUMNS}
    for chunk in _chunks(path, list(wanted), {"timestamp": NUMBER, "rating": NUMBER}, columns):
        for name in ("user_id", "item_id", "timestamp"):
            _need(chunk, columns.get(name, name))
        _check_times(chunk, columns.get("timestamp", "timestamp"))
        frame = chunk.frame.rename(columns=wanted)
        times = pd.to_numeric(frame["timestamp"]).astype("int64")
        text = {name: frame[name].astype("str") for name in ("user_id", "item_id")}
        yield event_batch(frame.assign(timestamp=times, **text))


def _items(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    wanted = {columns.get(name, name): name for name in ITEM_COLUMNS}
    chunks = list(_chunks(path, list(wanted), {}, columns, allow_empty=True))
    for chunk in chunks:
        _need(chunk, columns.get("item_id", "item_id"))
    frame = pd.concat([chunk.frame for chunk in chunks], ignore_index=True).rename(columns=wanted)
    if "categories" in frame:
        frame["categories"] = [_listed(value) for value in frame["categories"]]
    if "year" in frame:
        frame["year"] = pd.to_numeric(frame["year"], errors="coerce")
    return items_frame(frame.astype({"item_id": "str"}).to_dict("records"))


def _chunks(
    path: Path,
    wanted: list[str],
    types: Mapping[str, pa.DataType],
    columns: Mapping[str, str],
    *,
    allow_empty: bool = False,
) -> Iterator[Chunk]:
    if path.suffix == ".parquet":
        return _parquet_chunks(path, wanted)
    if path.suffix == ".jsonl":
        return _record_chunks(path, wanted)
    separator = SEPARATORS.get(path.suffix, ",")
    kinds = {columns.get(name, name): kind for name, kind in types.items()}
    present = [name for name in header_of(path, separator) if name in wanted]
    found = {name: kinds.get(name, TEXT) for name in present}
    return read_chunks(path, found, separator=separator, allow_empty=allow_empty)


def _parquet_chunks(path: Path, wanted: list[str]) -> Iterator[Chunk]:
    row = 1
    try:
        with pq.ParquetFile(path) as file:
            present = [name for name in file.schema_arrow.names if name in wanted]
            for batch in file.iter_batches(BATCH, columns=present):
                yield Chunk(path, row, batch.to_pandas())
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a readable parquet file: {error}.") from None


def _record_chunks(path: Path, wanted: list[str]) -> Iterator[Chunk]:
    records = read_records(path)
    while group := list(islice(records, BATCH)):
        rows = [{name: record.fields.get(name) for name in wanted} for record in group]
        frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
        yield Chunk(path, group[0].line, frame)


def _need(chunk: Chunk, name: str) -> None:
    if name not in chunk.frame:
        raise DataError(f"{chunk.path}: column {name!r} is missing.")
    chunk.require(name, chunk.frame[name].notna(), "filled")


def _check_times(chunk: Chunk, name: str) -> None:
    times = pd.to_numeric(chunk.frame[name], errors="coerce")
    chunk.require(name, times.between(0, LATEST), "a time in seconds since 1970")


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split("|") if part.strip()]
    return [str(part) for part in value] if isinstance(value, (list, np.ndarray)) else []
