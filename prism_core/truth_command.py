"""``python -m prism_core truth``: hold each mode's parts against worlds with known parts."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from prism_core.config.model import MODES, ModelConfig
from prism_core.config.reading import build, merge, parse_override, to_dict
from prism_core.data.synthetic import WorldConfig
from prism_core.errors import ConfigError
from prism_core.store.files import replacing
from prism_core.truth import EPOCHS, TRUTH_MODEL, WORLD, measure_truth
from prism_core.truth_report import report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``truth``."""
    parser.add_argument("--modes", default=",".join(MODES), help="comma-separated")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to this number less one")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    for flag, what in (("--world", "the worlds"), ("--set", "the model")):
        parser.add_argument(
            flag, action="append", default=[], metavar="KEY=VALUE", help=f"one setting of {what}"
        )
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
    frames, world = [], build(WorldConfig, _changed(WORLD, args.world), "world")
    model = build(ModelConfig, _changed(TRUTH_MODEL, args.set), "model")
    for mode in modes:
        replace(model, mode=mode)  # refuses what that mode lacks, before any is measured
    for mode in modes:
        for seed in range(args.seeds):
            measured = measure_truth([mode], [seed], world=world, model=model, epochs=args.epochs)
            frames.append(measured)
            print(f"{mode}, seed {seed}: measured", flush=True)
    frame = pd.concat(frames, ignore_index=True)
    if args.out is not None:
        with replacing(args.out) as path:
            frame.to_csv(path, index=False)
    print(report(frame))


def _changed(config: Any, overrides: list[str]) -> dict[str, Any]:
    values = to_dict(config)
    for text in overrides:
        values = merge(values, parse_override(text))
    return values
