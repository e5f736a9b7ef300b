"""Training every run of a study: resumable, in parallel, failures recorded and tried again."""

import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Literal

import torch

from prism_core.config.study import Cell, StudyConfig, cells_of
from prism_core.data.sequences import Sequences
from prism_core.errors import PrismError
from prism_core.evaluation.floors_command import search, write_run
from prism_core.models.floors import floors_for
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_run
from prism_core.training.runs import train_run

RECORD: Final = "study.json"
LARGE: Final = ("model", "vectors")
"""What a compact copy of a run leaves out."""

Status = Literal["complete", "there already", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run.

    Attributes
    ----------
    reason
        Why it failed; empty otherwise.
    """

    run_id: str
    status: Status
    reason: str = ""


def run_study(
    study: StudyConfig, out: Path, work: Path, *, device: str = "auto", jobs: int = 1
) -> Iterator[Outcome]:
    """Make every run of a study that is not there yet.

    A run that was stopped midway continues; a run that failed is tried again.

    Parameters
    ----------
    out
        Folder that gets the finished runs and ``study.json``, the record of all outcomes.
    work
        Folder in which runs are trained; kept, so that they can be looked at whole.
    jobs
        Runs trained at the same time, each in a process of its own.

    Yields
    ------
    Outcome
        One per run, as they finish.
    """
    cells = list(cells_of(study))
    outcomes: list[Outcome] = []
    for outcome in _all(study, cells, out, work, device, jobs):
        outcomes.append(outcome)
        _record(out, outcomes)
        yield outcome


def _all(
    study: StudyConfig, cells: list[Cell], out: Path, work: Path, device: str, jobs: int
) -> Iterator[Outcome]:
    if study.floors:
        for path in study.datasets:
            yield from _floors(Dataset(Path(path)), out)
    if jobs == 1:
        for cell in cells:
            yield make_cell(cell, out, work, device)
        return
    yield from _parallel(cells, out, work, device, jobs)


def _parallel(
    cells: Iterable[Cell], out: Path, work: Path, device: str, jobs: int
) -> Iterator[Outcome]:
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, context, torch.set_num_threads, (threads,)) as pool:
        pending = [pool.submit(make_cell, cell, out, work, device) for cell in cells]
        for done in as_completed(pending):
            yield done.result()


def make_cell(cell: Cell, out: Path, work: Path, device: str) -> Outcome:
    """Train one run, or continue it, and put its copy into ``out``."""
    run_id = cell.config.run_id
    if (out / run_id / schema.MANIFEST).is_file():
        return Outcome(run_id, "there already")
    try:
        source = work / run_id
        if not (source / schema.MANIFEST).is_file():
            train_run(cell.config, work, device=device, resume=True)
        shutil.rmtree(out / run_id, ignore_errors=True)
        without = () if cell.is_whole else LARGE
        export_run(source, out / run_id, without=without, compact=True)
    except PrismError as error:
        return Outcome(run_id, "failed", str(error))
    return Outcome(run_id, "complete")


def _floors(dataset: Dataset, out: Path) -> Iterator[Outcome]:
    sequences = Sequences(dataset)
    for name, floor in floors_for(dataset).items():
        run_id = f"floor-{name}"
        if (out / run_id / schema.MANIFEST).is_file():
            yield Outcome(run_id, "there already")
            continue
        found = search(floor, sequences, max_seq_len=50, top_k=10)
        write_run(out, name, floor, found, dataset, 50)
        yield Outcome(run_id, "complete")


def _record(out: Path, outcomes: Iterable[Outcome]) -> None:
    runs = {o.run_id: {"status": o.status, "reason": o.reason} for o in outcomes}
    files.write_json(out / RECORD, {"runs": runs})
