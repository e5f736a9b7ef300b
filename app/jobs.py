"""Long computations in subprocesses: start, watch, stop; none of them blocks or ends a page."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import streamlit as st

from prism_core.errors import PrismError

ROOT: Final = Path(__file__).resolve().parents[1]
LOGS: Final = ".jobs"
"""Folder of the logs below the folder of runs; hidden, so that it is not taken for a run."""

Status = Literal["running", "finished", "failed", "stopped"]


@dataclass(slots=True, eq=False)
class Job:
    """A subprocess that the app started.

    Attributes
    ----------
    target
        What it works on; the same target is never worked on twice at once.
    folder
        The run folder it writes.
    log
        File with everything it prints.
    """

    target: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.time)
    was_stopped: bool = False

    @property
    def status(self) -> Status:
        code = self.process.poll()
        if code is None:
            return "running"
        if code == 0:
            return "finished"
        return "stopped" if self.was_stopped else "failed"

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.time() - self.started

    def tail(self, lines: int = 12) -> str:
        """Give the last lines that the job printed, progress bars reduced to their last state."""
        if not self.log.is_file():
            return ""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        shown = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")]
        return "\n".join([line for line in shown if line.strip()][-lines:])

    def stop(self) -> None:
        """Ask the job and its children to end; what it has saved stays."""
        if self.process.poll() is None:
            self.was_stopped = True
            os.killpg(self.process.pid, signal.SIGTERM)


@st.cache_resource(max_entries=1, show_spinner=False)
def jobs() -> dict[str, Job]:
    """Give all jobs of this server by target; every session sees the same ones."""
    return {}


def latest() -> Job | None:
    """Give the training started last, or None; a training's target is the run it writes."""
    trainings = (job for job in jobs().values() if job.target == job.folder.name)
    return max(trainings, key=lambda job: job.started, default=None)


def start(target: str, arguments: Sequence[str], *, runs: Path, folder: Path) -> Job:
    """Start ``python -m <arguments>`` in the background.

    Parameters
    ----------
    target
        What the job works on.
    arguments
        Module and its arguments, such as ``("prism_core", "train", "--preset", "prism")``.
    runs
        Folder of all runs; the log goes below it.
    folder
        The run folder the job writes.

    Raises
    ------
    PrismError
        The same target is being worked on, or the process cannot be started.
    """
    running = jobs().get(target)
    if running is not None and running.status == "running":
        raise PrismError(f"{target} is already running; wait for it or stop it first.")
    log = runs / LOGS / f"{folder.name}.{arguments[0]}.log"
    try:
        process = _launch([sys.executable, "-m", *arguments], log)
    except OSError as error:
        raise PrismError(f"{log}: the job could not be started: {error}.") from None
    job = Job(target=target, folder=folder, log=log, process=process)
    jobs()[target] = job
    return job


def _launch(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    with log.open("wb") as handle:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
