"""Writing a run folder: every file atomically, the manifest last."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.errors import RunFormatError
from prism_core.store import files, schema
from prism_core.store.reader import read_events

ROWS_PER_GROUP: Final = 8192
"""Rows of a table that are read together; one user's rows are found without reading all."""


class RunWriter:
    """Fill one run folder; the run counts as complete only after :meth:`finish`.

    Parameters
    ----------
    path
        The run folder ``<root>/<run_id>``; made if missing. A manifest left by an earlier,
        complete run of the same id is removed first, so that no half-new run looks complete.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        (path / schema.MANIFEST).unlink(missing_ok=True)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Store the resolved configuration."""
        files.write_json(self.path / schema.CONFIG, dict(config))

    def write_table(self, table: str, frame: pd.DataFrame) -> None:
        """Store a table whose name and columns are in the schema.

        Raises
        ------
        RunFormatError
            A promised column is missing.
        """
        target = self.path / schema.file_of(table)
        schema.check_columns(table, frame, str(target))
        files.write_parquet(target, frame, rows_per_group=ROWS_PER_GROUP)

    def write_vectors(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Store item and user vectors, each ``(rows, size)``, in half precision.

        They serve maps, neighbours and health, where three digits are plenty; scores and
        coalitions are tables and stay in float32.
        """
        halves = {name: array.astype(np.float16) for name, array in vectors.items()}
        files.write_vectors(self.path / schema.VECTORS, halves)

    def log(self, event: str, **values: Any) -> None:
        """Append one event line; readers follow the file while the run goes on."""
        line = json.dumps({"event": event, **values}, allow_nan=False)
        with (self.path / schema.EVENTS).open("a", encoding="utf-8") as handle:
            handle.write(line + "\n")

    def keep_events(self, wanted: Callable[[Mapping[str, Any]], bool]) -> None:
        """Drop the events that are not wanted, such as those a resumed training does again."""
        lines = [json.dumps(event) + "\n" for event in read_events(self.path) if wanted(event)]
        with files.replacing(self.path / schema.EVENTS) as temporary:
            temporary.write_text("".join(lines), encoding="utf-8")

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, with the hash, rows and columns of every file now present.

        Parameters
        ----------
        manifest
            All of ``schema.REQUIRED_KEYS`` but ``schema_version`` and ``files``.

        Raises
        ------
        RunFormatError
            A required key is missing.
        """
        names = sorted(p.name for p in self.path.iterdir() if p.is_file() and p.name[0] != ".")
        entries = {n: files.describe_file(self.path / n) for n in names if n != schema.MANIFEST}
        full = {"schema_version": schema.SCHEMA_VERSION, **manifest, "files": entries}
        schema.check_manifest(full, str(self.path))
        files.write_json(self.path / schema.MANIFEST, full)


def add_artifact(
    path: Path,
    name: str,
    frame: pd.DataFrame,
    *,
    key: str,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Add a computed table to a complete run, with its own manifest entry.

    Parameters
    ----------
    path
        Folder of a complete run.
    name
        Table name, with ``/`` for a folder: ``information``, ``health``, ``maps/umap-items``.
    frame
        The table.
    key
        Content key: a hash of everything the table was computed from.
    settings
        Those of them that a reader chose, kept beside the key so that it can be made again.

    Raises
    ------
    RunFormatError
        The run has no readable manifest, or a promised column is missing.
    """
    target = path / schema.file_of(name)
    schema.check_columns(name, frame, str(target))
    files.read_json(path / schema.MANIFEST)
    with files.locked(path / schema.MANIFEST), files.uninterrupted():
        files.write_parquet(target, frame)
        manifest = files.read_json(path / schema.MANIFEST)
        chosen = {} if settings is None else {"settings": dict(settings)}
        entry = files.describe_file(target) | {"key": key} | chosen
        manifest["files"][schema.file_of(name)] = entry
        files.write_json(path / schema.MANIFEST, manifest)
    return target


def artifact_key(path: Path, name: str) -> str | None:
    """Give the content key of an artifact already in the run, or None."""
    manifest = files.read_json(path / schema.MANIFEST)
    entry = manifest.get("files", {}).get(schema.file_of(name))
    if entry is None or not (path / schema.file_of(name)).is_file():
        return None
    if not isinstance(entry, dict):
        raise RunFormatError(f"{path / schema.MANIFEST}: entry {name!r} is not an object.")
    return entry.get("key")
