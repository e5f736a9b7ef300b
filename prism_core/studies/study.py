"""Making every run of a study that is not there yet, with a record of all outcomes."""

import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from prism_core.config.study import Cell, StudyConfig, cells_of
from prism_core.data.sequences import Sequences
from prism_core.errors import ConfigError
from prism_core.evaluation.floors_command import search, write_run
from prism_core.models.floors import floors_for
from prism_core.store.datasets import Dataset
from prism_core.store.reader import list_runs
from prism_core.store.study_record import StudyRecord, StudyRun
from prism_core.studies.cells import Outcome, Task, Tell, Update, keep_as
from prism_core.studies.launchers import Launcher

FLOORS: Final = "Floors"


def run_study(
    study: StudyConfig, task: Task, launch: Launcher, tell: Tell, *, only: str = "*"
) -> list[Outcome]:
    """Make every run of a study that is not there yet.

    A run that was stopped midway continues; a run that failed is tried again; the others stay.

    Parameters
    ----------
    study
    task
        Its folder ``out`` gets the finished runs and ``study.json``, the record of all runs;
        in its folder ``work`` runs are trained and kept, so that they can be looked at whole.
    launch
        Makes the runs.
    tell
        Called with every update, in this process.
    only
        Pattern of ``<name> seed <number>``: the runs to make.

    Raises
    ------
    ConfigError
        No run fits ``only``, or the study cannot be resolved.
    """
    cells = chosen_cells(study, only)
    record, outcomes = _Record(task.out, cells_of(study)), list[Outcome]()

    def keep(update: Update) -> None:
        if isinstance(update, Outcome):
            outcomes.append(update)
            record.add(update)
        tell(update)

    datasets = _with_floors(study, only)
    for dataset in datasets:
        _make_floors(dataset, task, keep, f"-{dataset.fingerprint}" if len(datasets) > 1 else "")
    launch(cells, task, keep)
    return outcomes


def chosen_cells(study: StudyConfig, only: str = "*") -> list[Cell]:
    """List the runs of a study that fit a pattern.

    Raises
    ------
    ConfigError
        None does, or the study cannot be resolved.
    """
    cells = cells_of(study)
    chosen = [cell for cell in cells if fnmatchcase(cell.label, only)]
    if not chosen:
        raise ConfigError(f"--only {only!r} fits no run; the first is {cells[0].label!r}.")
    return chosen


class _Record:
    """Keeps the record of a study up to date; runs of earlier studies in the folder stay."""

    def __init__(self, folder: Path, cells: Sequence[Cell]) -> None:
        self._folder = folder
        planned = {c.config.run_id: StudyRun(label=c.label, group=c.group) for c in cells}
        self._groups = {run_id: run.group for run_id, run in planned.items()}
        present = [run.run_id for run in list_runs([folder]) if run.status == "complete"]
        self._record = StudyRecord.read(folder).planning(planned, present)
        self._record.write(folder)

    def add(self, outcome: Outcome) -> None:
        run = StudyRun(
            label=outcome.label,
            group=self._groups.get(outcome.run_id, FLOORS),
            status="failed" if outcome.status == "failed" else "complete",
            reason=outcome.reason,
        )
        self._record = self._record.with_outcome(outcome.run_id, run)
        self._record.write(self._folder)


def count_runs(study: StudyConfig, only: str = "*") -> int:
    """Count the runs of a study that fit a pattern, and the floors, which are made with all."""
    floors = sum(len(floors_for(dataset)) for dataset in _with_floors(study, only))
    return floors + len(chosen_cells(study, only))


def _with_floors(study: StudyConfig, only: str) -> list[Dataset]:
    wanted = study.floors and only == "*"
    return [Dataset(Path(path)) for path in study.datasets] if wanted else []


def _make_floors(dataset: Dataset, task: Task, tell: Tell, suffix: str) -> None:
    sequences = Sequences(dataset)
    for name, floor in floors_for(dataset).items():
        began, run_id = time.monotonic(), f"floor-{name}{suffix}"
        target, source = task.out / run_id, task.work / run_id
        if keep_as(target, target, "compact", FLOORS):
            tell(Outcome(run_id, floor.title, "there already"))
            continue
        found = search(floor, sequences, max_seq_len=50, top_k=10)
        write_run(task.work, name, floor, found, dataset, 50, run_id)
        keep_as(source, target, "compact", FLOORS)
        tell(Outcome(run_id, floor.title, "complete", seconds=time.monotonic() - began))
