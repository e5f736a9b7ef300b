"""The runs of a study as Ray tasks, on one machine or a cluster that shares its folders."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import torch

from prism_core.config.study import Cell
from prism_core.errors import MissingExtraError
from prism_core.studies.cells import Outcome, Task, Tell

POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class RayTasks:
    """One Ray task per run; Ray chooses the machine and the GPU.

    Attributes
    ----------
    jobs
        Runs made at the same time on this machine where Ray is started here; a running cluster,
        found through ``RAY_ADDRESS``, decides for itself.
    device
        Device of every task.

    Notes
    -----
    Every machine must see the study's folders under the same paths.
    """

    jobs: int
    device: str = "auto"

    def __call__(self, cells: Sequence[Cell], task: Task, tell: Tell) -> None:
        ray = _load_ray()
        cpus = max(1, (os.cpu_count() or 1) // self.jobs)
        gpus = min(1.0, torch.cuda.device_count() / self.jobs) if self.device != "cpu" else 0
        ray.init(log_to_driver=False, include_dashboard=False, **_local_size(cpus * self.jobs))
        try:
            from ray.util.queue import Queue

            told = Queue()
            remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_make)
            pending = {remote.remote(task, c, self.device, cpus, told): c for c in cells}
            self._collect(ray, pending, told, tell)
        finally:
            ray.shutdown()

    def _collect(self, ray: ModuleType, pending: dict[Any, Cell], told: Any, tell: Tell) -> None:
        try:
            while pending:
                done, _ = ray.wait(list(pending), num_returns=1, timeout=POLL_SECONDS)
                _pass_on(told, tell)
                for reference in done:
                    tell(_outcome(ray, reference, pending.pop(reference)))
        except BaseException:
            for reference in pending:
                ray.cancel(reference, force=False)
            ray.wait(list(pending), num_returns=len(pending), timeout=30)
            raise


def _make(task: Task, cell: Cell, device: str, cpus: int, told: Any) -> Outcome:
    torch.set_num_threads(cpus)
    return task(cell, device, told.put)


def _outcome(ray: ModuleType, reference: Any, cell: Cell) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayError as error:
        reason = f"its Ray task ended: {str(error).splitlines()[0]}"
        return Outcome(cell.config.run_id, cell.label, "failed", reason)
    return outcome


def _pass_on(told: Any, tell: Tell) -> None:
    for update in told.get_nowait_batch(told.qsize()):
        tell(update)


def _local_size(cpus: int) -> dict[str, int]:
    return {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": cpus}


def _load_ray() -> ModuleType:
    try:
        import ray
    except ImportError:
        raise MissingExtraError(
            "--launcher ray needs the package Ray: pip install ray; or leave the option out, "
            "which uses processes of this machine."
        ) from None
    return ray
