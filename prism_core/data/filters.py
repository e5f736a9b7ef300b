"""Filters over interaction frames, all on integer codes and without a loop over users."""

import numpy as np
import pandas as pd


def chronological(interactions: pd.DataFrame) -> pd.DataFrame:
    """Sort by user, time and file order; of a repeated user-item pair keep the first event."""
    ordered = interactions.sort_values(["user_id", "timestamp"], kind="stable")
    return ordered.drop_duplicates(["user_id", "item_id"]).reset_index(drop=True)


def k_core(interactions: pd.DataFrame, k: int) -> pd.DataFrame:
    """Keep the largest subset in which every user and every item has at least ``k`` events.

    Parameters
    ----------
    interactions
        Columns ``user_id`` and ``item_id``; one row per event.
    k
        Smallest count; 1 keeps everything.

    Returns
    -------
    pandas.DataFrame
        The kept rows in their order. Removing users lowers items' counts and the other way
        round, so both are removed until nothing changes; the result does not depend on which
        goes first.
    """
    users = pd.factorize(interactions["user_id"])[0]
    items = pd.factorize(interactions["item_id"])[0]
    rows = np.arange(len(interactions))
    while True:
        few = (np.bincount(users)[users] < k) | (np.bincount(items)[items] < k)
        if not few.any():
            return interactions.iloc[rows].reset_index(drop=True)
        rows, users, items = rows[~few], users[~few], items[~few]


def last_events(interactions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Keep each user's newest ``count`` events of a chronological frame."""
    return interactions.groupby("user_id", sort=False).tail(count).reset_index(drop=True)


def sample_users(interactions: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Keep all events of ``count`` users drawn without replacement; all users if there are fewer.

    The draw depends on the set of users and the seed, not on the order of the rows.
    """
    users = np.sort(interactions["user_id"].unique().astype(str))
    if len(users) <= count:
        return interactions
    kept = np.random.default_rng(seed).choice(users, count, replace=False)
    return interactions[interactions["user_id"].isin(kept)].reset_index(drop=True)
