"""From a question to arrays: sources before each choice, its label, its user, its groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.candidates import Pairs, all_known, candidate_pairs, fits
from analysis.information.histories import Events, choices, history_means, principal_components
from analysis.information.questions import ALL, Question, Settings
from analysis.information.sources import REST, Known, family, item_vectors
from analysis.information.table import FloatArray, IntArray
from analysis.information.targets import Targets
from analysis.saved_slices import SavedSlice
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

CANDIDATES: Final = "hit or miss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Arrays of a question.

    Attributes
    ----------
    sources
        ``(n, d_i)`` by name; the first two are the question's, the lattice has more.
    target, classes
        ``(n,)`` codes and their names.
    users
        ``(n,)`` user of each event.
    groupings
        By name, the group ``(n,)`` of each event.
    """

    sources: dict[str, FloatArray]
    target: IntArray
    classes: tuple[str, ...]
    users: IntArray
    groupings: dict[str, NDArray[np.object_]]


class Library:
    """Makes the material of questions about one run; reads and reduces everything once.

    Parameters
    ----------
    slices
        Slices by name that questions may be about.

    Raises
    ------
    DataError
        When the data set is not the run's, or has fewer than two modalities.
    """

    def __init__(
        self,
        run: Run,
        dataset: Dataset,
        settings: Settings,
        slices: dict[str, SavedSlice] | None = None,
    ) -> None:
        if dataset.fingerprint != run.manifest["dataset"]["fingerprint"]:
            raise DataError(
                f"{dataset.path}: not the data set that run {run.run_id!r} was trained on."
            )
        if len(dataset.modalities) < 2:
            raise DataError(f"{dataset.path}: two modalities are needed to compare them.")
        self.run, self.dataset, self.settings = run, dataset, settings
        self.slices = slices or {}
        self._reduced: dict[str, tuple[FloatArray, Known]] = {}
        self._means: dict[str, FloatArray] = {}

    @cached_property
    def events(self) -> Events:
        """The choices all questions are asked about."""
        return choices(self.dataset.interactions, self.settings.events_per_user)

    @cached_property
    def _targets(self) -> Targets:
        return Targets(self.run, self.dataset, self.events, self.settings.seed)

    def material(self, question: Question) -> Material:
        """Arrays of one question.

        Raises
        ------
        DataError
            A source or the slice is unknown, or nothing is left of the choices.
        """
        names = self._names(question)
        if question.target == CANDIDATES:
            return self._candidates(question, names)
        kept, target, classes = self._targets.of(question.target)
        inside = self._inside(question.slice)[kept]
        events = self.events.take(kept).take(inside)
        sources = {n: self._side_by_side(group)[kept][inside] for n, group in names.items()}
        codes, classes = _used(target[inside], classes)
        return Material(
            sources=sources,
            target=codes,
            classes=classes,
            users=events.user_index,
            groupings=self._groupings(events),
        )

    def _names(self, question: Question) -> dict[str, tuple[str, ...]]:
        """Sources of a question, each with the names of what stands side by side in it."""
        if question.first == ALL:
            return {name: (name,) for name in self.dataset.modalities}
        alike = family(question.first, self.run, self.dataset)
        rest = tuple(name for name in alike if name != question.first)
        second = rest if question.second == REST else (question.second,)
        return {question.first: (question.first,), question.second: second}

    def _inside(self, name: str) -> np.ndarray:
        """Which events ``(n,)`` a slice is about: its users' choices, or choices of its items."""
        if not name:
            return np.ones(len(self.events.rows), dtype=bool)
        if name not in self.slices:
            known = ", ".join(self.slices) or "none"
            raise DataError(f"Run {self.run.run_id!r} has no slice {name!r}; it has: {known}.")
        chosen = self.slices[name]
        if chosen.kind == "users":
            ids = self.dataset.users.set_index("user_index")["user_id"]
            found = ids.reindex(self.events.user_index).isin(chosen.members).to_numpy()
        else:
            items = self.dataset.items.set_index("item_index")["item_id"]
            found = items.reindex(self.events.item_index).isin(chosen.members).to_numpy()
        if not found.any():
            raise DataError(f"No choice is in the slice {name!r}.")
        return found

    def _side_by_side(self, names: tuple[str, ...]) -> FloatArray:
        return np.concatenate([self._mean(name) for name in names], axis=1)

    def _mean(self, name: str) -> FloatArray:
        if name not in self._means:
            reduced, known = self._space(name)
            table = self.dataset.interactions
            self._means[name] = history_means(reduced, known, table, self.events)
        return self._means[name]

    def _space(self, name: str) -> tuple[FloatArray, Known]:
        if name not in self._reduced:
            vectors, known = item_vectors(name, self.run, self.dataset)
            self._reduced[name] = principal_components(vectors, known), known
        return self._reduced[name]

    def _candidates(self, question: Question, names: dict[str, tuple[str, ...]]) -> Material:
        """Each source is how well a candidate fits the history in its space."""
        flat = [name for group in names.values() for name in group]
        known = all_known([self._space(name)[1] for name in flat])
        inside = np.flatnonzero(self._inside(question.slice))
        events = self.events.take(inside)
        pairs = candidate_pairs(events, self._seen, known, self.settings.seed)
        sources = {
            title: np.concatenate([self._fit(name, inside, pairs) for name in group], axis=1)
            for title, group in names.items()
        }
        chosen = events.take(pairs.event)
        return Material(
            sources=sources,
            target=pairs.is_hit.astype(np.int64),
            classes=("miss", "hit"),
            users=chosen.user_index,
            groupings=self._groupings(chosen),
        )

    def _fit(self, name: str, rows: IntArray, pairs: Pairs) -> FloatArray:
        return fits(self._mean(name)[rows], self._space(name)[0], pairs)

    def _seen(self, users: IntArray, items: IntArray) -> np.ndarray:
        """Whether users ever chose items."""
        width = self.dataset.num_items + 1
        return np.isin(users * width + items, self._chosen)

    @cached_property
    def _chosen(self) -> IntArray:
        table, width = self.dataset.interactions, self.dataset.num_items + 1
        users, items = (table[name].to_numpy(np.int64) for name in ("user_index", "item_index"))
        return np.unique(users * width + items)

    def _groupings(self, events: Events) -> dict[str, NDArray[np.object_]]:
        middle = np.median(events.history_length)
        long = np.where(events.history_length > middle, "long", "short").astype(object)
        found = {"history": long, "popularity": self._targets.bands(events)}
        if self.run.parts:
            found["top part"] = self._top_parts(events)
        return found

    def _top_parts(self, events: Events) -> NDArray[np.object_]:
        """The part with each user's largest fusion weight."""
        columns = [f"weight_{part}" for part in self.run.parts]
        weights = self.run.table("users", ["user_id", *columns]).set_index("user_id")[columns]
        top = weights.idxmax(axis=1).str.removeprefix("weight_")
        ids = self.dataset.users.set_index("user_index")["user_id"].reindex(events.user_index)
        return top.reindex(ids).fillna("none").to_numpy(dtype=object)


def _used(target: IntArray, classes: tuple[str, ...]) -> tuple[IntArray, tuple[str, ...]]:
    """The same labels numbered without gaps, after some events were left out."""
    values, codes = np.unique(target, return_inverse=True)
    return codes.astype(np.int64), tuple(classes[value] for value in values)
