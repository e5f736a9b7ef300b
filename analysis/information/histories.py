"""What is known before each choice: one event for each choice, with its history's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.information.table import FloatArray, IntArray
from prism_core.errors import DataError

MIN_HISTORY: Final = 5
DECAY: Final = 0.8
"""Weight of an item against the next newer one in the history's mean."""

COMPONENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Events:
    """``n`` choices of users.

    Attributes
    ----------
    rows
        ``(n,)`` row of the interactions table at which the choice stands.
    user_index, item_index
        ``(n,)`` who chose, and what.
    history_length
        ``(n,)`` number of items chosen before.
    """

    rows: IntArray
    user_index: IntArray
    item_index: IntArray
    history_length: IntArray

    def take(self, chosen: NDArray[np.bool_] | IntArray) -> Events:
        """Some of the events, by mask or by index."""
        return Events(
            self.rows[chosen],
            self.user_index[chosen],
            self.item_index[chosen],
            self.history_length[chosen],
        )


def choices(interactions: pd.DataFrame, per_user: int | None = None) -> Events:
    """Every choice with at least 5 items before it, at most the last few of each user.

    Parameters
    ----------
    interactions
        ``user_index``, ``item_index``, each user's rows together and oldest first.
    per_user
        How many choices of a user to keep; None keeps all.

    Raises
    ------
    DataError
        When no user has a history long enough.
    """
    users = interactions["user_index"].to_numpy(dtype=np.int64)
    items = interactions["item_index"].to_numpy(dtype=np.int64)
    position = interactions.groupby("user_index").cumcount().to_numpy().astype(np.int64)
    from_end = interactions.groupby("user_index").cumcount(ascending=False).to_numpy()
    kept = position >= MIN_HISTORY
    if per_user is not None:
        kept &= from_end < per_user
    if not kept.any():
        raise DataError(f"No user has a choice with {MIN_HISTORY} items before it.")
    rows = np.flatnonzero(kept)
    return Events(rows.astype(np.int64), users[rows], items[rows], position[rows])


def history_means(
    vectors: FloatArray, available: NDArray[np.bool_], interactions: pd.DataFrame, events: Events
) -> FloatArray:
    """Recency-weighted mean of the vectors of the items before each choice.

    Parameters
    ----------
    vectors, available
        ``(N + 1, d)`` vectors by item index, and which of them exist.
    interactions, events
        The table, and choices in it.

    Returns
    -------
    array ``(n, d)``; the choice itself is never part of its mean.
    """
    users = interactions["user_index"].to_numpy()
    items = interactions["item_index"].to_numpy()
    means = np.zeros((len(items), vectors.shape[1]))
    total, weight = np.zeros(vectors.shape[1]), 0.0
    for row in range(1, len(items)):
        if users[row] != users[row - 1]:
            total, weight = np.zeros(vectors.shape[1]), 0.0
            continue
        before = items[row - 1]
        total, weight = DECAY * total, DECAY * weight
        if available[before]:
            total, weight = total + vectors[before], weight + 1.0
        means[row] = total / weight if weight else 0.0
    return means[events.rows]


def principal_components(vectors: FloatArray, available: NDArray[np.bool_]) -> FloatArray:
    """Reduce item vectors ``(N + 1, d)`` to at most 64 components; missing rows become zero."""
    centred = np.where(available[:, None], vectors - vectors[available].mean(0), 0.0)
    components = min(COMPONENTS, *centred.shape)
    _, _, axes = np.linalg.svd(centred[available], full_matrices=False)
    return centred @ axes[:components].T
