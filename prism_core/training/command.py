"""``python -m prism_core train``: one run, from the command line."""

import argparse
from pathlib import Path

from prism_core.config.reading import to_dict
from prism_core.config.run import RunConfig, load_run_config, preset_names
from prism_core.devices import DEVICES
from prism_core.errors import ConfigError
from prism_core.training.progress import reporter_for_terminal
from prism_core.training.ray_launcher import train_with_ray
from prism_core.training.runs import stored_config, train_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``train``."""
    parser.add_argument(
        "--preset", metavar="NAME", help=f"one of {', '.join(preset_names())}, or a path"
    )
    parser.add_argument(
        "--like", type=Path, metavar="RUN", help="the configuration of that run folder"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML laid over the preset")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        dest="overrides",
        help="one value laid over preset and file; may be repeated",
    )
    parser.add_argument("--seed", type=int, help="seed of the run")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of run folders")
    parser.add_argument("--device", default="auto", help=f"one of {', '.join(DEVICES)}")
    parser.add_argument(
        "--resume",
        nargs="?",
        const=True,
        metavar="RUN",
        help="continue an unfinished run: that folder, or the one of the given preset",
    )
    parser.add_argument(
        "--split-items",
        action="store_true",
        help="with several processes: each holds the id vectors of its share of the items only",
    )
    parser.add_argument(
        "--ray", type=int, metavar="N", help="start N processes with Ray Train, if it is installed"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a run of the same id")


def run(args: argparse.Namespace) -> None:
    """Train the run and print its folder."""
    config, root = _what_and_where(args)
    print(f"run folder: {root / config.run_id}", flush=True)
    options = {
        "device": args.device,
        "resume": args.resume is not None,
        "overwrite": args.overwrite,
        "split_items": args.split_items,
    }
    if args.ray is not None:
        train_with_ray(config, root, args.ray, **options)
    else:
        train_run(config, root, reporter=reporter_for_terminal(), **options)


def _what_and_where(args: argparse.Namespace) -> tuple[RunConfig, Path]:
    if isinstance(args.resume, str):
        given = (args.preset, args.config, args.like, args.overrides)
        if any(given) or args.seed is not None:
            raise ConfigError("--resume RUN continues that run as it is; give no other settings.")
        folder = Path(args.resume)
        return stored_config(folder), folder.parent
    if not (args.preset or args.config or args.like):
        names = ", ".join(preset_names())
        raise ConfigError(f"give --preset, --config or --like; presets: {names}.")
    changes = {} if args.seed is None else {"seed": args.seed}
    base = to_dict(stored_config(args.like)) if args.like else None
    config = load_run_config(
        preset=args.preset, file=args.config, base=base, overrides=args.overrides, changes=changes
    )
    return config, args.out
