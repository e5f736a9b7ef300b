"""What a person sees of a training: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Reporter(Protocol):
    """Told about a training as it goes on."""

    def start(self, name: str, max_epochs: int, steps_per_epoch: int, epoch: int) -> None:
        """Begin, with ``epoch`` epochs already done."""

    def step(self, epoch: int, step: int, losses: Mapping[str, float]) -> None:
        """So many steps are done in all; ``losses`` are means over the epoch so far."""

    def end_epoch(
        self, epoch: int, losses: Mapping[str, float], valid: Mapping[str, float]
    ) -> None:
        """One epoch is done and validated."""

    def stop(self) -> None:
        """Training is over, whatever the reason."""


class Silent:
    """Reports nothing."""

    def start(self, name: str, max_epochs: int, steps_per_epoch: int, epoch: int) -> None: ...

    def step(self, epoch: int, step: int, losses: Mapping[str, float]) -> None: ...

    def end_epoch(
        self, epoch: int, losses: Mapping[str, float], valid: Mapping[str, float]
    ) -> None: ...

    def stop(self) -> None: ...


class Lines:
    """One line per epoch, for log files and pipes."""

    def start(self, name: str, max_epochs: int, steps_per_epoch: int, epoch: int) -> None:
        self._began, self._first, self._max_epochs = time.monotonic(), epoch, max_epochs
        print(f"{name}: epochs {epoch + 1} to at most {max_epochs}", flush=True)

    def step(self, epoch: int, step: int, losses: Mapping[str, float]) -> None: ...

    def end_epoch(
        self, epoch: int, losses: Mapping[str, float], valid: Mapping[str, float]
    ) -> None:
        pace = (time.monotonic() - self._began) / (epoch - self._first)
        left = pace * (self._max_epochs - epoch)
        text = f"epoch {epoch}/{self._max_epochs}  {describe(losses, valid)}"
        print(f"{text}  at most {left:.0f} s left", flush=True)

    def stop(self) -> None: ...


class Bar:
    """A live bar: epoch, losses by name, validation score and time left."""

    def __init__(self, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
        )

    def start(self, name: str, max_epochs: int, steps_per_epoch: int, epoch: int) -> None:
        total, done = max_epochs * steps_per_epoch, epoch * steps_per_epoch
        self._name, self._max_epochs, self._steps_per_epoch = name, max_epochs, steps_per_epoch
        self._valid: dict[str, float] = {}
        self._progress.start()
        self._task = self._progress.add_task(name, total=total, completed=done, text="")

    def step(self, epoch: int, step: int, losses: Mapping[str, float]) -> None:
        text = describe(losses, self._valid)
        label = f"{self._name} epoch {epoch}/{self._max_epochs}"
        self._progress.update(self._task, completed=step, text=text, description=label)

    def end_epoch(
        self, epoch: int, losses: Mapping[str, float], valid: Mapping[str, float]
    ) -> None:
        self._valid = dict(valid)
        done = epoch * self._steps_per_epoch
        self._progress.update(self._task, completed=done, text=describe(losses, valid))

    def stop(self) -> None:
        self._progress.stop()


def describe(losses: Mapping[str, float], valid: Mapping[str, float]) -> str:
    """Write losses and validation scores as ``name value`` pairs."""
    pairs = [f"{name} {value:.4f}" for name, value in losses.items()]
    pairs += [f"valid {name} {value:.4f}" for name, value in valid.items()]
    return "  ".join(pairs)


def reporter_for_terminal() -> Reporter:
    """Choose the bar where standard error is a terminal, lines elsewhere."""
    return Bar() if sys.stderr.isatty() else Lines()
