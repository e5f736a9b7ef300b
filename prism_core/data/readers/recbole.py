"""RecBole atomic files: ``X.inter`` and ``X.item``, columns by name and type, never by place."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from prism_core.data.raw import LATEST, Origin, RawData, event_batch
from prism_core.data.readers.delimited import (
    NUMBER,
    TEXT,
    header_of,
    read_chunks,
    read_delimited,
)
from prism_core.data.readers.frames import items_frame, one_file
from prism_core.errors import DataError

TITLES: Final = ("title", "movie_title", "item_name", "name")
CATEGORIES: Final = ("categories", "category", "class", "genre", "genres")
YEARS: Final = ("release_year", "year")


def read_recbole(path: Path) -> RawData:
    """Read the one ``.inter`` file of a folder and its ``.item`` file, if any.

    Raises
    ------
    DataError
        A file is damaged, or the users, items or times have no column.
    """
    source = one_file(path, ["*.inter"])
    described = source.with_suffix(".item")
    items = _items(described) if described.is_file() else items_frame([])
    origin = Origin(
        name=source.stem.lower(),
        title=f"{source.stem} (RecBole atomic files)",
        source="RecBole atomic files",
        licence="that of the original data",
        citation="W. X. Zhao et al. 2021. RecBole. CIKM. https://doi.org/10.1145/3459637.3482016",
        sequence="Users' events in the order of their times",
    )
    return RawData(origin=origin, events=partial(_events, source), items=items)


def _events(path: Path) -> Iterator[pa.RecordBatch]:
    columns = _columns(path)
    types = {}
    for name, kind in (("user_id", TEXT), ("item_id", TEXT), ("timestamp", NUMBER)):
        if name not in columns:
            raise DataError(f"{path}: column {name!r} is missing; found: {', '.join(columns)}.")
        types[columns[name]] = kind
    if "rating" in columns:
        types[columns["rating"]] = NUMBER
    for chunk in read_chunks(path, types, separator="\t", quoting=False):
        plain_names = {name: name.partition(":")[0] for name in types}
        chunk = chunk._replace(frame=chunk.frame.rename(columns=plain_names))
        times = chunk.frame["timestamp"]
        chunk.require("timestamp", times.between(0, LATEST), "a time in seconds since 1970")
        yield event_batch(chunk.frame.assign(timestamp=times.astype("int64")))


def _items(path: Path) -> pd.DataFrame:
    columns = _columns(path)
    if "item_id" not in columns:
        raise DataError(f"{path}: column 'item_id' is missing; found: {', '.join(columns)}.")
    types = dict.fromkeys(columns.values(), TEXT)
    read = read_delimited(path, types, separator="\t", quoting=False, allow_empty=True)
    table = read.frame.set_axis(list(columns), axis="columns")
    read._replace(frame=table).require("item_id", table["item_id"] != "", "filled")
    title, category, year = (_first(columns, names) for names in (TITLES, CATEGORIES, YEARS))
    return items_frame(_item(row, title, category, year) for row in table.to_dict("records"))


def _item(row: Mapping[Any, Any], title: str, category: str, year: str) -> dict[str, Any]:
    digits = str(row.get(year, ""))[:4]
    categories = str(row.get(category, "")).replace(",", " ").split()
    return {
        "item_id": row["item_id"],
        "title": row.get(title, ""),
        "year": int(digits) if digits.isdecimal() and digits.isascii() else None,
        "categories": categories,
        "text": ". ".join(filter(None, [row.get(title, ""), *categories])),
    }


def _columns(path: Path) -> dict[str, str]:
    """Map every plain name to its ``name:type`` in the header."""
    return {name.partition(":")[0]: name for name in header_of(path, "\t")}


def _first(columns: dict[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if name in columns), "")
