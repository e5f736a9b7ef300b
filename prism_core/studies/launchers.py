"""Where the runs of a study are made: here, one after the other, or in worker processes."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final, Protocol

import torch

from prism_core.config.study import Cell
from prism_core.studies.cells import Outcome, Task, Tell

PATIENCE: Final = 30.0
"""Seconds a worker gets to store what it has when it is told to stop."""


class Launcher(Protocol):
    """Makes all runs and tells of each as it goes on; an interrupt stops every one of them."""

    def __call__(self, cells: Sequence[Cell], task: Task, tell: Tell) -> None: ...


@dataclass(frozen=True, slots=True)
class Serial:
    """One run after the other, in this process."""

    device: str

    def __call__(self, cells: Sequence[Cell], task: Task, tell: Tell) -> None:
        for cell in cells:
            tell(task(cell, self.device, tell))


@dataclass(frozen=True, slots=True)
class Processes:
    """Worker processes, each on a device of its own or sharing one.

    Attributes
    ----------
    devices
        Device of each worker.
    """

    devices: tuple[str, ...]

    def __call__(self, cells: Sequence[Cell], task: Task, tell: Tell) -> None:
        waiting = deque(cells)
        workers = [_Worker(device, task, len(self.devices)) for device in self.devices]
        try:
            busy = [worker for worker in workers if worker.take(waiting)]
            while busy:
                ready = wait([worker.connection for worker in busy])
                for worker in [w for w in busy if w.connection in ready]:
                    if worker.hear(tell):
                        worker.take(waiting)
                busy = [worker for worker in busy if worker.cell is not None]
        finally:
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                worker.end()


class _Worker:
    """One process that makes one run at a time."""

    def __init__(self, device: str, task: Task, jobs: int) -> None:
        self._start: Callable[[], None] = lambda: self._open(device, task, jobs)
        self.cell: Cell | None = None
        self._start()

    def _open(self, device: str, task: Task, jobs: int) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = (theirs, device, task, jobs)
        self.process: SpawnProcess = context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def take(self, waiting: deque[Cell]) -> bool:
        """Begin the next run, if there is one."""
        self.cell = waiting.popleft() if waiting else None
        if self.cell is not None:
            self.connection.send(self.cell)
        return self.cell is not None

    def hear(self, tell: Tell) -> bool:
        """Pass on one message; say whether the run is over. A worker that died is replaced."""
        assert self.cell is not None
        try:
            update = self.connection.recv()
        except (EOFError, ConnectionError):
            update = self._epitaph(self.cell)
            self._start()
        tell(update)
        return isinstance(update, Outcome)

    def _epitaph(self, cell: Cell) -> Outcome:
        self.process.join(PATIENCE)
        reason = f"its process ended with exit code {self.process.exitcode}"
        if self.process.exitcode == -signal.SIGKILL:
            reason += ", most likely because memory ran out; use fewer --jobs"
        return Outcome(cell.config.run_id, cell.label, "failed", reason + ".")

    def end(self) -> None:
        """Wait until the process is gone; one that does not go is killed."""
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


def _work(connection: Connection, device: str, task: Task, jobs: int) -> None:
    """Make runs until told to stop; the parent decides when, not the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    try:
        while True:
            connection.send(task(connection.recv(), device, connection.send))
    except (KeyboardInterrupt, EOFError, ConnectionError):
        return


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """Stop this process when its parent is gone, however that ended."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def worker_devices(device: str, jobs: int) -> tuple[str, ...]:
    """Name the device of each of ``jobs`` workers: GPUs in turn where there are several.

    Parameters
    ----------
    device
        As given on the command line: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
    jobs
        Number of workers; 0 for one per GPU, or one where there is none.
    """
    gpus = torch.cuda.device_count() if device in ("auto", "cuda") else 0
    jobs = jobs or max(1, gpus)
    return tuple(f"cuda:{number % gpus}" if gpus else device for number in range(jobs))
