"""The command ``python -m analysis health``: measure a run's parts and store the verdicts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.events import emit
from analysis.health.freshness import ARTIFACT, DEFAULTS, content_key
from analysis.health.probes import probe_scores
from analysis.health.roles import beyond, role
from analysis.health.verdicts import judge, measure
from analysis.information.questions import Settings
from analysis.timing import Progress
from analysis.unfinished import Unfinished
from prism_core.errors import DataError
from prism_core.store.datasets import DESCRIPTION, Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--dataset",
        type=Path,
        help="data-set folder; default: the run's own. Without one, probes and information are "
        "left out",
    )
    parser.add_argument("--permutations", type=int, default=DEFAULTS["permutations"])
    parser.add_argument("--seed", type=int, default=DEFAULTS["seed"])


def run(args: argparse.Namespace) -> None:
    """Measure the parts of every run; a run whose result is stored already is left alone."""
    settings = {name: getattr(args, name) for name in DEFAULTS}
    for path in args.runs:
        one = Run(path)
        dataset = _dataset(one, args.dataset)
        key = content_key(one, dataset.fingerprint if dataset else None, settings)
        computed = artifact_key(path, ARTIFACT) != key
        if computed:
            unfinished = Unfinished.of_run(path, key)
            table = health_table(one, dataset, args, unfinished)
            add_artifact(path, ARTIFACT, table, key=key, settings=settings)
            unfinished.discard()
        emit("health", run=one.run_id, computed=computed)
    emit("finished", done=len(args.runs), total=len(args.runs))


def _dataset(one: Run, given: Path | None) -> Dataset | None:
    """The data set of a run, if it is here.

    Raises
    ------
    DataError
        When the one that was named is not the run's.
    """
    origin = one.manifest["dataset"]
    if given is None and not (Path(origin["path"]) / DESCRIPTION).is_file():
        return None
    dataset = Dataset(given or Path(origin["path"]))
    if dataset.fingerprint == origin["fingerprint"]:
        return dataset
    if given is None:
        return None
    raise DataError(f"{given}: not the data set that run {one.run_id!r} was trained on.")


def health_table(
    one: Run,
    dataset: Dataset | None,
    args: argparse.Namespace,
    unfinished: Unfinished | None = None,
) -> pd.DataFrame:
    """Everything about a run's parts in rows.

    Parameters
    ----------
    args
        ``permutations`` and ``seed``.
    unfinished
        Keeps what each part's probes and information said, so that a stopped check goes on there.

    Returns
    -------
    frame
        Columns part, quantity, other, value, text: the measures; one row ``verdict`` for each part
        with the verdict in `other`; its evidence is put into words by
        `analysis.health.verdicts.stored_verdicts`. With a data set also the probes'
        scores (`analysis.health.probes`) and the atoms ``role_<atom>`` and ``beyond_<atom>``
        (`analysis.health.roles`) with intervals, nulls, retention and samples per cell.

    Raises
    ------
    DataError
        When the run has no parts or was stored without vectors.
    """
    if not one.parts:
        raise DataError(f"Run {one.run_id!r} has no parts to check.")
    vectors = one.vectors()
    parts = {part: vectors[f"items.{part}"][1:] for part in one.parts}
    without = {
        modality: {part: vectors[f"items.{part}.without_{modality}"][1:] for part in one.parts}
        for modality in one.modalities
    }
    measures = measure(parts, without).assign(text="")
    if dataset is not None:
        pieces = unfinished or Unfinished()
        measures = pd.concat(
            [measures, *_from_data(one, parts, dataset, args, pieces)], ignore_index=True
        )
    verdicts = [(one.part, "verdict", one.verdict, np.nan, "") for one in judge(measures)]
    columns = ["part", "quantity", "other", "value", "text"]
    return pd.concat([measures, pd.DataFrame(verdicts, columns=columns)], ignore_index=True)


def _from_data(
    one: Run,
    parts: dict[str, np.ndarray],
    dataset: Dataset,
    args: argparse.Namespace,
    pieces: Unfinished,
) -> list[pd.DataFrame]:
    """Probes and information, which need the features."""
    progress = Progress(1 + 2 * len(parts))
    settings = Settings(permutations=args.permutations, seed=args.seed)
    available = np.logical_and.reduce([dataset.features(n).available for n in dataset.modalities])
    work: dict[str, Callable[[], pd.DataFrame]] = {
        "probes": lambda: probe_scores(parts, available[1:], dataset, args.seed).assign(text="")
    }
    for part, array in parts.items():
        name = part.replace("_", " ")
        work[f"what the modalities tell of {name}"] = partial(
            role,
            part,
            array,
            dataset,
            permutations=args.permutations,
            seed=args.seed,
            on_step=progress.step,
        )
        work[f"what {name} adds to the rest"] = partial(
            beyond, part, one, dataset, settings, progress.step
        )
    frames = []
    for number, (label, make) in enumerate(work.items()):
        progress.start(number, f"{one.run_id}: {label}")
        if pieces.has(piece := label.replace(" ", "-")):
            progress.skip()
        frames.append(pieces.frame(piece, make))
    return frames
