"""Sequence text as in S3-Rec, STOSA, SASRec and PRISM: whole-number ids, no times."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.data.raw import Origin, RawData, event_batch
from prism_core.data.readers.frames import items_frame, one_file, plain
from prism_core.data.readers.records import Record, read_records
from prism_core.errors import DataError

LARGEST_ID: Final = 2**31 - 1
HIGHEST_GAP: Final = 100
"""Times the number of events that an item id may reach; beyond it the file is no such format."""
SEQUENCE: Final = "Users' events in the order of the file"


def read_sequences(path: Path) -> RawData:
    """Read ``user item item ...`` lines, or ``user item`` pairs, of the one text file in a folder.

    Titles and categories come from ``items.jsonl`` (``item_id``, ``title``, ``attributes`` or
    ``categories``) or from ``*_item2attributes.json``, if there.

    Returns
    -------
    RawData
        ``timestamp`` is the position; items are all of 1..largest id, the order in which
        published feature rows stand.

    Raises
    ------
    DataError
        A file is missing or damaged, or an id is no whole number from 1.
    """
    source = one_file(path, ["sequences.txt", f"{path.name}.txt", "*.txt"])
    events = read_events(source)
    origin = Origin(
        name=path.name.lower(),
        title=f"{path.name} (sequence text)",
        source="sequence text",
        licence="that of the original data",
        citation="",
        sequence=SEQUENCE,
    )
    items = _described(path, events)
    return RawData(
        origin=origin, events=lambda: iter([event_batch(events)]), items=items, has_times=False
    )


def read_events(path: Path) -> pd.DataFrame:
    """Read the events of a sequence text; ``timestamp`` counts a user's events from 0.

    Raises
    ------
    DataError
        Names the first bad line.
    """
    users, items = [], []
    for number, words in _lines(path):
        if len(words) < 2:
            raise DataError(f"{path}, line {number}: expected a user and at least one item.")
        ids = [_whole(path, number, word) for word in words]
        users += [ids[0]] * (len(ids) - 1)
        items += ids[1:]
    if not users:
        raise DataError(f"{path}: the file is empty.")
    _check_range(path, items)
    frame = pd.DataFrame({"user_id": users, "item_id": items})
    frame["timestamp"] = frame.groupby("user_id").cumcount().astype("int64")
    return frame.astype({"user_id": "str", "item_id": "str"})


def numbered_items(events: pd.DataFrame, known: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Build the item table 1..largest id, with what is known about each id."""
    largest = max(int(events["item_id"].astype(np.int64).max()), *map(int, known), 0)
    ids = map(str, range(1, largest + 1))
    return items_frame({"item_id": i} | known.get(i, {}) for i in ids)


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds one object.

    Raises
    ------
    DataError
        It is damaged or holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected one object, found {type(value).__name__}.")
    return value


def _described(path: Path, events: pd.DataFrame) -> pd.DataFrame:
    described = path / "items.jsonl"
    if described.is_file():
        known = dict(_item(record) for record in read_records(described))
        return numbered_items(events, known)
    attributes = sorted(path.glob("*_item2attributes.json"))
    known = {}
    if attributes:
        table = read_object(attributes[0])
        known = {i: {"categories": [f"attribute {a}" for a in v]} for i, v in table.items()}
    return numbered_items(events, known)


def _item(record: Record) -> tuple[str, dict[str, Any]]:
    item = record.need("item_id", int, str)
    title = plain(record.get("title", str, default=""))
    listed = record.get("attributes", list) or record.get("categories", list, default=[])
    names = [plain(str(name)) for name in listed]
    text = ". ".join(filter(None, [title, *names]))
    number = _whole(record.path, record.line, str(item))
    return str(number), {"title": title, "categories": names, "text": text}


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text at byte {error.start}.") from None
    except OSError as error:
        raise DataError(f"{path}: not a readable file: {error.strerror}.") from None
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line.split()) for number, line in numbered if line.strip()]


def _whole(path: Path, line: int, word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 1 <= int(word[:12]) <= LARGEST_ID):
        raise DataError(f"{path}, line {line}: {word[:40]!r} is no whole number from 1.")
    return int(word)


def _check_range(path: Path, items: list[int]) -> None:
    if max(items) > HIGHEST_GAP * len(items):
        raise DataError(
            f"{path}: item {max(items)} is far above the number of events ({len(items)}); "
            "ids must be numbered from 1."
        )
