"""The command ``python -m analysis worlds``: estimate worlds with known atoms and store the table.

The page Information and the README show the stored table; nothing else depends on it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Final

from analysis.events import emit
from analysis.information.truth import RECOVERED, markdown_table, recovered
from prism_core.store.files import replacing

SAMPLE_SIZES: Final = (1_000, 5_000, 20_000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--out", type=Path, default=RECOVERED, help="default: the bundled table")
    parser.add_argument("--samples", type=int, nargs="+", default=SAMPLE_SIZES, metavar="N")
    parser.add_argument("--permutations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown too")


def run(args: argparse.Namespace) -> None:
    """Estimate every world at every sample size and write one table."""
    begun = time.monotonic()

    def tell(done: int, total: int) -> None:
        left = (time.monotonic() - begun) / done * (total - done)
        emit("progress", done=done, total=total, what="worlds", seconds_left=round(left, 1))

    table = recovered(
        sample_sizes=args.samples, permutations=args.permutations, seed=args.seed, on_step=tell
    )
    with replacing(args.out) as temporary:
        table.to_parquet(temporary, index=False)
    emit("finished", path=str(args.out), rows=len(table))
    if args.markdown:
        print(markdown_table(table))
