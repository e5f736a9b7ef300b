"""Making one run of a study: train it or continue it, and put its copy where it belongs."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from prism_core.config.study import Cell
from prism_core.errors import PrismError
from prism_core.names import TIERS, Tier
from prism_core.store import schema
from prism_core.store.export import export_tier
from prism_core.store.reader import Run
from prism_core.training.runs import train_run

Status = Literal["complete", "there already", "failed"]
NEW: Final = ".new-"
"""Prefix of a copy that is not whole yet; run lists skip it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run.

    Attributes
    ----------
    label
        Name and seed.
    reason
        Why it failed; empty otherwise.
    seconds
        Time it took.
    """

    run_id: str
    label: str
    status: Status
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the training of one run is."""

    run_id: str
    label: str
    epoch: int
    max_epochs: int
    score: str = ""


Update = Outcome | Progress
Tell = Callable[[Update], None]


@dataclass(frozen=True, slots=True)
class Task:
    """Where runs are trained and where their copies go.

    Attributes
    ----------
    out, work
        Folders of finished copies and of trainings.
    """

    out: Path
    work: Path

    def __call__(self, cell: Cell, device: str, tell: Tell) -> Outcome:
        """Make one run on a device; a failure of any kind is an outcome, not an exception."""
        began, run_id = time.monotonic(), cell.config.run_id
        try:
            status: Status = "complete" if self._make(cell, device, tell) else "there already"
            reason = ""
        except PrismError as error:
            status, reason = "failed", str(error)
        except Exception as error:  # the other runs of the study go on whatever happens here
            status, reason = "failed", f"{type(error).__name__}: {error}"
        return Outcome(run_id, cell.label, status, reason, time.monotonic() - began)

    def _make(self, cell: Cell, device: str, tell: Tell) -> bool:
        """Make the run unless it is there; say whether there was anything to do."""
        target = self.out / cell.config.run_id
        if keep_as(target, target, cell.tier, cell.group):
            return False
        source = self.work / cell.config.run_id
        if not is_complete(source):
            relay = Relay(cell, tell)
            train_run(cell.config, self.work, device=device, resume=True, reporter=relay)
        keep_as(source, target, cell.tier, cell.group)
        return True


class Relay:
    """Passes the progress of a training on."""

    def __init__(self, cell: Cell, tell: Tell) -> None:
        self._cell, self._tell, self._max_epochs = cell, tell, 0

    def start(self, name: str, max_epochs: int, steps_per_epoch: int, epoch: int) -> None:
        self._max_epochs = max_epochs
        self._send(epoch)

    def step(self, epoch: int, step: int, losses: Mapping[str, float]) -> None: ...

    def end_epoch(
        self, epoch: int, losses: Mapping[str, float], valid: Mapping[str, float]
    ) -> None:
        self._send(epoch, "  ".join(f"valid {name} {value:.4f}" for name, value in valid.items()))

    def stop(self) -> None: ...

    def _send(self, epoch: int, score: str = "") -> None:
        run_id, label = self._cell.config.run_id, self._cell.label
        self._tell(Progress(run_id, label, epoch, self._max_epochs, score))


def is_complete(path: Path) -> bool:
    """Say whether a folder holds a complete run."""
    return (path / schema.MANIFEST).is_file()


def keep_as(source: Path, target: Path, tier: Tier, group: str) -> bool:
    """Put a copy of a complete run in its place, or say that the source has not enough for it.

    ``source`` may be ``target``: a copy that is there already is brought to tier and group.
    """
    if not is_complete(source) or TIERS.index(Run(source).tier) > TIERS.index(tier):
        return False
    run = Run(source)
    if source != target or (run.tier, run.group) != (tier, group):
        new = target.with_name(NEW + target.name)
        shutil.rmtree(new, ignore_errors=True)
        export_tier(source, new, tier, group=group)
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
    return True
