"""Feature vectors of items: from rows of a file to rows by item index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from prism_core.errors import DataError
from prism_core.store.datasets import Features

UNIT_SHARE: Final = 0.5
"""Share of rows of length 1 from which on vectors count as normalised."""
UNIT_TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Vectors of one modality as a file holds them.

    Attributes
    ----------
    vectors
        ``(R, d)`` finite numbers.
    item_ids
        ``(R,)`` unique strings; None where rows stand in the order of the items.
    """

    vectors: np.ndarray
    item_ids: np.ndarray | None


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """Vectors of one modality, every row with its item.

    Attributes
    ----------
    vectors
        ``(R, d)`` finite numbers, no row of filling.
    item_ids
        ``(R,)`` unique strings.
    """

    vectors: np.ndarray
    item_ids: np.ndarray


def identified(table: FeatureTable, item_ids: pd.Series, modality: str) -> ItemVectors:
    """Give every row its item and drop rows that are no features.

    Parameters
    ----------
    table
        Vectors; without ids one row per item, or one more with a padding row first.
    item_ids
        External ids in the reader's order.
    modality
        Name for error texts.

    Returns
    -------
    ItemVectors
        Without rows of zeros and, among normalised vectors, rows of another length:
        released files fill missing pictures and texts with such noise.

    Raises
    ------
    DataError
        An id is unknown, or the number of rows fits no padding rule.
    """
    known = item_ids.to_numpy(dtype=str)
    if table.item_ids is None:
        vectors, ids = _by_order(table.vectors, known, modality), known
    else:
        vectors, ids = table.vectors, table.item_ids
        _check_known(ids, known, modality)
    real = real_rows(vectors)
    if not real.any():
        raise DataError(f"features {modality!r}: every row is zero.")
    return ItemVectors(vectors[real], ids[real])


def averaged(table: FeatureTable, pictures_of: Mapping[str, Sequence[str]]) -> FeatureTable:
    """Average the vectors of each item's pictures.

    Parameters
    ----------
    table
        Vectors under the names of pictures.
    pictures_of
        Names of pictures by item.

    Returns
    -------
    FeatureTable
        One row for each item with at least one such picture.

    Raises
    ------
    DataError
        No picture has a vector.
    """
    assert table.item_ids is not None
    rows = {name: row for row, name in enumerate(table.item_ids.tolist())}
    of = {item: [rows[n] for n in names if n in rows] for item, names in pictures_of.items()}
    of = {item: found for item, found in of.items() if found}
    if not of:
        raise DataError("no picture of an item has a vector; these vectors belong to other data.")
    means = [table.vectors[found].astype(np.float32).mean(axis=0) for found in of.values()]
    return FeatureTable(np.stack(means), np.array(list(of)))


def real_rows(vectors: np.ndarray) -> np.ndarray:
    """Tell features from filling: ``(R,)`` bool.

    False for rows of zeros and, where most rows have length 1, for rows of another length.
    """
    norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
    unit = np.abs(norms - 1) < UNIT_TOLERANCE
    return unit if unit.mean() > UNIT_SHARE else norms > 0


def align(table: ItemVectors, item_ids: Sequence[str]) -> Features:
    """Lay identified vectors out by item index.

    Parameters
    ----------
    table
        Vectors with their items.
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


def _by_order(vectors: np.ndarray, known: np.ndarray, modality: str) -> np.ndarray:
    surplus = len(vectors) - len(known)
    if surplus not in (0, 1):
        raise DataError(
            f"features {modality!r}: {len(vectors)} rows without ids, but there are {len(known)} "
            "items; give one row per item, or one more with a padding row first, or ids."
        )
    return vectors[surplus:]


def _check_known(ids: np.ndarray, known: np.ndarray, modality: str) -> None:
    found = np.isin(ids, known)
    if not found.all():
        row = int(np.argmin(found))
        raise DataError(
            f"features {modality!r}, row {row} (from 0): item {str(ids[row])!r} "
            "is not among the items; these vectors belong to other data."
        )
