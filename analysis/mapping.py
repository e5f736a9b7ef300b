"""The command ``python -m analysis map``: compute and store the maps of some runs."""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis import maps, spaces
from analysis.events import emit
from analysis.neighbours import movers
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--method", choices=maps.METHODS, default="umap")
    parser.add_argument(
        "--space", action="append", help="only this space (repeatable); 'state' maps the users"
    )
    parser.add_argument("--dataset", type=Path, help="data-set folder, for raw_image and raw_text")
    parser.add_argument("--neighbours", type=int, default=15)
    parser.add_argument("--min-dist", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--aligned", action="store_true", help="align one space over all given runs (AlignedUMAP)"
    )


def run(args: argparse.Namespace) -> None:
    """Compute every map that is asked for and not stored yet."""
    settings = maps.MapSettings(
        method=args.method, neighbours=args.neighbours, min_dist=args.min_dist, seed=args.seed
    )
    runs = [Run(path) for path in args.runs]
    dataset = Dataset(args.dataset) if args.dataset else None
    if args.aligned:
        _store_aligned(runs, args.space or _common_spaces(runs), dataset, settings)
        return
    work = [(one, name) for one in runs for name in _wanted(one, args.space, dataset)]
    for done, (one, space) in enumerate(work):
        emit("progress", done=done, total=len(work), run=one.run_id, what=space)
        scope, vectors = _vectors(one, space, dataset)
        name = maps.map_name(scope, space, settings.method)
        computed = maps.store_map(one, name, vectors, settings)
        emit("map", run=one.run_id, name=name, computed=computed)
    emit("finished", done=len(work), total=len(work))


def _wanted(one: Run, asked: list[str] | None, dataset: Dataset | None) -> Iterator[str]:
    if asked:
        yield from asked
        return
    yield from spaces.item_spaces(one, dataset)
    yield "state"


def _vectors(one: Run, space: str, dataset: Dataset | None) -> tuple[str, np.ndarray]:
    if space == "state":
        return "users", spaces.user_vectors(one)
    return "items", spaces.item_vectors(one, space, dataset)


def _common_spaces(runs: list[Run]) -> list[str]:
    """Item spaces that all runs have, in their order."""
    first, *others = (spaces.item_spaces(one) for one in runs)
    return [space for space in first if all(space in other for other in others)]


def _store_aligned(
    runs: list[Run], asked: list[str], dataset: Dataset | None, settings: maps.MapSettings
) -> None:
    """Align spaces over several runs; a map also holds each row's overlap with the first run."""
    if len(runs) < 2:
        raise DataError("--aligned needs two or more runs.")
    for done, space in enumerate(asked):
        emit("progress", done=done, total=len(asked), what=space)
        found = [_vectors(one, space, dataset) for one in runs]
        name = maps.map_name(found[0][0], space, "aligned")
        computed = _align(runs, [vectors for _, vectors in found], name, settings)
        for one in runs:
            emit("map", run=one.run_id, name=name, computed=computed)
    emit("finished", done=len(asked), total=len(asked))


def _align(
    runs: list[Run], tables: list[np.ndarray], name: str, settings: maps.MapSettings
) -> bool:
    """Compute and store one aligned map, unless every run has it already."""
    keys = "".join(maps.map_key(table, settings) for table in tables)
    key = hashlib.sha256(keys.encode()).hexdigest()[:16]
    if all(artifact_key(one.path, f"maps/{name}") == key for one in runs):
        return False
    planes = maps.project_aligned(tables, settings)
    group = "+".join(one.run_id for one in runs)
    for one, table, plane in zip(runs, tables, planes, strict=True):
        frame = maps.plane_frame(plane).assign(group=group)
        frame["overlap"] = frame["row"].map(movers(tables[0], table).set_index("row")["overlap"])
        add_artifact(one.path, f"maps/{name}", frame, key=key)
    return True
