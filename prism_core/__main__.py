"""The command line: ``python -m prism_core COMMAND``; `COMMANDS` lists them."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final

from prism_core.errors import PrismError
from prism_core.store.export import OPTIONAL, export_run
from prism_core.store.reader import Run

Declare = Callable[[argparse.ArgumentParser], None]


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0, or 2 after an error the user can mend, or 130 if stopped.
    """
    args = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        args.run(args)
        sys.stdout.flush()
    except PrismError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt as stop:
        print(f"stopped; {getattr(args, 'continued_by', '--resume')} continues", file=sys.stderr)
        if str(stop):
            print(stop, file=sys.stderr)
        return 130
    return 0


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m prism_core", description="The core of PRISM.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (add, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name in arguments[:1]:
            add(command)
    return parser


def _command(module: str) -> Declare:
    """Load a command's module only once that command is asked for: torch takes seconds."""

    def declare(parser: argparse.ArgumentParser) -> None:
        command = import_module(module)
        command.add_arguments(parser)
        parser.set_defaults(run=command.run)

    return declare


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="folder of run folders"
    )
    parser.add_argument(
        "--without",
        default="",
        metavar="NAMES",
        help=f"comma-separated, from {', '.join(OPTIONAL)}",
    )
    parser.add_argument("--compact", action="store_true", help="store scores with fewer bits")
    parser.set_defaults(run=_run_export)


def _run_export(args: argparse.Namespace) -> None:
    without = tuple(name for name in args.without.split(",") if name)
    run_id = Run(args.run_folder).run_id
    target = args.to / run_id
    print(export_run(args.run_folder, target, without=without, compact=args.compact))


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


COMMANDS: Final[dict[str, tuple[Declare, str]]] = {
    "prepare": (_command("prism_core.data.command"), "bring raw data into the data-set format"),
    "options": (_command("prism_core.config.options_command"), "list presets and options"),
    "train": (_command("prism_core.training.command"), "train one run"),
    "floors": (_command("prism_core.evaluation.floors_command"), "score untrained baselines"),
    "evaluate": (_command("prism_core.training.evaluate_command"), "rank with a stored model"),
    "export": (_export, "copy a run, without its large files if wanted"),
    "study": (_command("prism_core.study_command"), "train every run of a study file"),
    "truth": (_command("prism_core.truth_command"), "hold the parts against known worlds"),
}

if __name__ == "__main__":
    sys.exit(main())
