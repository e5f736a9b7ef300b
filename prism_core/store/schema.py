"""What lies in a run folder: file names and the columns of every table."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from prism_core.errors import RunFormatError

SCHEMA_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
CONFIG: Final = "config.json"
EVENTS: Final = "events.jsonl"
VECTORS: Final = "vectors.safetensors"
MODEL: Final = "model.safetensors"

REQUIRED_KEYS: Final = (
    "schema_version",
    "run_id",
    "name",
    "kind",
    "seed",
    "modalities",
    "dataset",
    "protocol",
    "versions",
    "files",
)

KINDS: Final = ("model", "floor")
"""``model`` was trained; ``floor`` is a scored baseline without trained weights."""

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "metrics": ("split", "metric", "k", "value", "num_users", "seed"),
    "user_metrics": ("user_id", "target_item_id", "rank", "history_length"),
    "users": ("user_id", "history_length"),
    "recommendations": ("user_id", "rank", "item_id", "score"),
    "items": ("item_index", "item_id", "title", "categories", "popularity"),
    "information": ("scope", "target", "atom", "value", "low", "high", "null_95", "key"),
    "health": ("part", "quantity", "value"),
}
"""Columns that every table of that name has; further columns are allowed.

``users`` has for a model with parts ``weight_<part>``, ``gate_entropy`` and ``delta_<part>``;
``recommendations`` has for such a model ``part_coalitions`` and ``modality_coalitions``, fixed-size
lists of scores: entry ``mask`` is the score with exactly the players whose bit is set in ``mask``
switched on, bit 0 being the id path and bit ``1 + p`` part ``p`` (for modalities, bit ``m``).
Each user's true next item stands in ``recommendations`` too, also where it ranks below the list.
"""


def file_of(table: str) -> str:
    """Name the file of a table."""
    return f"{table}.parquet"


def check_columns(table: str, frame: pd.DataFrame, where: str) -> None:
    """Refuse a frame that lacks a column its table promises.

    Raises
    ------
    RunFormatError
        A column is missing; the text names it.
    """
    missing = [name for name in TABLES.get(table, ()) if name not in frame.columns]
    if missing:
        raise RunFormatError(f"{where}: column {missing[0]!r} is missing from table {table!r}.")


def check_manifest(manifest: Mapping[str, Any], where: str) -> None:
    """Refuse a manifest that this version cannot read.

    Raises
    ------
    RunFormatError
        A key is missing or the schema version is another one.
    """
    missing = [key for key in REQUIRED_KEYS if key not in manifest]
    if missing:
        raise RunFormatError(f"{where}: key {missing[0]!r} is missing from the manifest.")
    if manifest["schema_version"] != SCHEMA_VERSION:
        raise RunFormatError(
            f"{where}: schema version {manifest['schema_version']!r}, but this version of PRISM "
            f"reads version {SCHEMA_VERSION}; train the run again or update PRISM."
        )
    if manifest["kind"] not in KINDS:
        raise RunFormatError(
            f"{where}: kind {manifest['kind']!r} is not one of {', '.join(KINDS)}."
        )
