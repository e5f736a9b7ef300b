"""What every reader gives: the events and items of one public data set, as published."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from prism_core.errors import DataError

EVENTS: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("timestamp", pa.int64()),
        ("rating", pa.float64()),
    ]
)
"""Columns of events: ids, whole seconds (or a position), and a rating or nothing."""
LATEST: Final = 2**62
"""Largest number that counts as a time."""
BATCH: Final = 2**17
"""Events held at a time where a reader meets them one by one."""

Event = tuple[str, str, int, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a data set comes from and how it may be used.

    Attributes
    ----------
    name, title
        Short name for folders and keys, and the name people read.
    sequence
        One sentence without figures: what a user's sequence is; measured figures are added.
    documents
        Published files that travel with the data, such as the licence text, by target name.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str
    sequence: str
    documents: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawData:
    """Events and items of one data set under their external ids.

    Attributes
    ----------
    events
        Starts reading the events from the first: batches of schema ``EVENTS`` in file order,
        which breaks ties of time. Faults in the file are raised on the way.
    items
        ``item_id`` (str, unique), ``title`` (str), ``year`` (Int16), ``categories`` (list of str),
        and ``text`` (str) where the source has more words.
    has_times
        False where ``timestamp`` is only a position.
    pictures_of
        Names of each item's pictures, where an item has any number of them; None: one picture
        or none, named by the item.
    all_described
        Whether an event of an item that ``items`` does not have is an error; otherwise such an
        item is titled by its id.
    """

    origin: Origin
    events: Callable[[], Iterator[pa.RecordBatch]]
    items: pd.DataFrame
    has_times: bool = True
    pictures_of: Mapping[str, Sequence[str]] | None = None
    all_described: bool = False

    def __post_init__(self) -> None:
        repeated = self.items["item_id"].duplicated()
        if repeated.any():
            first = self.items.loc[repeated, "item_id"].iloc[0]
            raise DataError(f"{self.origin.source}: item {first!r} is described twice.")


def event_batch(frame: pd.DataFrame) -> pa.RecordBatch:
    """Turn a frame with the columns of ``EVENTS``, or all but ``rating``, into a batch."""
    return pa.RecordBatch.from_pandas(
        frame.reindex(columns=EVENTS.names), schema=EVENTS, preserve_index=False
    )


def event_batches(events: Iterable[Event]) -> Iterator[pa.RecordBatch]:
    """Gather events into batches as they come."""
    iterator = iter(events)
    while rows := list(islice(iterator, BATCH)):
        columns = [
            pa.array(c, f.type) for c, f in zip(zip(*rows, strict=True), EVENTS, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=EVENTS)
