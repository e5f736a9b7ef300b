"""What a question may ask about: the next item's class, or what the model makes of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from analysis.information.histories import Events, principal_components
from analysis.information.table import IntArray, merge_tail
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

MAX_CLASSES: Final = 16
CLUSTERS: Final = 12
HIT_RANK: Final = 10
BANDS: Final = ("rare", "middle", "popular")

OF_THE_DATA: Final = ("next category", "next cluster", "next popularity", "hit or miss")
"""Targets that need no model. ``hit or miss``: see `analysis.information.candidates`."""

OF_THE_MODEL: Final = ("top-1 category", "top-1 cluster", "hit@10")
"""Targets that the model decides, known for the last choice of each user only."""

TARGETS: Final = (*OF_THE_DATA, *OF_THE_MODEL)


class Targets:
    """Labels of choices.

    Parameters
    ----------
    run, dataset
        The run and its data set.
    events
        All choices; bands of popularity are thirds of them.
    seed
        Of the item clusters.
    """

    def __init__(self, run: Run, dataset: Dataset, events: Events, seed: int) -> None:
        self.run, self.dataset, self.events, self.seed = run, dataset, events, seed

    def of(self, name: str) -> tuple[np.ndarray, IntArray, tuple[str, ...]]:
        """Which events have a label ``(n,)``, the labels' codes, and the names of the classes.

        Rare classes beyond the sixteenth are one class.
        """
        makers: Mapping[str, Callable[[], tuple[np.ndarray, list[str]]]] = {
            "next category": lambda: self._of_items(self._category),
            "next cluster": lambda: self._of_items(self._cluster),
            "next popularity": lambda: self._of_all(self.bands(self.events)),
            "top-1 category": lambda: self._of_top(self._category),
            "top-1 cluster": lambda: self._of_top(self._cluster),
            "hit@10": self._hit,
        }
        kept, labels = makers[name]()
        codes, classes = merge_tail(labels, MAX_CLASSES)
        return kept, codes, classes

    def bands(self, events: Events) -> np.ndarray:
        """Thirds of the choices by the popularity of what was chosen."""
        popularity = np.append(0, self.dataset.items["popularity"].to_numpy())
        chosen = popularity[events.item_index]
        edges = np.quantile(popularity[self.events.item_index], [1 / 3, 2 / 3])
        return np.array(BANDS, dtype=object)[np.searchsorted(edges, chosen, side="left")]

    @cached_property
    def _category(self) -> np.ndarray:
        """First category of each item by item index."""
        lists = self.dataset.items["categories"]
        first = [str(values[0]) if len(values) else "none" for values in lists]
        return np.array(["", *first], dtype=object)

    @cached_property
    def _cluster(self) -> np.ndarray:
        """Cluster of each item by item index: k-means on all modalities side by side.

        Clusters of the features, not of who chose what: a cluster learned from choices would
        already know them. Items without any features are a class of their own.
        """
        from sklearn.cluster import KMeans

        blocks, known = [], np.zeros(self.dataset.num_items + 1, dtype=bool)
        for name in self.dataset.modalities:
            features = self.dataset.features(name)
            reduced = principal_components(features.vectors.astype(float), features.available)
            blocks.append(reduced / max(float(np.sqrt((reduced**2).sum(1).mean())), 1e-12))
            known |= features.available
        rows = np.concatenate(blocks, axis=1)
        size = min(CLUSTERS, len(np.unique(rows[known].round(9), axis=0)))
        labels = np.full(len(rows), "none", dtype=object)
        fitted = KMeans(size, n_init=3, random_state=self.seed).fit_predict(rows[known])
        labels[known] = [f"group {label + 1}" for label in fitted]
        return labels

    @cached_property
    def _last(self) -> np.ndarray:
        """Whether an event is its user's last, the one the run's test ranking is about."""
        users = self.events.user_index
        return np.append(users[1:] != users[:-1], True)

    def _of_items(self, labels: np.ndarray) -> tuple[np.ndarray, list[str]]:
        return self._of_all(labels[self.events.item_index])

    def _of_all(self, labels: np.ndarray) -> tuple[np.ndarray, list[str]]:
        return np.ones(len(self.events.rows), dtype=bool), list(labels)

    def _of_top(self, labels: np.ndarray) -> tuple[np.ndarray, list[str]]:
        table = self.run.table("recommendations", ["user_id", "rank", "item_id"])
        top = table[table["rank"] == 1].set_index("user_id")["item_id"]
        index_of = self.dataset.items.set_index("item_id")["item_index"]
        found = pd.Series(labels[index_of.reindex(top).to_numpy()], index=top.index)
        return self._of_users(found)

    def _hit(self) -> tuple[np.ndarray, list[str]]:
        table = self.run.table("user_metrics").set_index("user_id")
        return self._of_users((table["rank"] <= HIT_RANK).map({True: "hit", False: "miss"}))

    def _of_users(self, labels: pd.Series) -> tuple[np.ndarray, list[str]]:
        """Labels by user id, at the last event of each user who has one."""
        names = self.dataset.users.set_index("user_index")["user_id"]
        users = names.reindex(self.events.user_index).to_numpy()
        found = labels.reindex(users).to_numpy()
        kept = self._last & pd.notna(found)
        return kept, [str(label) for label in found[kept]]
