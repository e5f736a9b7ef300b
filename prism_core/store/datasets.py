"""The project's data-set format: a folder of parquet tables and feature arrays, torch-free.

``dataset.json``             name, licence, what a sequence is, features' true names, file hashes
``interactions.parquet``     user_index, item_index, timestamp; by user, oldest first
``items.parquet``            item_index, item_id, title, year, categories, popularity
``users.parquet``            user_index, user_id
``features/<modality>.npz``  ``vectors (N, d)`` float16 or float32, ``available (N,)`` bool
"""

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.errors import DataError, RunFormatError
from prism_core.store import files

DATASET_VERSION: Final = 1
DESCRIPTION: Final = "dataset.json"
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "interactions": ("user_index", "item_index", "timestamp"),
    "items": ("item_index", "item_id", "title", "year", "categories", "popularity"),
    "users": ("user_index", "user_id"),
}


@dataclass(frozen=True, slots=True)
class Features:
    """One modality's vectors.

    Attributes
    ----------
    vectors
        ``(N + 1, d)`` float32; row 0 (padding) and rows of items without the modality are zero.
    available
        ``(N + 1,)`` bool; False for padding and for items without the modality.
    """

    vectors: np.ndarray
    available: np.ndarray


class Dataset:
    """A prepared data set, read lazily.

    Parameters
    ----------
    path
        The data-set folder.

    Raises
    ------
    DataError
        ``dataset.json`` is missing, damaged or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.description = _read_description(path)

    @property
    def name(self) -> str:
        return str(self.description["name"])

    @property
    def fingerprint(self) -> str:
        """Hash over all files; two data sets with the same fingerprint are the same."""
        return str(self.description["fingerprint"])

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(self.description["modalities"])

    @cached_property
    def interactions(self) -> pd.DataFrame:
        return self._table("interactions")

    @cached_property
    def items(self) -> pd.DataFrame:
        return self._table("items")

    @cached_property
    def users(self) -> pd.DataFrame:
        return self._table("users")

    @property
    def num_items(self) -> int:
        return len(self.items)

    @property
    def num_users(self) -> int:
        return len(self.users)

    def features(self, modality: str) -> Features:
        """Read one modality.

        Raises
        ------
        DataError
            The modality is unknown, or its file is missing, damaged or of the wrong length.
        """
        if modality not in self.modalities:
            known = ", ".join(self.modalities) or "none"
            raise DataError(f"{self.path}: no modality {modality!r}; this data set has: {known}.")
        path = self.path / "features" / f"{modality}.npz"
        vectors, available = _read_features(path)
        if len(vectors) != self.num_items:
            raise DataError(f"{path}: {len(vectors)} rows, but there are {self.num_items} items.")
        padded = np.zeros((len(vectors) + 1, vectors.shape[1]), dtype=np.float32)
        padded[1:][available] = vectors[available]
        return Features(padded, np.concatenate([[False], available]))

    def _table(self, name: str) -> pd.DataFrame:
        path = self.path / f"{name}.parquet"
        try:
            frame = files.read_parquet(path)
        except RunFormatError as error:
            raise DataError(str(error)) from None
        missing = [column for column in TABLES[name] if column not in frame.columns]
        if missing:
            raise DataError(f"{path}: column {missing[0]!r} is missing.")
        return frame


def write_dataset(
    path: Path,
    *,
    description: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    features: Mapping[str, Features],
    documents: Mapping[str, Path] = MappingProxyType({}),
) -> Dataset:
    """Write a data set atomically and give it back.

    Parameters
    ----------
    path
        Target folder; an older data set there is replaced only once the new one is whole.
    description
        Everything about the data set but versions, modality order, hashes and fingerprint:
        ``name``, ``title``, ``source``, ``licence``, ``citation``, ``sequence`` (one sentence:
        what kind of sequence this is), ``options``, ``encoders`` (modality to true name).
    tables
        The frames of ``TABLES``.
    features
        Vectors by modality, with padding row; stored as float16 without it.
    documents
        Files to keep beside the tables, such as the publisher's licence text, by target name.

    Raises
    ------
    DataError
        A table lacks a column, or the folder holds something else than a data set.
    """
    _refuse_other_content(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        _write_files(work, tables, features)
        for name, source in documents.items():
            shutil.copyfile(source, work / name)
        hashes = {
            str(p.relative_to(work)): files.describe_file(p)
            for p in sorted(work.rglob("*"))
            if p.is_file()
        }
        full = {
            "dataset_version": DATASET_VERSION,
            **description,
            "modalities": list(features),
            "files": hashes,
            "fingerprint": files.combined_hash(hashes),
        }
        files.write_json(work / DESCRIPTION, full)
        work.chmod(0o755)
        _swap(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Dataset(path)


def _write_files(
    work: Path, tables: Mapping[str, pd.DataFrame], features: Mapping[str, Features]
) -> None:
    for name, columns in TABLES.items():
        missing = [column for column in columns if column not in tables[name].columns]
        if missing:
            raise DataError(f"table {name!r}: column {missing[0]!r} is missing.")
        files.write_parquet(work / f"{name}.parquet", tables[name])
    for modality, table in features.items():
        target = work / "features" / f"{modality}.npz"
        target.parent.mkdir(exist_ok=True)
        vectors = table.vectors[1:].astype(np.float16)
        np.savez_compressed(target, vectors=vectors, available=table.available[1:])


def _refuse_other_content(path: Path) -> None:
    if path.exists() and not (path / DESCRIPTION).is_file():
        if path.is_dir() and not any(path.iterdir()):
            return
        raise DataError(f"{path}: holds something else than a data set; choose a new folder.")


def _swap(work: Path, path: Path) -> None:
    if not path.exists():
        work.rename(path)
        return
    old = work.with_name(f"{work.name}.old")
    path.rename(old)
    work.rename(path)
    shutil.rmtree(old)


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = files.read_json(path / DESCRIPTION)
    except RunFormatError as error:
        raise DataError(f"{error} Prepare it with 'python -m prism_core prepare'.") from None
    if description.get("dataset_version") != DATASET_VERSION:
        raise DataError(
            f"{path / DESCRIPTION}: data-set version {description.get('dataset_version')!r}, but "
            f"this version of PRISM reads {DATASET_VERSION}; prepare the data again."
        )
    missing = [key for key in ("name", "fingerprint", "modalities") if key not in description]
    if missing:
        raise DataError(f"{path / DESCRIPTION}: key {missing[0]!r} is missing.")
    return description


def _read_features(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["vectors"].astype(np.float32), arrays["available"].astype(bool)
    except FileNotFoundError:
        raise DataError(f"{path}: the feature file is missing.") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable feature file: {error}.") from None
