"""``python -m prism_core study``: every run of a study file, with one line per run."""

import argparse
from pathlib import Path

from prism_core.config.study import cells_of, read_study
from prism_core.devices import DEVICES
from prism_core.errors import TrainingError
from prism_core.studies import RECORD, run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``study``."""
    parser.add_argument("study", type=Path, metavar="STUDY.toml")
    parser.add_argument("--out", type=Path, required=True, help="folder that gets finished runs")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder to train in")
    parser.add_argument("--device", default="auto", help=f"one of {', '.join(DEVICES)}")
    parser.add_argument("--jobs", type=int, default=1, help="runs trained at the same time")


def run(args: argparse.Namespace) -> None:
    """Make all missing runs; fail at the end if one failed."""
    study = read_study(args.study)
    total = len(list(cells_of(study)))
    print(f"{args.study}: {total} runs to train into {args.out}", flush=True)
    failed = 0
    for outcome in run_study(study, args.out, args.work, device=args.device, jobs=args.jobs):
        failed += outcome.status == "failed"
        print(f"{outcome.status:14s} {outcome.run_id}  {outcome.reason}".rstrip(), flush=True)
    if failed:
        raise TrainingError(
            f"{failed} runs failed, see {args.out / RECORD}; the same command tries them again."
        )
