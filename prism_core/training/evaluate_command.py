"""``python -m prism_core evaluate``: rank again with a stored model, beside the stored metrics."""

import argparse
from pathlib import Path

from prism_core.data.sequences import Sequences
from prism_core.devices import DEVICES
from prism_core.errors import DataError
from prism_core.evaluation.metrics import summary
from prism_core.scoring import Recommender
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.training.recording import rank_split
from prism_core.training.runs import stored_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``evaluate``."""
    parser.add_argument("run_folder", type=Path, metavar="RUN")
    parser.add_argument("--data", type=Path, help="data-set folder; the run's own by default")
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    parser.add_argument("--device", default="auto", help=f"one of {', '.join(DEVICES)}")


def run(args: argparse.Namespace) -> None:
    """Print every metric as measured now and as stored.

    Raises
    ------
    DataError
        The data are not those the run was trained on.
    """
    stored, config = Run(args.run_folder), stored_config(args.run_folder)
    dataset = Dataset(args.data or Path(config.data.path))
    if dataset.fingerprint != stored.manifest["dataset"]["fingerprint"]:
        raise DataError(f"{dataset.path}: not the data that {stored.run_id} was trained on.")
    model = Recommender.load(args.run_folder, dataset, args.device).model
    now = summary(rank_split(model, Sequences(dataset), args.split, config).rank)
    table = stored.table("metrics")
    then = table[table["split"] == args.split].set_index(["metric", "k"])["value"]
    print(f"{'metric':10s} {'now':>8s} {'stored':>8s}")
    for name, value in now.items():
        metric, _, k = name.partition("@")
        print(f"{name:10s} {value:8.4f} {then[metric, int(k)]:8.4f}")
