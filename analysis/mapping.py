"""The command ``python -m analysis map``: compute and store the maps of some runs."""

import argparse
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from analysis import maps, spaces
from analysis.alignment import store_aligned
from analysis.events import emit
from analysis.map_points import points_of
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

LABELS = ("category", "top_part")
"""Groups whose separation is measured in every space."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--method", choices=maps.METHODS, default="umap")
    parser.add_argument("--scope", choices=spaces.SCOPES, help="only items or only users")
    parser.add_argument(
        "--space", action="append", help="only this space (repeatable), such as synergy or state"
    )
    parser.add_argument(
        "--dataset", type=Path, help="data-set folder: raw_image, raw_text, users by their history"
    )
    parser.add_argument("--neighbours", type=int, default=15)
    parser.add_argument("--min-dist", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--aligned", action="store_true", help="align one space over all given runs (AlignedUMAP)"
    )
    parser.add_argument(
        "--into", type=Path, metavar="RUNS",
        help="with --aligned: store in the runs of the same id below this folder",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Compute every map that is asked for and not stored yet."""
    settings = maps.MapSettings(
        method=args.method, neighbours=args.neighbours, min_dist=args.min_dist, seed=args.seed
    )
    runs = [Run(path) for path in args.runs]
    dataset = Dataset(args.dataset) if args.dataset else None
    if args.aligned:
        _store_aligned(runs, args, dataset, settings)
        return
    work = [(one, *found) for one in runs for found in _wanted(one, args, dataset)]
    if not work:
        raise DataError("nothing to map: these runs were stored without vectors.")
    for done, (one, scope, space) in enumerate(work):
        emit("progress", done=done, total=len(work), run=one.run_id, what=f"{scope} by {space}")
        vectors = spaces.vectors_of(one, scope, space, dataset)
        name = maps.map_name(scope, space, settings.method)
        computed = maps.store_map(one, name, vectors, settings, _labels(one, scope))
        emit("map", run=one.run_id, name=name, computed=computed)
    emit("finished", done=len(work), total=len(work))


def _wanted(
    one: Run, args: argparse.Namespace, dataset: Dataset | None
) -> Iterator[tuple[str, str]]:
    """Name the maps to compute; users by their history only where that is asked for."""
    if args.space:
        yield from ((args.scope or _scope_of(space), space) for space in args.space)
        return
    for scope in [args.scope] if args.scope else spaces.SCOPES:
        known = spaces.spaces_of(one, scope, dataset if scope == spaces.ITEMS else None)
        yield from ((scope, space) for space in known)


def _scope_of(space: str) -> str:
    return spaces.USERS if space in (spaces.STATE, spaces.WEIGHTS) else spaces.ITEMS


@cache
def _labels(one: Run, scope: str) -> dict[str, np.ndarray]:
    points = points_of(one, scope)
    return {name: points[name].astype(str).to_numpy() for name in LABELS if name in points}


def _common_spaces(runs: list[Run]) -> list[str]:
    """Item spaces that all runs have, in their order."""
    first, *others = (spaces.item_spaces(one) for one in runs)
    return [space for space in first if all(space in other for other in others)]


def _store_aligned(
    runs: list[Run], args: argparse.Namespace, dataset: Dataset | None, settings: maps.MapSettings
) -> None:
    """Align spaces over several runs."""
    if len(runs) < 2:
        raise DataError("--aligned needs two or more runs.")
    scope = args.scope or spaces.ITEMS
    folders = [args.into / one.run_id for one in runs] if args.into else None
    asked = args.space or _common_spaces(runs)
    for done, space in enumerate(asked):
        emit("progress", done=done, total=len(asked), what=f"{scope} by {space}")
        tables = [spaces.vectors_of(one, scope, space, dataset) for one in runs]
        computed = store_aligned(
            runs, tables, scope=scope, space=space, settings=settings, folders=folders,
            labels=[_labels(one, scope) for one in runs],
        )  # fmt: skip
        emit("map", name=f"{scope} by {space}", computed=computed)
    emit("finished", done=len(asked), total=len(asked))
