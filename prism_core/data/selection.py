"""Which events of the raw data go into a data set, streamed so that memory stays bounded.

Events are read in batches into a DuckDB file that may spill to disk; there they are filtered,
numbered and sorted. Only whole numbers, 16 bytes an event, come back.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from prism_core.data.features import ItemVectors
from prism_core.data.filters import first_of_pairs, from_newest, k_core
from prism_core.data.options import PreparationOptions
from prism_core.data.raw import RawData
from prism_core.errors import ConfigError, DataError

MEMORY_LIMIT: Final = "2GB"
"""What DuckDB may hold before it spills to disk."""

SORTED_EVENTS: Final = """
    SELECT users.code AS user_code, items.code AS item_code, timestamp
    FROM kept JOIN users USING (user_id) JOIN items USING (item_id)
    ORDER BY user_code, timestamp, kept.rowid
"""


@dataclass(frozen=True, slots=True)
class SelectedEvents:
    """Events under codes from 0, sorted by user, time and file order.

    Attributes
    ----------
    user_codes, item_codes, timestamps
        ``(E,)`` int32, int32 and int64.
    user_ids, item_ids
        External ids by code; every code has at least one event.
    """

    user_codes: np.ndarray
    item_codes: np.ndarray
    timestamps: np.ndarray
    user_ids: Sequence[str]
    item_ids: Sequence[str]

    def only(self, kept: np.ndarray) -> "SelectedEvents":
        """Keep some events and number users and items anew."""
        user_codes, user_ids = _renumbered(self.user_codes[kept], self.user_ids)
        item_codes, item_ids = _renumbered(self.item_codes[kept], self.item_ids)
        return SelectedEvents(user_codes, item_codes, self.timestamps[kept], user_ids, item_ids)


def select_events(
    raw: RawData, vectors: Mapping[str, ItemVectors], options: PreparationOptions
) -> SelectedEvents:
    """Choose events by rating, time, features and user, first of repeats only, in the k-core.

    Raises
    ------
    ConfigError
        An option needs ratings or times that the data do not have.
    DataError
        A file is at fault, an item has events but no description, or nothing is left.
    """
    if not raw.has_times and (options.since, options.until) != (None, None):
        raise ConfigError("since, until: these data have no times.")
    with (
        tempfile.TemporaryDirectory(prefix="prism-prepare-") as folder,
        duckdb.connect(Path(folder) / "events.duckdb") as database,
    ):
        database.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        database.execute(f"SET threads = {os.cpu_count() or 1}")
        _load(database, raw, vectors, options)
        events = _numbered(database, options)
    events = events.only(first_of_pairs(events.user_codes, events.item_codes))
    events = events.only(k_core(events.user_codes, events.item_codes, options.k_core))
    if not len(events.timestamps):
        raise DataError(
            f"{raw.origin.source}: no interactions are left after the {options.k_core}-core; "
            "give more data or a smaller --k-core."
        )
    return events


def newest(events: SelectedEvents, count: int | None) -> np.ndarray:
    """Mark each user's newest ``count`` events: ``(E,)`` bool; None marks all."""
    if count is None:
        return np.ones(len(events.timestamps), dtype=bool)
    return from_newest(events.user_codes) < count


def _load(
    database: duckdb.DuckDBPyConnection,
    raw: RawData,
    vectors: Mapping[str, ItemVectors],
    options: PreparationOptions,
) -> None:
    database.execute("CREATE TABLE kept (user_id VARCHAR, item_id VARCHAR, timestamp BIGINT)")
    _register(database, "described", pa.array(raw.items["item_id"], pa.string()))
    where, values = _conditions(database, vectors, options)
    insert = f"INSERT INTO kept SELECT user_id, item_id, timestamp FROM batch WHERE {where}"
    rated = options.min_rating is None
    for batch in raw.events():
        database.register("batch", batch)
        if raw.all_described:
            _refuse_undescribed(database, raw.origin.source)
        rated = rated or batch.column("rating").null_count < batch.num_rows
        database.execute(insert, values)
    if not rated:
        raise ConfigError(f"min_rating = {options.min_rating}: these data have no ratings.")


def _conditions(
    database: duckdb.DuckDBPyConnection,
    vectors: Mapping[str, ItemVectors],
    options: PreparationOptions,
) -> tuple[str, list[float]]:
    limits = {
        "rating >= ?": options.min_rating,
        "timestamp >= ?": options.since,
        "timestamp <= ?": options.until,
    }
    values = {text: value for text, value in limits.items() if value is not None}
    texts = list(values)
    if options.complete_items:
        for number, table in enumerate(vectors.values()):
            _register(database, f"complete_{number}", pa.array(table.item_ids, pa.string()))
            texts.append(f"item_id IN (SELECT item_id FROM complete_{number})")
    return " AND ".join(texts) or "true", list(values.values())


def _refuse_undescribed(database: duckdb.DuckDBPyConnection, source: str) -> None:
    rows = database.execute(
        "SELECT item_id FROM batch ANTI JOIN described USING (item_id) ORDER BY 1 LIMIT 1"
    ).fetchall()
    if rows:
        raise DataError(f"{source}: item {rows[0][0]!r} has events but no description.")


def _numbered(database: duckdb.DuckDBPyConnection, options: PreparationOptions) -> SelectedEvents:
    user_ids = _ordered(_column(database, "SELECT DISTINCT user_id FROM kept"))
    item_ids = _ordered(_column(database, "SELECT DISTINCT item_id FROM kept"))
    if options.users is not None and len(user_ids) > options.users:
        rng = np.random.default_rng(options.seed)
        places = np.sort(rng.choice(len(user_ids), options.users, replace=False))
        user_ids = [user_ids[place] for place in places]
    for name, column, ids in (("users", "user_id", user_ids), ("items", "item_id", item_ids)):
        codes = pa.array(np.arange(len(ids), dtype=np.int32))
        database.register(name, pa.table({column: pa.array(ids, pa.string()), "code": codes}))
    columns = database.execute(SORTED_EVENTS).fetchnumpy()
    users, items, times = (np.asarray(column) for column in columns.values())
    return SelectedEvents(users, items, times, user_ids, item_ids)


def _register(database: duckdb.DuckDBPyConnection, name: str, item_ids: pa.Array) -> None:
    database.register(name, pa.table({"item_id": item_ids}))


def _renumbered(codes: np.ndarray, ids: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    present = np.bincount(codes, minlength=len(ids)) > 0
    numbers = (np.cumsum(present) - 1).astype(np.int32)
    return numbers[codes], [ids[code] for code in np.flatnonzero(present).tolist()]


def _ordered(ids: Iterable[str]) -> list[str]:
    unique = list(ids)
    if all(text.isdecimal() and text.isascii() for text in unique):
        return sorted(unique, key=lambda text: (int(text), text))
    return sorted(unique)


def _column(database: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [row[0] for row in database.execute(query).fetchall()]
