"""Reading feature vectors by item id, and laying them out by item index."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from prism_core.errors import DataError
from prism_core.store.datasets import Features


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Vectors of one modality under external ids.

    Attributes
    ----------
    item_ids
        ``(R,)`` unique strings.
    vectors
        ``(R, d)`` finite numbers.
    """

    item_ids: np.ndarray
    vectors: np.ndarray


def read_features(path: Path) -> dict[str, FeatureTable]:
    """Read every modality of an npz file: ``<modality>`` and ``<modality>_<anything>_id``.

    Raises
    ------
    DataError
        The file is missing or damaged, an array has no ids or the wrong shape, an id stands
        twice, or a value is not finite; array and row are named.
    """
    arrays = _read_npz(path)
    modalities = [name for name in arrays if not name.endswith("_id")]
    if not modalities:
        raise DataError(f"{path}: there is no array of vectors.")
    return {name: _table(path, name, arrays) for name in modalities}


def check_known(table: FeatureTable, item_ids: pd.Series, modality: str) -> None:
    """Refuse vectors of items that the data set does not know.

    Raises
    ------
    DataError
        Names the first unknown id and its row.
    """
    known = np.isin(table.item_ids, item_ids.to_numpy(dtype=str))
    if not known.all():
        row = int(np.argmin(known))
        raise DataError(
            f"features {modality!r}, row {row} (from 0): item {str(table.item_ids[row])!r} "
            "is not among the items; these vectors belong to other data."
        )


def align(table: FeatureTable, item_ids: Sequence[str]) -> Features:
    """Lay vectors out by item index.

    Parameters
    ----------
    table
        Vectors by external id.
    item_ids
        External ids of the items 1..N.

    Returns
    -------
    Features
        ``(N + 1, d)`` float32 with a zero row 0, and zero rows flagged for items without vector.
    """
    rows = pd.Index(table.item_ids).get_indexer(pd.Index(item_ids))
    available = np.concatenate([[False], rows >= 0])
    vectors = np.zeros((len(available), table.vectors.shape[1]), dtype=np.float32)
    vectors[available] = table.vectors[rows[rows >= 0]]
    return Features(vectors, available)


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing.") from None
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable npz file: {error}.") from None


def _table(path: Path, modality: str, arrays: dict[str, np.ndarray]) -> FeatureTable:
    vectors = arrays[modality]
    _check_vectors(path, modality, vectors)
    keys = [key for key in arrays if key.startswith(f"{modality}_") and key.endswith("_id")]
    if len(keys) != 1:
        raise DataError(f"{path}: array {modality!r} needs one array {modality}_<name>_id.")
    ids = arrays[keys[0]]
    if ids.shape != (len(vectors),):
        raise DataError(f"{path}: {keys[0]!r} has shape {ids.shape}, not ({len(vectors)},).")
    if ids.dtype.kind not in "iuU":
        raise DataError(
            f"{path}: {keys[0]!r} holds {ids.dtype}, but ids are whole numbers or text."
        )
    names = ids.astype(str)
    _check_unique(path, keys[0], names)
    return FeatureTable(names, vectors)


def _check_vectors(path: Path, modality: str, vectors: np.ndarray) -> None:
    numeric = np.issubdtype(vectors.dtype, np.number) and vectors.dtype.kind != "c"
    if vectors.ndim != 2 or not numeric or 0 in vectors.shape:
        raise DataError(
            f"{path}: array {modality!r} is {vectors.dtype} of shape {vectors.shape}, but numbers "
            "of shape (items, size) are needed."
        )
    with np.errstate(over="ignore"):
        finite = np.isfinite(vectors.astype(np.float16))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"{path}: array {modality!r}, row {row} (from 0), column {column}: "
            f"{vectors[row, column]} is not a finite float16 number."
        )


def _check_unique(path: Path, key: str, names: np.ndarray) -> None:
    repeated = pd.Index(names).duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise DataError(
            f"{path}: array {key!r}, row {row} (from 0): id {str(names[row])!r} stands twice."
        )
