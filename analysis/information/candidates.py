"""Candidate pairs: what was chosen beside one item that was not, and how well each source fits.

One random other item for each choice, so that half of all pairs are hits. Information about a hit
depends on that share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from analysis.information.histories import Events
from analysis.information.sources import Known
from analysis.information.table import FloatArray, IntArray
from prism_core.errors import DataError

_ROUNDS: Final = 50


@dataclass(frozen=True, slots=True)
class Pairs:
    """``m`` events in order, each with its chosen item, then again each with another item.

    Attributes
    ----------
    event
        ``(2 m,)`` index of the event of each pair.
    item_index
        ``(2 m,)`` the candidate.
    is_hit
        ``(2 m,)`` whether it was chosen.
    """

    event: IntArray
    item_index: IntArray
    is_hit: np.ndarray


def candidate_pairs(
    events: Events, seen: Callable[[IntArray, IntArray], np.ndarray], known: Known, seed: int
) -> Pairs:
    """Put one random item that the user never chose beside each choice.

    Parameters
    ----------
    events
        The choices; those of items outside of ``known`` are left out.
    seen
        Whether users ``(n,)`` ever chose items ``(n,)``.
    known
        ``(N + 1,)`` items that may be candidates: those that every source describes.
    seed
        Of the random items.

    Raises
    ------
    DataError
        When no choice is left, or some user has chosen nearly everything.
    """
    kept = np.flatnonzero(known[events.item_index])
    if not len(kept):
        raise DataError("No chosen item is described by both sources.")
    users, pool = events.user_index[kept], np.flatnonzero(known)
    rng = np.random.default_rng(seed)
    others = rng.choice(pool, len(kept))
    for _ in range(_ROUNDS):
        wrong = seen(users, others)
        if not wrong.any():
            break
        others[wrong] = rng.choice(pool, int(wrong.sum()))
    else:
        raise DataError("Some users have chosen nearly every item; there is no other candidate.")
    hits = np.arange(2 * len(kept)) < len(kept)
    return Pairs(np.tile(kept, 2), np.concatenate([events.item_index[kept], others]), hits)


def fits(means: FloatArray, vectors: FloatArray, pairs: Pairs) -> FloatArray:
    """How alike a candidate and the history before the choice are: cosines ``(2 m, 1)``.

    Parameters
    ----------
    means
        ``(n, d)`` history means of the events.
    vectors
        ``(N + 1, d)`` item vectors in the same space.
    """
    history, candidate = means[pairs.event], vectors[pairs.item_index]
    lengths = np.linalg.norm(history, axis=1) * np.linalg.norm(candidate, axis=1)
    return ((history * candidate).sum(1) / np.maximum(lengths, 1e-12))[:, None]


def all_known(known: list[Known]) -> Known:
    """Items that every source describes, ``(N + 1,)``."""
    return reduce(np.logical_and, known)
