"""The vectors of items that a question may take as a source: features, projections, parts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.table import FloatArray
from prism_core.errors import DataError
from prism_core.names import ID
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

PROJECTED: Final = "projected "
"""Before a modality's name: its features as the model reads them."""

REST: Final = "rest"
"""All other sources of the same family, side by side."""

Known = NDArray[np.bool_]


def source_names(run: Run, dataset: Dataset) -> tuple[str, ...]:
    """Name every source a run offers: modalities, projected ones, parts, then the item id."""
    projected = [PROJECTED + name for name in dataset.modalities if _is_projected(run, name)]
    return (*dataset.modalities, *projected, *part_names(run))


def part_names(run: Run) -> tuple[str, ...]:
    """Name the parts whose vectors a run has stored, then the item id."""
    return (*run.parts, ID) if run.parts and run.has_vectors else ()


def family(name: str, run: Run, dataset: Dataset) -> tuple[str, ...]:
    """Name the sources that are of the same kind as one: features, projections or parts.

    The item id is no part: it is never in the rest of one.
    """
    if name in run.parts:
        return run.parts
    everything = source_names(run, dataset)
    if name.startswith(PROJECTED):
        return tuple(one for one in everything if one.startswith(PROJECTED))
    return dataset.modalities


def item_vectors(name: str, run: Run, dataset: Dataset) -> tuple[FloatArray, Known]:
    """Give vectors ``(N + 1, d)`` by item index, and which of them exist.

    Raises
    ------
    DataError
        The run and its data set have no such source.
    """
    if name in dataset.modalities:
        features = dataset.features(name)
        return features.vectors.astype(float), features.available
    if name in part_names(run):
        vectors = run.vectors()[f"items.{name}"].astype(float)
        return vectors, np.arange(len(vectors)) > 0
    if name in source_names(run, dataset):
        return _projected(run, name.removeprefix(PROJECTED))
    known = ", ".join(source_names(run, dataset))
    raise DataError(f"Run {run.run_id!r} has no source {name!r}; choose one of {known}.")


def _is_projected(run: Run, modality: str) -> bool:
    return run.has_model and bool(run.weights([_rows(modality)]))


def _rows(modality: str) -> str:
    return f"content.spaces.{modality}.rows"


def _projected(run: Run, modality: str) -> tuple[FloatArray, Known]:
    """A modality as the model reads it: reduced, and in most modes through a linear map.

    The modes that follow the publications scale rows to length 1 first; only their map has a bias.
    """
    keys = (modality, str(run.modalities.index(modality)))
    wanted = [f"content.projections.{key}.{name}" for key in keys for name in ("weight", "bias")]
    available = f"content.spaces.{modality}.available"
    stored = run.weights([_rows(modality), available, *wanted])
    rows = stored[_rows(modality)].astype(float)
    weight = next((v for k, v in stored.items() if k.endswith(".weight")), None)
    bias = next((v for k, v in stored.items() if k.endswith(".bias")), None)
    if bias is not None:
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    vectors = rows if weight is None else rows @ weight.T.astype(float)
    return vectors + (0.0 if bias is None else bias), stored[available].astype(bool)
