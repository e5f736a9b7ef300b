"""``python -m prism_core study``: every run of a study file."""

import argparse
from pathlib import Path
from typing import Final

from prism_core.config.study import read_study
from prism_core.devices import DEVICES
from prism_core.errors import ConfigError, TrainingError
from prism_core.store.study_record import RECORD
from prism_core.studies.cells import Task
from prism_core.studies.launchers import Launcher, Processes, Serial, worker_devices
from prism_core.studies.ray_launcher import RayTasks
from prism_core.studies.study import count_runs, run_study
from prism_core.studies.view import view_for_terminal

LAUNCHERS: Final = ("processes", "ray")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``study``."""
    parser.add_argument("study", type=Path, metavar="STUDY.toml")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets finished runs")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder to train in")
    parser.add_argument("--device", default="auto", help=f"one of {', '.join(DEVICES)}")
    parser.add_argument(
        "--jobs", type=int, default=1, help="runs trained at the same time; 0: one per GPU"
    )
    parser.add_argument("--launcher", choices=LAUNCHERS, default=LAUNCHERS[0])
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="only runs '<name> seed <number>' like this"
    )
    parser.set_defaults(continued_by="the same command")


def run(args: argparse.Namespace) -> None:
    """Make all missing runs; fail at the end if one failed."""
    study = read_study(args.study)
    total = count_runs(study, args.only)
    devices = worker_devices(args.device, _checked(args.jobs))
    with view_for_terminal(total, len(devices)) as tell:
        launch = _launcher(args, devices)
        outcomes = run_study(study, Task(args.out, args.work), launch, tell, only=args.only)
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if failed:
        raise TrainingError(
            f"{failed} runs failed, see {args.out / RECORD}; the same command tries them again."
        )


def _launcher(args: argparse.Namespace, devices: tuple[str, ...]) -> Launcher:
    if args.launcher == "ray":
        return RayTasks(len(devices), args.device)
    return Serial(devices[0]) if len(devices) == 1 else Processes(devices)


def _checked(jobs: int) -> int:
    if jobs < 0:
        raise ConfigError(f"--jobs {jobs}: give at least 0.")
    return jobs
