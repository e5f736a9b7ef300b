"""``python -m prism_core truth``: hold each mode's parts against worlds with known parts."""

import argparse
from pathlib import Path

import pandas as pd

from prism_core.config.model import MODES
from prism_core.errors import ConfigError
from prism_core.store.files import replacing
from prism_core.truth import EPOCHS, measure_truth, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``truth``."""
    parser.add_argument("--modes", default=",".join(MODES), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to this number less one")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, help="CSV file that gets one row per number")


def run(args: argparse.Namespace) -> None:
    """Measure mode by mode and seed by seed, then print one table per mode."""
    modes = tuple(args.modes.split(","))
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown or args.seeds < 1:
        raise ConfigError(
            f"--modes {args.modes} --seeds {args.seeds}: choose modes from {', '.join(MODES)} "
            "and at least one seed."
        )
    frames = []
    for mode in modes:
        for seed in range(args.seeds):
            frames.append(measure_truth([mode], [seed], epochs=args.epochs))
            print(f"{mode}, seed {seed}: measured", flush=True)
    frame = pd.concat(frames, ignore_index=True)
    if args.out is not None:
        with replacing(args.out) as path:
            frame.to_csv(path, index=False)
    print(report(frame))
