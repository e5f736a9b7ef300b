"""What several readers share: finding files, building the two frames, plain text from markup."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from prism_core.errors import DataError, RunFormatError
from prism_core.store import files

ITEM_COLUMNS: Final = ("item_id", "title", "year", "categories", "text")


def one_file(folder: Path, patterns: Sequence[str], *, without: str = "") -> Path:
    """Find the one file of a folder that matches the first fruitful pattern.

    Parameters
    ----------
    folder
        Where to look, not deeper.
    patterns
        Glob patterns, the preferred first.
    without
        Beginning of names that do not count.

    Raises
    ------
    DataError
        The folder is missing, or no file or more than one matches.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder.")
    for pattern in patterns:
        found = [p for p in sorted(folder.glob(pattern)) if p.is_file()]
        found = [p for p in found if not (without and p.name.startswith(without))]
        if len(found) > 1:
            names = ", ".join(p.name for p in found[:3])
            raise DataError(f"{folder}: more than one {pattern}: {names}; keep one of them.")
        if found:
            return found[0]
    raise DataError(f"{folder}: no file named {' or '.join(patterns)}.")


def items_frame(rows: Iterable[Mapping[Any, Any]]) -> pd.DataFrame:
    """Build the items of :class:`RawData`; of an item described twice the first row counts."""
    frame = pd.DataFrame(list(rows), columns=list(ITEM_COLUMNS), dtype=object)
    frame = frame.drop_duplicates("item_id", ignore_index=True)
    text = {column: frame[column].fillna("").astype("str") for column in ("title", "text")}
    no_title = text["title"] == ""
    return frame.assign(
        item_id=frame["item_id"].astype("str"),
        title=text["title"].mask(no_title, frame["item_id"].astype("str")),
        text=text["text"],
        year=pd.to_numeric(frame["year"]).astype("Int16"),
        categories=frame["categories"].map(lambda value: value if isinstance(value, list) else []),
    )


def with_undescribed(items: pd.DataFrame, item_ids: Sequence[str]) -> pd.DataFrame:
    """Add a bare row, titled by its id, for every id that ``items`` does not describe."""
    missing = pd.Index(item_ids).difference(pd.Index(items["item_id"]), sort=False)
    bare = items_frame({"item_id": item} for item in missing)
    return pd.concat([items, bare], ignore_index=True) if len(bare) else items


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a parquet table that a user brings.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    try:
        return files.read_parquet(path)
    except RunFormatError as error:
        raise DataError(str(error)) from None


def plain(text: str) -> str:
    """Turn a line with HTML into plain text: no tags, entities resolved, single spaces."""
    without_tags = re.sub(r"<[^<>]*>", " ", html.unescape(text))
    return " ".join(without_tags.split())
