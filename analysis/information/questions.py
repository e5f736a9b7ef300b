"""The questions a run's information artifact answers: sources, target and events of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Final

from analysis.information.sources import PROJECTED, REST, source_names
from analysis.information.targets import OF_THE_MODEL
from analysis.saved_slices import SavedSlice
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

SCOPES: Final = ("data", "projected", "model", "part", "lattice")
"""What the data hold, what is left of it where the model reads it, what the model makes of it,
what each part carries beyond the rest, and all atoms of three or four modalities."""

ALL: Final = "all modalities"
"""First source of a lattice."""

EVERYBODY: Final = ""
"""Name of the slice that holds every choice."""

_STANDARD: Final = {
    "data": ("next category", "next cluster", "next popularity", "hit or miss"),
    "projected": ("next category",),
    "model": OF_THE_MODEL,
    "part": ("next category", "next popularity"),
}
_FILES: Final = {
    "projected": ("model.safetensors",),
    "model": (
        "model.safetensors",
        "vectors.safetensors",
        "recommendations.parquet",
        "user_metrics.parquet",
    ),
    "part": ("vectors.safetensors",),
}
"""Files of a run that answers of a scope are computed from, beside its users' weights."""

_REVISION: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What changes the numbers of an answer beside its question.

    Attributes
    ----------
    coding
        None: as the question suggests, see `Question.suggested_coding`.
    """

    coding: str | None = None
    permutations: int = 200
    events_per_user: int = 20
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One decomposition: two sources, a target, and the choices it is about.

    Attributes
    ----------
    slice
        Name of a slice of users or items; empty for all choices.
    """

    scope: str
    target: str
    first: str
    second: str
    slice: str = EVERYBODY

    @property
    def suggested_coding(self) -> str:
        """Quantiles for the two scalars of candidate pairs, posteriors for all else."""
        return "quantile" if self.target == "hit or miss" and self.second != REST else "posterior"

    def key(
        self, run: Run, dataset: Dataset, settings: Settings, chosen: SavedSlice | None = None
    ) -> str:
        """Content key: a hash of everything the answer is computed from.

        A coding that is named is the same as none where it is the suggested one.
        """
        if settings.coding == self.suggested_coding:
            settings = replace(settings, coding=None)
        used = ("users.parquet", *_FILES.get(self.scope, ()))
        files = {name: run.manifest["files"].get(name, {}).get("sha256") for name in used}
        members = None if chosen is None else [chosen.kind, *chosen.members]
        content = [_REVISION, asdict(self), asdict(settings), dataset.fingerprint, files, members]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def ask(target: str, first: str, second: str, run: Run, *, slice: str = EVERYBODY) -> Question:
    """Make a question of any two sources; what they and the target are decides its scope."""
    sources = {first, second}
    if first == ALL:
        scope = "lattice"
    elif target in OF_THE_MODEL:
        scope = "model"
    elif sources & {*run.parts, "id"}:
        scope = "part"
    elif any(name.startswith(PROJECTED) for name in sources):
        scope = "projected"
    else:
        scope = "data"
    return Question(scope=scope, target=target, first=first, second=second, slice=slice)


def questions(run: Run, dataset: Dataset, *, slice: str = EVERYBODY) -> Iterator[Question]:
    """All questions that are asked of a run unless others are named, the most asked first."""
    sources = source_names(run, dataset)
    projected = [name for name in sources if name.startswith(PROJECTED)]
    parts = [name for name in run.parts if name in sources]
    asked = {
        "data": list(_of_modalities(dataset.modalities)),
        "projected": list(combinations(projected, 2)),
        "model": list(combinations(dataset.modalities, 2)),
        "part": [(part, REST) for part in parts],
    }
    for scope, targets in _STANDARD.items():
        for target in targets:
            for first, second in asked[scope]:
                yield ask(target, first, second, run, slice=slice)
    if len(dataset.modalities) > 2:
        yield ask("next category", ALL, REST, run, slice=slice)


def _of_modalities(modalities: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every pair, and where there are more than two, each against the rest."""
    yield from combinations(modalities, 2)
    if len(modalities) > 2:
        yield from ((name, REST) for name in modalities)
