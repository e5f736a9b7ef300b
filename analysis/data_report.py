"""What is in a prepared data set, and what in it should make a reader cautious."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from prism_core.store.datasets import Dataset

GAPS: Final[Mapping[str, float]] = {
    "same second": 1,
    "under a minute": 60,
    "under an hour": 3600,
    "under a day": 86_400,
    "under a week": 7 * 86_400,
    "a week or more": np.inf,
}
"""Classes of the time between two events of one user, by their upper limit in seconds."""
HELD_OUT: Final = 2
"""Newest events of every user that are no training data."""


def has_times(dataset: Dataset) -> bool:
    """Say whether timestamps are times, and not only positions in a sequence."""
    return "median_span_minutes" in dataset.description.get("statistics", {})


def overview(dataset: Dataset) -> pd.DataFrame:
    """Give the counts that papers print: ``quantity``, ``value``."""
    events = dataset.interactions
    lengths = events.groupby("user_index").size()
    per_item = _events_per_item(dataset)
    rows = {
        "users": dataset.num_users,
        "items": dataset.num_items,
        "interactions": len(events),
        "mean length": lengths.mean(),
        "median length": lengths.median(),
        "shortest length": lengths.min(),
        "longest length": lengths.max(),
        "mean events per item": per_item.mean(),
        "items without an event": (per_item == 0).sum(),
        "sparsity": 1 - len(events) / (dataset.num_users * dataset.num_items),
        "Gini index of popularity": gini(per_item),
    }
    return pd.DataFrame({"quantity": list(rows), "value": [float(v) for v in rows.values()]})


def lengths(dataset: Dataset) -> pd.DataFrame:
    """Count users by length of their sequence: ``length``, ``users``."""
    sizes = dataset.interactions.groupby("user_index").size()
    counts = sizes.value_counts().sort_index()
    return pd.DataFrame({"length": counts.index, "users": counts.to_numpy()})


def popularity(dataset: Dataset) -> pd.DataFrame:
    """Order items by events: ``place`` from 1, ``item_id``, ``events``, ``cumulative_share``."""
    counts = pd.Series(_events_per_item(dataset), index=dataset.items["item_id"])
    ordered = counts.sort_values(ascending=False, kind="stable")
    return pd.DataFrame(
        {
            "place": np.arange(1, len(ordered) + 1),
            "item_id": ordered.index,
            "events": ordered.to_numpy(),
            "cumulative_share": ordered.cumsum().to_numpy() / ordered.sum(),
        }
    )


def gaps(dataset: Dataset) -> pd.DataFrame:
    """Share of consecutive events by the time between: ``gap``, ``share``; empty if unknown."""
    if not has_times(dataset):
        return pd.DataFrame({"gap": [], "share": []})
    seconds = dataset.interactions.groupby("user_index")["timestamp"].diff().dropna()
    classes = np.searchsorted(list(GAPS.values()), seconds, side="right")
    shares = np.bincount(classes, minlength=len(GAPS)) / len(seconds)
    return pd.DataFrame({"gap": list(GAPS), "share": shares})


def spans(dataset: Dataset) -> pd.DataFrame:
    """Time between every user's first and last event: ``user_id``, ``days``; empty if unknown."""
    if not has_times(dataset):
        return pd.DataFrame({"user_id": [], "days": []})
    times = dataset.interactions.groupby("user_index")["timestamp"]
    days = (times.max() - times.min()) / 86_400
    return pd.DataFrame({"user_id": dataset.users["user_id"], "days": days.to_numpy()})


def missing(dataset: Dataset) -> pd.DataFrame:
    """Count what lacks a modality: ``modality``, ``items``, ``item_share``, ``event_share``."""
    rows = []
    of_event = dataset.interactions["item_index"].to_numpy()
    for modality in dataset.modalities:
        without = ~dataset.features(modality).available
        without[0] = False
        rows.append(
            {
                "modality": modality,
                "items": int(without.sum()),
                "item_share": without.sum() / dataset.num_items,
                "event_share": without[of_event].mean(),
            }
        )
    return pd.DataFrame(rows, columns=["modality", "items", "item_share", "event_share"])


def cautions(dataset: Dataset) -> pd.DataFrame:
    """List likely leaks and doubts about the order of events.

    Returns
    -------
    pandas.DataFrame
        ``caution``, ``share`` of ``among``, and ``meaning``: what it does to a result. Cautions
        that do not occur are left out.
    """
    rows = [check(dataset) for check in CHECKS if has_times(dataset) or check not in NEED_TIMES]
    frame = pd.DataFrame(rows, columns=["caution", "share", "among", "meaning"])
    return frame[frame["share"] > 0].reset_index(drop=True)


def gini(counts: np.ndarray) -> float:
    """Gini index of counts: 0 if all are equal, towards 1 if one has everything."""
    ordered = np.sort(np.asarray(counts, dtype=float))
    if not ordered.sum():
        return 0.0
    place = np.arange(1, len(ordered) + 1)
    return float(2 * (place * ordered).sum() / (len(ordered) * ordered.sum()) - 1 - 1 / len(place))


Row = tuple[str, float, str, str]


def _tied_targets(dataset: Dataset) -> Row:
    times = dataset.interactions.groupby("user_index")["timestamp"]
    tied = times.nth(-1).to_numpy() == times.nth(-2).to_numpy()
    meaning = "which of the two is the test item is decided by the order of the source file"
    return "the test event shares its time with the one before", tied.mean(), "users", meaning


def _future_training(dataset: Dataset) -> Row:
    from_end = dataset.interactions.groupby("user_index").cumcount(ascending=False)
    times = dataset.interactions["timestamp"]
    first_test = times[from_end == 0].median()
    share = (times[from_end >= HELD_OUT] > first_test).mean()
    meaning = "leave-one-out trains on events that lie after other users' test events"
    return "training events later than the median test event", share, "training events", meaning


def _cold_targets(dataset: Dataset) -> Row:
    popular = dataset.items["popularity"].to_numpy()
    target = dataset.interactions.groupby("user_index")["item_index"].last().to_numpy()
    meaning = "only image or text can find them; id embeddings cannot"
    return (
        "test items without a training event",
        (popular[target - 1] == 0).mean(),
        "users",
        meaning,
    )


def _same_titles(dataset: Dataset) -> Row:
    names = pd.DataFrame(
        {"title": dataset.items["title"].str.lower(), "year": dataset.items["year"]}
    )
    twins = names.duplicated(keep=False).mean()
    meaning = "one thing under two ids: the second is predicted from the first"
    return "items with the title and year of another item", float(twins), "items", meaning


def _same_vectors(dataset: Dataset) -> Row:
    shares = [0.0]
    for modality in dataset.modalities:
        features = dataset.features(modality)
        vectors = pd.DataFrame(features.vectors[features.available])
        shares.append(float(vectors.duplicated(keep=False).mean()))
    meaning = "that modality cannot tell such items apart"
    return "items whose vectors equal another item's", max(shares), "items", meaning


CHECKS: Final[tuple[Callable[[Dataset], Row], ...]] = (
    _tied_targets,
    _future_training,
    _cold_targets,
    _same_titles,
    _same_vectors,
)
NEED_TIMES: Final = (_tied_targets, _future_training)


def _events_per_item(dataset: Dataset) -> np.ndarray:
    items = dataset.interactions["item_index"].to_numpy()
    return np.bincount(items, minlength=dataset.num_items + 1)[1:]
