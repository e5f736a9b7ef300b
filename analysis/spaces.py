"""The vector spaces of a run: each part's item vectors, the raw features, the users' state."""

import numpy as np
import pandas as pd

from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run


def item_spaces(run: Run, dataset: Dataset | None = None) -> tuple[str, ...]:
    """Name the spaces in which a run's items lie: parts, then id, then raw features.

    Parameters
    ----------
    run
        A run with vectors.
    dataset
        The run's data set; without it the raw features are left out.
    """
    stored = run.vectors() if run.has_vectors else {}
    inner = [name for name in (*run.parts, "id", "fused") if f"items.{name}" in stored]
    return (*inner, *(f"raw_{name}" for name in (dataset.modalities if dataset else ())))


def item_vectors(run: Run, space: str, dataset: Dataset | None = None) -> np.ndarray:
    """Read the item vectors of one space.

    Parameters
    ----------
    run
        A run with vectors.
    space
        A part, ``id``, ``fused``, or ``raw_<modality>``.
    dataset
        The run's data set, needed for raw features.

    Returns
    -------
    numpy.ndarray
        ``(N, d)`` float32, row ``i`` for ``item_index`` ``i + 1``.

    Raises
    ------
    DataError
        The run has no such space, or the data set is needed and was not given.
    """
    if space.startswith("raw_"):
        return _raw_vectors(run, space.removeprefix("raw_"), dataset)
    vectors = run.vectors()
    if f"items.{space}" not in vectors:
        known = ", ".join(item_spaces(run, dataset)) or "none"
        raise DataError(f"Run {run.run_id!r} has no item space {space!r}; it has: {known}.")
    return vectors[f"items.{space}"][1:].astype(np.float32)


def user_vectors(run: Run) -> np.ndarray:
    """Read the users' states ``(U, D)`` float32, rows as in the run's ``users`` table.

    Raises
    ------
    DataError
        The run stored no user states.
    """
    vectors = run.vectors()
    if "users.state" not in vectors:
        raise DataError(f"Run {run.run_id!r} stored no user states.")
    return vectors["users.state"].astype(np.float32)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, so that Euclidean neighbours are cosine neighbours."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)


def top_part_of_items(run: Run) -> pd.Series:
    """Name the part with the longest vector for every item, by ``item_index``.

    Each part's lengths are divided by their mean over items first, since parts differ in scale.
    """
    vectors = run.vectors()
    lengths = np.stack([np.linalg.norm(vectors[f"items.{p}"][1:], axis=1) for p in run.parts], 1)
    relative = lengths / np.maximum(lengths.mean(axis=0), 1e-12)
    index = pd.RangeIndex(1, len(relative) + 1, name="item_index")
    return pd.Series(np.array(run.parts)[relative.argmax(axis=1)], index=index, name="top_part")


def items_for_maps(run: Run) -> pd.DataFrame:
    """Describe every item for a map, in row order.

    Returns
    -------
    pandas.DataFrame
        The run's items with ``category`` (the first one) and, where the run has parts and vectors,
        ``top_part``.
    """
    items = run.table("items").sort_values("item_index", ignore_index=True)
    names = items["categories"].map(lambda found: str(found[0]) if len(found) else "none")
    items = items.assign(category=names)
    if run.parts and run.has_vectors:
        items = items.join(top_part_of_items(run), on="item_index")
    return items


def users_for_maps(run: Run) -> pd.DataFrame:
    """Describe every user for a map, in row order.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``history_length``, ``rank`` of the true item, ``error`` (its logarithm to base
        2), and for a run with parts ``weight_<part>``, ``gate_entropy`` and ``top_part`` (largest
        weight).
    """
    users = run.table("users")
    ranks = run.table("user_metrics", ["user_id", "rank"]).set_index("user_id")["rank"]
    users = users.assign(rank=users["user_id"].map(ranks))
    users["error"] = np.log2(users["rank"])
    if run.parts:
        weights = users[[f"weight_{part}" for part in run.parts]].to_numpy()
        users["top_part"] = np.array(run.parts)[weights.argmax(axis=1)]
    return users


def _raw_vectors(run: Run, modality: str, dataset: Dataset | None) -> np.ndarray:
    if dataset is None:
        raise DataError(f"the raw {modality} features need the data set of run {run.run_id!r}.")
    if dataset.fingerprint != run.manifest["dataset"]["fingerprint"]:
        raise DataError(f"{dataset.path}: not the data set that run {run.run_id!r} was trained on.")
    return dataset.features(modality).vectors[1:]
