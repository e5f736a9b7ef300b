"""The command ``python -m analysis health``: measure a run's parts and store the verdicts."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from analysis.events import emit
from analysis.health import judge, measure
from analysis.information.decomposition import ATOMS
from analysis.information.estimate import estimate
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key

ARTIFACT: Final = "health"
CLUSTERS: Final = 6
_REVISION: Final = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--dataset", type=Path, help="data-set folder: adds what image and text tell of each part"
    )
    parser.add_argument("--permutations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> None:
    """Measure the parts of every run; a run whose result is stored already is left alone."""
    dataset = Dataset(args.dataset) if args.dataset else None
    for done, path in enumerate(args.runs):
        emit("progress", done=done, total=len(args.runs), what=path.name)
        one = Run(path)
        key = _key(one, dataset, args)
        computed = artifact_key(path, ARTIFACT) != key
        if computed:
            add_artifact(path, ARTIFACT, health_table(one, dataset, args), key=key)
        emit("health", run=one.run_id, computed=computed)
    emit("finished", done=len(args.runs), total=len(args.runs))


def _key(one: Run, dataset: Dataset | None, args: argparse.Namespace) -> str:
    vectors = one.manifest["files"].get("vectors.safetensors", {}).get("sha256")
    data = dataset.fingerprint if dataset else None
    content = [_REVISION, vectors, data, args.permutations, args.seed]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def health_table(one: Run, dataset: Dataset | None, args: argparse.Namespace) -> pd.DataFrame:
    """Everything about a run's parts in rows.

    Returns
    -------
    frame
        Columns part, quantity, other, value, text: the measures; one row ``verdict`` for each part
        with the verdict in `other` and the evidence in `text`; with a data set the atoms
        ``role_<atom>`` of (image, text; the part's item cluster) with low, high, null_95 and
        distinguishable.

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
    measures = measure(parts, without)
    verdicts = [(v.part, "verdict", v.verdict, np.nan, v.evidence) for v in judge(measures)]
    columns = ["part", "quantity", "other", "value", "text"]
    frames = [measures.assign(text=""), pd.DataFrame(verdicts, columns=columns)]
    if dataset is not None:
        for done, (part, array) in enumerate(parts.items()):
            emit("progress", done=done, total=len(parts), what=f"image and text of {part}")
            frames.append(_role(part, array, dataset, args))
    return pd.concat(frames, ignore_index=True)


def _role(
    part: str, vectors: np.ndarray, dataset: Dataset, args: argparse.Namespace
) -> pd.DataFrame:
    """What image and text tell of where a part puts each item."""
    image, text = (dataset.features(name) for name in dataset.modalities[:2])
    both = (image.available & text.available)[1:]
    clusters = _clusters(vectors[both], args.seed)
    try:
        found = estimate(
            image.vectors[1:][both],
            text.vectors[1:][both],
            clusters,
            permutations=args.permutations,
            seed=args.seed,
        ).frame()
    except DataError as error:
        return pd.DataFrame(
            [{"part": part, "quantity": "role", "value": np.nan, "text": str(error)}]
        )
    kept = found[found["atom"].isin(ATOMS)]
    shown = kept[["value", "low", "high", "null_95", "distinguishable"]]
    return shown.assign(part=part, quantity="role_" + kept["atom"], other="", text="")


def _clusters(vectors: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    distinct = len(np.unique(vectors.round(9), axis=0))
    size = min(CLUSTERS, distinct)
    if size < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    return KMeans(size, n_init=3, random_state=seed).fit_predict(vectors).astype(np.int64)
