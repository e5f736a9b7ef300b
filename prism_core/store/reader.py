"""Reading run folders: complete ones fully checked, damaged ones listed with the reason."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from prism_core.config.evaluation import EvaluationConfig
from prism_core.errors import RunFormatError
from prism_core.names import Tier, parts_of, players_of
from prism_core.store import files, schema

Status = Literal["complete", "incomplete", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntry:
    """One line of the run list: where a run lies and whether it can be opened.

    Attributes
    ----------
    reason
        Why the run cannot be opened; empty for a complete one.
    recipe
        Hash of its settings without the seed.
    backbone
        Name of its backbone; empty for a floor.
    group
        Heading its study lists it under; empty outside of studies.
    tier
        How much of it is kept.
    """

    run_id: str
    path: Path
    status: Status
    reason: str = ""
    name: str = ""
    kind: str = ""
    seed: int = 0
    recipe: str = ""
    backbone: str = ""
    group: str = ""
    tier: Tier = "whole"


class Run:
    """A complete run, read lazily and without torch.

    Parameters
    ----------
    path
        The run folder.

    Raises
    ------
    RunFormatError
        The manifest is missing, damaged or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = files.read_json(path / schema.MANIFEST)
        schema.check_manifest(self.manifest, str(path / schema.MANIFEST))

    @property
    def run_id(self) -> str:
        return str(self.manifest["run_id"])

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(self.manifest["modalities"])

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the ``P`` parts; empty for a run without experts."""
        return parts_of(self.modalities) if self.manifest.get("has_parts") else ()

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the players of the score game: ``id``, then the parts."""
        return players_of(self.modalities) if self.manifest.get("has_parts") else ()

    @property
    def backbone(self) -> str:
        """Name of the backbone; empty for a floor."""
        return str(self.manifest.get("backbone", ""))

    @property
    def group(self) -> str:
        """Heading under which the run's study lists it; empty outside of studies."""
        return str(self.manifest.get("group", ""))

    @property
    def tier(self) -> Tier:
        """How much of the run is kept, see :data:`prism_core.names.TIERS`."""
        if not self.has("recommendations"):
            return "metrics"
        return "whole" if self.has_model and self.has_vectors else "compact"

    @cached_property
    def config(self) -> dict[str, Any]:
        return files.read_json(self.path / schema.CONFIG)

    @property
    def list_length(self) -> int:
        """Length of each user's stored list; the true next item is stored wherever it ranks."""
        evaluation = self.config.get("evaluation", {})
        return int(evaluation.get("top_k", EvaluationConfig().top_k))

    def file(self, name: str) -> Path:
        """Give the path of a file of the run, which copies of a study may share."""
        shared = self.manifest["files"].get(name, {}).get("shared")
        return self.path.parent / shared if shared else self.path / name

    def has(self, table: str) -> bool:
        """Say whether a table or artifact is part of this run."""
        return schema.file_of(table) in self.manifest["files"]

    def table(
        self,
        table: str,
        columns: list[str] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Read a table or artifact, or only the rows whose columns have the values of ``where``.

        Raises
        ------
        RunFormatError
            The run has no such table, or the file is damaged or lacks a column.
        """
        self._require(table)
        path = self.file(schema.file_of(table))
        frame = files.read_parquet(path, columns, where)
        if columns is None:
            schema.check_columns(table, frame, str(path))
        return frame

    def lists(self, table: str, column: str) -> np.ndarray:
        """Read a column of equally long lists as one array ``(rows, size)``.

        Raises
        ------
        RunFormatError
            The run has no such table or column, or the lists differ in length.
        """
        self._require(table)
        return files.read_lists(self.file(schema.file_of(table)), column)

    def _require(self, table: str) -> None:
        if not self.has(table):
            hint = ": only its metrics were kept; train it again" if self.tier == "metrics" else ""
            raise RunFormatError(f"{self.path}: the run has no table {table!r}{hint}.")

    @property
    def has_vectors(self) -> bool:
        return schema.VECTORS in self.manifest["files"]

    @property
    def has_model(self) -> bool:
        return schema.MODEL in self.manifest["files"]

    def vector_names(self) -> list[str]:
        """Name the stored vectors; none for a run without them."""
        return files.vector_names(self.path / schema.VECTORS) if self.has_vectors else []

    def vectors(self) -> dict[str, np.ndarray]:
        """Read all vectors as float32, rows by item or user index.

        Raises
        ------
        RunFormatError
            The run was stored without vectors, or the file is damaged.
        """
        if not self.has_vectors:
            raise RunFormatError(f"{self.path}: the run was stored without vectors.")
        stored = files.read_vectors(self.path / schema.VECTORS)
        return {name: array.astype(np.float32) for name, array in stored.items()}

    def weights(self, names: Collection[str]) -> dict[str, np.ndarray]:
        """Read those of the named weights that the model has, without torch.

        Raises
        ------
        RunFormatError
            The run was stored without its model, or the file is damaged.
        """
        if not self.has_model:
            raise RunFormatError(f"{self.path}: the run was stored without its model.")
        return files.read_vectors(self.path / schema.MODEL, names)

    def events(self) -> list[dict[str, Any]]:
        """Read the event lines written so far."""
        return read_events(self.path)

    def verify(self) -> None:
        """Compare every file with the hash in the manifest.

        Raises
        ------
        RunFormatError
            A file is missing or has changed since it was written.
        """
        for name, entry in self.manifest["files"].items():
            path = self.file(name)
            if not path.is_file():
                raise RunFormatError(f"{path}: the file is missing.")
            if files.sha256(path) != entry["sha256"]:
                raise RunFormatError(f"{path}: the content differs from the manifest's hash.")


def read_events(path: Path) -> list[dict[str, Any]]:
    """Read a run's events; a last line still being written is left out."""
    source = path / schema.EVENTS
    if not source.is_file():
        return []
    lines = source.read_text(encoding="utf-8", errors="replace").splitlines()
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            if number < len(lines):
                raise RunFormatError(f"{source}, line {number}: not valid JSON.") from None
    return events


def list_runs(roots: Iterable[Path]) -> list[RunEntry]:
    """List every run folder below some roots, by name; nothing in them can raise."""
    folders = [p for root in roots if root.is_dir() for p in sorted(root.iterdir()) if p.is_dir()]
    return [_entry(folder) for folder in folders if folder.name[0] != "."]


def _entry(path: Path) -> RunEntry:
    if not (path / schema.MANIFEST).is_file():
        reason = "no manifest: the run is still going on or was stopped"
        return RunEntry(run_id=path.name, path=path, status="incomplete", reason=reason)
    try:
        run = Run(path)
        _check_presence(run)
        seed = int(run.manifest["seed"])
    except (RunFormatError, TypeError, ValueError, AttributeError, OSError) as error:
        return RunEntry(run_id=path.name, path=path, status="damaged", reason=str(error))
    return RunEntry(
        run_id=run.run_id,
        path=path,
        status="complete",
        name=run.name,
        kind=str(run.manifest["kind"]),
        seed=seed,
        recipe=str(run.manifest.get("config_hash", "")),
        backbone=run.backbone,
        group=run.group,
        tier=run.tier,
    )


def _check_presence(run: Run) -> None:
    for name, entry in run.manifest["files"].items():
        path = run.file(name)
        if not path.is_file():
            raise RunFormatError(f"{path}: the file is missing.")
        if path.stat().st_size != entry["bytes"]:
            raise RunFormatError(f"{path}: {path.stat().st_size} bytes, expected {entry['bytes']}.")
