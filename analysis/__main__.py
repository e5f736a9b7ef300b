"""Command line: ``python -m analysis map|information|health|report RUN...``, ``data DATA`` or
``worlds``.

Progress goes to standard output as JSON lines; a mistake of the user ends with one line on standard
error and exit status 2.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from prism_core.errors import PrismError

COMMANDS: Final = {
    "map": ("analysis.mapping", "compute maps of items and users"),
    "information": ("analysis.information.command", "decompose what image and text tell"),
    "health": ("analysis.health.command", "check that the experts keep their roles"),
    "worlds": ("analysis.information.worlds_command", "hold the estimator against known worlds"),
    "data": ("analysis.data_page", "write a page about a prepared data set"),
    "report": ("analysis.report", "write the standard figures and tables of a paper"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 on success, 2 where the input is at fault.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = arguments[0] if arguments else ""
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, (module, text) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text)
        if name == chosen:
            import_module(module).add_arguments(subparser)
    args = parser.parse_args(arguments)
    try:
        import_module(COMMANDS[args.command][0]).run(args)
    except PrismError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
