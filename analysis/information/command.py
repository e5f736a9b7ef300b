"""The command ``python -m analysis information``: answer a run's questions, one after another.

Each answer is stored as soon as it is there, under its own content key: a command that was stopped
goes on where it was, and one that has nothing to do ends at once.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from analysis.events import emit
from analysis.information.decomposition import ATOMS
from analysis.information.definitions import compare_definitions
from analysis.information.estimate import estimate
from analysis.information.local import group_atoms
from analysis.information.questions import (
    SCOPES,
    TARGETS,
    Library,
    Material,
    Question,
    Settings,
    questions,
)
from analysis.information.result import Estimate
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact

ARTIFACT: Final = "information"
KINDS: Final = ("estimate", "resolution", "samples", "group", "definition")
"""Row kinds: the answer itself; its atoms at other resolutions and sample sizes; local atoms of
groups of events; other definitions."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--dataset", type=Path, help="data-set folder; default: the run's own")
    parser.add_argument("--scope", action="append", choices=SCOPES, help="repeatable; default all")
    parser.add_argument("--target", action="append", choices=tuple(TARGETS), help="repeatable")
    parser.add_argument("--coding", choices=("posterior", "kmeans"), default="posterior")
    parser.add_argument("--permutations", type=int, default=200)
    parser.add_argument("--events-per-user", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-definitions", action="store_true", help="skip dit's other measures")


def run(args: argparse.Namespace) -> None:
    """Answer every question that is asked and not answered yet."""
    settings = Settings(
        coding=args.coding,
        permutations=args.permutations,
        events_per_user=args.events_per_user,
        seed=args.seed,
    )
    work = []
    for path in args.runs:
        one = Run(path)
        dataset = Dataset(args.dataset or Path(one.manifest["dataset"]["path"]))
        library = Library(one, dataset, settings)
        asked = _asked(questions(one, dataset), args.scope, args.target)
        work += [(library, question) for question in asked]
    if not work:
        raise DataError("No question is left; --scope and --target exclude each other.")
    progress = _Progress(len(work))
    for number, (library, question) in enumerate(work):
        progress.start(number, library.run, question)
        _answer(library, question, settings, progress, definitions=not args.no_definitions)
    emit("finished", done=len(work), total=len(work))


def _asked(
    every: Iterable[Question], scopes: list[str] | None, targets: list[str] | None
) -> list[Question]:
    return [
        question
        for question in every
        if (not scopes or question.scope in scopes) and (not targets or question.target in targets)
    ]


class _Progress:
    """Turns steps within questions into events with the time left."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.begun, self.label = total, 0, time.monotonic(), ""
        self.skipped, self.told = 0, 0.0

    def start(self, number: int, one: Run, question: Question) -> None:
        self.done = number
        self.label = f"{one.run_id}: {question.first}, {question.second} -> {question.target}"
        self.tell(0.0)

    def step(self, done: int, of: int) -> None:
        if time.monotonic() - self.told > 0.5:
            self.tell(done / of)

    def tell(self, share: float) -> None:
        self.told = time.monotonic()
        worked = self.done - self.skipped + share
        left = (
            (self.told - self.begun) / worked * (self.total - self.done - share) if worked else None
        )
        seconds = None if left is None else round(left, 1)
        done = round(self.done + share, 3)
        emit("progress", done=done, total=self.total, what=self.label, seconds_left=seconds)


def _answer(
    library: Library,
    question: Question,
    settings: Settings,
    progress: _Progress,
    *,
    definitions: bool,
) -> None:
    key = question.key(library.run, library.dataset, settings)
    path = library.run.path
    stored = stored_answers(path)
    if (stored["key"] == key).any():
        progress.skipped += 1
        emit("information", run=library.run.run_id, target=question.target, computed=False)
        return
    try:
        frame = answer(library.material(question), settings, progress, definitions=definitions)
    except DataError as error:
        frame = _refused(str(error))
    identity = {"scope": question.scope, "target": question.target, "first": question.first}
    identity |= {"second": question.second, "coding": settings.coding, "key": key}
    frame = frame.assign(**identity)
    same = (stored[list(identity)[:5]] == frame[list(identity)[:5]].iloc[0]).all(axis=1)
    merged = pd.concat([stored[~same], frame], ignore_index=True) if len(stored) else frame
    keys = sorted(set(merged["key"]))
    add_artifact(path, ARTIFACT, merged, key=hashlib.sha256("".join(keys).encode()).hexdigest())
    emit("information", run=library.run.run_id, target=question.target, computed=True)


def stored_answers(path: Path) -> pd.DataFrame:
    """Read the answers already in a run folder; an empty frame with the same columns if none."""
    one = Run(path)
    if one.has(ARTIFACT):
        return one.table(ARTIFACT)
    return pd.DataFrame(columns=["scope", "target", "first", "second", "coding", "key"])


def answer(
    material: Material, settings: Settings, progress: _Progress, *, definitions: bool
) -> pd.DataFrame:
    """Estimate one question and lay everything out as rows, one kind after another."""
    found = estimate(
        material.first,
        material.second,
        material.target,
        groups=material.users,
        coding=settings.coding,
        permutations=settings.permutations,
        seed=settings.seed,
        on_step=progress.step,
    )
    frames = [
        found.frame().assign(kind="estimate"),
        _varied(found.resolutions, "bins", "resolution"),
        _varied(found.sample_sizes, "samples", "samples"),
    ]
    for name, labels in material.groupings.items():
        groups = group_atoms(found.local, labels, found.local_correction)
        frames.append(groups.assign(kind="group", grouping=name))
    if definitions:
        table, total = found.panel_table, found.total.plug_in
        panel = compare_definitions(table, information_joint=total)
        frames.append(panel.assign(kind="definition"))
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    return rows.assign(**_circumstances(found), classes=", ".join(material.classes)).reindex(
        columns=[*dict.fromkeys([*_ALWAYS, *rows.columns, *_circumstances(found), "classes"])]
    )


_ALWAYS: Final = ("kind", "atom", "value", "low", "high", "null_95")


def _varied(frame: pd.DataFrame, column: str, kind: str) -> pd.DataFrame:
    long = frame.melt(id_vars=column, value_vars=list(ATOMS), var_name="atom", value_name="value")
    return long.rename(columns={column: "x"}).assign(kind=kind)


def _circumstances(found: Estimate) -> dict[str, Any]:
    """What must stand beside every number of an answer."""
    retention = found.retention or {}
    return {
        "samples": found.samples,
        "num_users": found.users,
        "bins": found.bins,
        "samples_per_cell": found.occupancy.samples_per_cell,
        "predicted_bias": found.occupancy.predicted_bias,
        "correction": found.correction,
        "retention_first": retention.get("first", float("nan")),
        "retention_second": retention.get("second", float("nan")),
        "retention_joint": retention.get("joint", float("nan")),
        "synergy_null_95": found.synergy_null_95,
        "synergy_p_value": found.synergy_p_value,
        "stable": found.stable,
        "gap": found.gap,
        "residual": found.residual,
        "method": found.method,
        "warnings": "\n".join(found.warnings),
    }


def _refused(reason: str) -> pd.DataFrame:
    """One row that says why there is no number."""
    nothing = float("nan")
    row = {"kind": "refused", "atom": "", "value": nothing, "low": nothing, "high": nothing}
    return pd.DataFrame([row | {"null_95": nothing, "warnings": reason}])
