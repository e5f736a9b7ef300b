"""What kind of items a user chose before: popular or rare ones, and of which category."""

import numpy as np
import pandas as pd

from analysis.slices import MAX_CATEGORIES, user_slices
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

BANDS = ("rare items", "in between", "popular items")


def user_tastes(dataset: Dataset) -> pd.DataFrame:
    """Group users by their histories, the true next item left out.

    Parameters
    ----------
    dataset
        The prepared data set.

    Returns
    -------
    pandas.DataFrame
        ``user_id`` and two categorical columns: ``popularity taste`` (thirds of the users by the
        mean log popularity of their items) and ``favourite category`` (the most frequent first
        category, rare ones as ``other``).
    """
    events = _histories(dataset)
    by_user = events.groupby("user_index", sort=True)
    popularity = by_user["popularity"].mean()
    edges = np.unique(popularity.quantile([1 / 3, 2 / 3]))
    codes = np.searchsorted(edges, popularity, side="left")
    frame = pd.DataFrame(
        {"popularity taste": pd.Categorical.from_codes(codes, BANDS, ordered=True)}
    )
    frame["favourite category"] = _favourites(events).reindex(popularity.index).to_numpy()
    users = dataset.users.set_index("user_index")["user_id"]
    frame.insert(0, "user_id", users.loc[popularity.index].to_numpy())
    return frame


def groups_of_users(run: Run, dataset: Dataset | None) -> pd.DataFrame:
    """Group the users of a run by outcome and, where the data set is here, by taste.

    Returns
    -------
    pandas.DataFrame
        ``user_id`` and the columns of `analysis.slices.user_slices` and `user_tastes`.
    """
    groups = user_slices(run)
    if dataset is None:
        return groups
    return groups.merge(user_tastes(dataset), on="user_id", how="left")


def _histories(dataset: Dataset) -> pd.DataFrame:
    """All events but each user's last: ``user_index``, ``popularity`` (log), ``category``."""
    events = dataset.interactions[["user_index", "item_index"]]
    is_last = events["user_index"] != events["user_index"].shift(-1)
    kept = events[~is_last]
    items = dataset.items.set_index("item_index").loc[kept["item_index"]]
    first = items["categories"].map(lambda names: str(names[0]) if len(names) else "none")
    return pd.DataFrame(
        {
            "user_index": kept["user_index"].to_numpy(),
            "popularity": np.log1p(items["popularity"].to_numpy(dtype=np.float64)),
            "category": first.to_numpy(),
        }
    )


def _favourites(events: pd.DataFrame) -> pd.Series:
    """Most frequent category by user index; of equally frequent ones the first by name."""
    counts = events.groupby(["user_index", "category"]).size().reset_index(name="count")
    ordered = counts.sort_values(["user_index", "count", "category"], ascending=[True, False, True])
    favourite = ordered.drop_duplicates("user_index").set_index("user_index")["category"]
    frequent = favourite.value_counts().index[:MAX_CATEGORIES]
    return favourite.where(favourite.isin(frequent), "other").astype("category")
