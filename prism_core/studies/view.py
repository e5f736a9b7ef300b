"""What a person sees of a study: one live view on a terminal, one line per run elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from prism_core.studies.cells import Outcome, Tell, Update
from prism_core.studies.cells import Progress as RunProgress


class Pace:
    """How many runs are done and how long the others will take.

    Parameters
    ----------
    total
        Number of runs.
    jobs
        Runs made at the same time.
    """

    def __init__(self, total: int, jobs: int) -> None:
        self.total, self._jobs = total, jobs
        self.done, self.failed = 0, 0
        self._seconds: list[float] = []

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.done += 1
        self.failed += outcome.status == "failed"
        if outcome.status == "complete":
            self._seconds.append(outcome.seconds)

    @property
    def left(self) -> str:
        """Say how much time is left, at the pace of the runs made so far."""
        rest = self.total - self.done
        if not rest or not self._seconds:
            return ""
        seconds = sum(self._seconds) / len(self._seconds) * rest / min(self._jobs, rest)
        return f"about {_duration(seconds)} left"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "a minute"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


class Lines:
    """One line per run, for log files and pipes."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def __call__(self, update: Update) -> None:
        if isinstance(update, RunProgress):
            return
        self._pace.add(update)
        count = f"{self._pace.done}/{self._pace.total}"
        parts = [f"{count:>9s}", f"{update.status:14s}", update.label, self._pace.left]
        text = "  ".join(part for part in [*parts, update.reason] if part.strip())
        print(text, flush=True)


class Dashboard:
    """All runs as one bar with the time left, and below it a bar for each run in training."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._all = Progress(
            TextColumn("[bold]Study"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
        )  # fmt: skip
        self._runs = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
        )  # fmt: skip
        self._whole = self._all.add_task("", total=pace.total, text="")
        self._tasks: dict[str, TaskID] = {}
        self.layout = Group(self._all, self._runs)

    def __call__(self, update: Update) -> None:
        if isinstance(update, RunProgress):
            self._advance(update)
            return
        self._pace.add(update)
        if update.run_id in self._tasks:
            self._runs.remove_task(self._tasks.pop(update.run_id))
        if update.status == "failed":
            self._all.console.print(f"[red]failed[/]  {update.label}: {update.reason}")
        failed = f"{self._pace.failed} failed" if self._pace.failed else ""
        text = "  ".join(part for part in (self._pace.left, failed) if part)
        self._all.update(self._whole, completed=self._pace.done, text=text)

    def _advance(self, update: RunProgress) -> None:
        if update.run_id not in self._tasks:
            task = self._runs.add_task(update.label, total=update.max_epochs, text="")
            self._tasks[update.run_id] = task
        task = self._tasks[update.run_id]
        self._runs.update(task, completed=update.epoch, text=update.score)


@contextmanager
def view_for_terminal(total: int, jobs: int) -> Iterator[Tell]:
    """Show a study: live where standard error is a terminal, in lines elsewhere."""
    pace = Pace(total, jobs)
    if not sys.stderr.isatty():
        yield Lines(pace)
        return
    dashboard = Dashboard(pace)
    with Live(dashboard.layout, console=Console(stderr=True)):
        yield dashboard
