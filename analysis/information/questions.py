"""The questions a run's information artifact answers: sources, target and events of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from analysis.information.histories import Events, choices, history_means, principal_components
from analysis.information.table import FloatArray, IntArray, merge_tail
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

SCOPES: Final = ("data", "model", "part")
"""What the data hold, what the model makes of it, and what each part carries beyond the rest."""

TARGETS: Final = {
    "next category": ("data", "part"),
    "next popularity": ("data", "part"),
    "top-1 category": ("model",),
    "hit@10": ("model",),
}
"""Targets by name, and the scopes that ask for them."""

MAX_CLASSES: Final = 16
HIT_RANK: Final = 10
BANDS: Final = ("rare", "middle", "popular")
_REVISION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What changes the numbers of an answer."""

    coding: str = "posterior"
    permutations: int = 200
    events_per_user: int = 20
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One decomposition: two sources and a target."""

    scope: str
    target: str
    first: str
    second: str

    def key(self, run: Run, dataset: Dataset, settings: Settings) -> str:
        """Content key: a hash of everything the answer is computed from."""
        names = ("vectors.safetensors", "recommendations.parquet", "user_metrics.parquet")
        used = names if self.scope != "data" else ()
        files = {name: run.manifest["files"].get(name, {}).get("sha256") for name in used}
        content = [_REVISION, asdict(self), asdict(settings), dataset.fingerprint, files]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Arrays of a question: sources ``(n, d)``, target ``(n,)``, users ``(n,)``, groupings."""

    first: FloatArray
    second: FloatArray
    target: IntArray
    classes: tuple[str, ...]
    users: IntArray
    groupings: dict[str, np.ndarray]


def questions(run: Run, dataset: Dataset) -> Iterator[Question]:
    """All questions that a run can answer, the most asked first."""
    image, text = dataset.modalities[:2]
    asked = [
        (name, scope) for scope in SCOPES for name, scopes in TARGETS.items() if scope in scopes
    ]
    for target, scope in asked:
        if scope != "part":
            yield Question(scope=scope, target=target, first=image, second=text)
            continue
        stored = run.vectors() if run.has_vectors else {}
        for part in (part for part in run.parts if f"items.{part}" in stored):
            yield Question(scope=scope, target=target, first=part, second="rest")


class Library:
    """Makes the material of questions about one run; reads and reduces everything once.

    Raises
    ------
    DataError
        When the data set is not the run's, or has fewer than two modalities.
    """

    def __init__(self, run: Run, dataset: Dataset, settings: Settings) -> None:
        if dataset.fingerprint != run.manifest["dataset"]["fingerprint"]:
            raise DataError(
                f"{dataset.path}: not the data set that run {run.run_id!r} was trained on."
            )
        if len(dataset.modalities) < 2:
            raise DataError(f"{dataset.path}: two modalities are needed to compare them.")
        self.run, self.dataset, self.settings = run, dataset, settings
        self._means: dict[str, FloatArray] = {}

    @cached_property
    def events(self) -> Events:
        """The choices all questions are asked about."""
        return choices(self.dataset.interactions, self.settings.events_per_user)

    def material(self, question: Question) -> Material:
        """Arrays of one question."""
        kept, target, classes = self._target(question.target)
        events = self.events.take(kept)
        return Material(
            first=self._source(question.first)[kept],
            second=self._second(question)[kept],
            target=target,
            classes=classes,
            users=events.user_index,
            groupings=self._groupings(events),
        )

    def _second(self, question: Question) -> FloatArray:
        if question.second != "rest":
            return self._source(question.second)
        others = [self._source(part) for part in self.run.parts if part != question.first]
        return np.concatenate(others, axis=1)

    def _source(self, name: str) -> FloatArray:
        if name not in self._means:
            vectors, available = self._item_vectors(name)
            reduced = principal_components(vectors, available)
            table = self.dataset.interactions
            self._means[name] = history_means(reduced, available, table, self.events)
        return self._means[name]

    def _item_vectors(self, name: str) -> tuple[FloatArray, np.ndarray]:
        if name in self.dataset.modalities:
            features = self.dataset.features(name)
            return features.vectors.astype(float), features.available
        vectors = self.run.vectors()[f"items.{name}"].astype(float)
        return vectors, np.arange(len(vectors)) > 0

    def _target(self, name: str) -> tuple[np.ndarray, IntArray, tuple[str, ...]]:
        makers: dict[str, Callable[[], tuple[np.ndarray, list[str]]]] = {
            "next category": self._next_category,
            "next popularity": self._next_popularity,
            "top-1 category": self._top_category,
            "hit@10": self._hit,
        }
        kept, labels = makers[name]()
        codes, classes = merge_tail(labels, MAX_CLASSES)
        return kept, codes, classes

    @cached_property
    def _category(self) -> np.ndarray:
        """First category of each item by item index."""
        lists = self.dataset.items["categories"]
        first = [str(values[0]) if len(values) else "none" for values in lists]
        return np.array(["", *first], dtype=object)

    @cached_property
    def _last(self) -> np.ndarray:
        """Whether an event is its user's last, the one the run's test ranking is about."""
        users = self.events.user_index
        return np.append(users[1:] != users[:-1], True)

    def _next_category(self) -> tuple[np.ndarray, list[str]]:
        kept = np.ones(len(self.events.rows), dtype=bool)
        return kept, list(self._category[self.events.item_index])

    def _next_popularity(self) -> tuple[np.ndarray, list[str]]:
        kept = np.ones(len(self.events.rows), dtype=bool)
        return kept, list(self._bands(self.events))

    def _top_category(self) -> tuple[np.ndarray, list[str]]:
        table = self.run.table("recommendations", ["user_id", "rank", "item_id"])
        top = table[table["rank"] == 1].set_index("user_id")["item_id"]
        index_of = self.dataset.items.set_index("item_id")["item_index"]
        category = pd.Series(self._category[index_of.reindex(top).to_numpy()], index=top.index)
        return self._of_users(category)

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

    def _groupings(self, events: Events) -> dict[str, np.ndarray]:
        middle = np.median(events.history_length)
        long = np.where(events.history_length > middle, "long", "short")
        return {"history": long, "popularity": self._bands(events)}

    def _bands(self, events: Events) -> np.ndarray:
        """Thirds of the choices by the popularity of what was chosen."""
        popularity = np.append(0, self.dataset.items["popularity"].to_numpy())
        chosen = popularity[events.item_index]
        edges = np.quantile(popularity[self.events.item_index], [1 / 3, 2 / 3])
        return np.array(BANDS, dtype=object)[np.searchsorted(edges, chosen, side="left")]
