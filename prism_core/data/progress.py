"""How far a preparation is, as JSON lines for a program that watches it."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa

from prism_core.data.raw import RawData

STAGES: Final = 3
"""Describing items, encoding, reading events."""


def tell(done: float, what: str) -> None:
    """Print one line at once; ``done`` counts stages, whole or in part."""
    event: dict[str, Any] = {"event": "progress", "done": done, "total": STAGES, "what": what}
    print(json.dumps(event), flush=True)


def told_batches(starts: Iterable[int], what: str) -> Iterator[int]:
    """Say before every batch of an encoder how far it is."""
    listed = list(starts)
    for number, start in enumerate(listed):
        tell(1 + number / len(listed), what)
        yield start


def told_events(raw: RawData) -> RawData:
    """Give the same data, whose events say how many have been read."""

    def batches() -> Iterator[pa.RecordBatch]:
        count = 0
        for batch in raw.events():
            count += batch.num_rows
            tell(2, f"{count:,} events read")
            yield batch

    return dataclasses.replace(raw, events=batches)
