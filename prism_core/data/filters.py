"""Filters over events, all on integer codes and without a loop over users."""

import numpy as np


def first_of_pairs(users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Mark the first event of every user-item pair: ``(E,)`` bool."""
    pairs = users.astype(np.int64) * (int(items.max(initial=0)) + 1) + items
    order = np.argsort(pairs, kind="stable")
    repeated = np.zeros(len(pairs), dtype=bool)
    repeated[order[1:]] = pairs[order[1:]] == pairs[order[:-1]]
    return ~repeated


def k_core(users: np.ndarray, items: np.ndarray, k: int) -> np.ndarray:
    """Find the largest subset in which every user and every item has at least ``k`` events.

    Parameters
    ----------
    users, items
        ``(E,)`` codes from 0, one pair per event.
    k
        Smallest count; 1 keeps everything.

    Returns
    -------
    numpy.ndarray
        ``(E,)`` bool. Removing users lowers items' counts and the other way round, so both are
        removed until nothing changes; the result does not depend on which goes first.
    """
    kept = np.ones(len(users), dtype=bool)
    while True:
        enough_users = np.bincount(users[kept], minlength=users.max(initial=0) + 1) >= k
        enough_items = np.bincount(items[kept], minlength=items.max(initial=0) + 1) >= k
        smaller = kept & enough_users[users] & enough_items[items]
        if smaller.sum() == kept.sum():
            return kept
        kept = smaller


def from_newest(users: np.ndarray) -> np.ndarray:
    """Count each event's place from its user's newest one, 0 for the newest itself.

    Parameters
    ----------
    users
        ``(E,)`` codes in ascending order, a user's events oldest first.
    """
    ends = np.searchsorted(users, users, side="right")
    return ends - 1 - np.arange(len(users))
