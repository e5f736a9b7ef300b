"""Ratios of two things measured in turn, and a table of what was found."""

import time
from collections.abc import Callable, Sequence

import torch

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """Processor time of one call, or elapsed time where a GPU does the work."""
    if not torch.cuda.is_available():
        began = time.process_time()
        work()
        return time.process_time() - began
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def shortest(works: Sequence[Work], repeats: int = 3) -> list[float]:
    """Shortest time of each, measured in turn after one call each to warm up."""
    for work in works:
        work()
    rounds = [[seconds(work) for work in works] for _ in range(repeats)]
    return [min(times) for times in zip(*rounds, strict=True)]


def shortest_in_pieces(works: Sequence[Sequence[Work]], repeats: int = 3) -> list[float]:
    """Sum of the shortest times of each work's pieces, of which all works have as many.

    Works take turns piece by piece: on a machine whose speed changes from minute to minute long
    works cannot be compared as a whole.
    """
    pieces = [shortest(alike, repeats) for alike in zip(*works, strict=True)]
    return [sum(times) for times in zip(*pieces, strict=True)]


def report(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print a small table under its title."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)))
