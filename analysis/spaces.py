"""The vector spaces of a run: each part's item vectors, the raw features, the users' state."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

ITEMS: Final = "items"
USERS: Final = "users"
SCOPES: Final = (ITEMS, USERS)
STATE: Final = "state"
WEIGHTS: Final = "weights"
FUSED: Final = "fused"
RAW: Final = "raw_"


def spaces_of(run: Run, scope: str, dataset: Dataset | None = None) -> tuple[str, ...]:
    """Name the spaces in which a run's items or users lie.

    Parameters
    ----------
    run
        The run.
    scope
        ``items`` or ``users``.
    dataset
        The run's data set. Without it there are no raw features, and users have no place in the
        spaces of items, since that is the mean of what they chose.
    """
    items = item_spaces(run, dataset)
    return items if scope == ITEMS else (*_own_user_spaces(run), *(items if dataset else ()))


def item_spaces(run: Run, dataset: Dataset | None = None) -> tuple[str, ...]:
    """Name the spaces of a run's items: parts, id, fused vector, then raw features."""
    stored = run.vector_names()
    inner = [name for name in (*run.parts, "id", FUSED) if f"items.{name}" in stored]
    return (*inner, *(f"{RAW}{name}" for name in (dataset.modalities if dataset else ())))


def vectors_of(run: Run, scope: str, space: str, dataset: Dataset | None = None) -> np.ndarray:
    """Read the vectors of one space: :func:`item_vectors` or :func:`user_vectors`."""
    read = item_vectors if scope == ITEMS else user_vectors
    return read(run, space, dataset)


def item_vectors(run: Run, space: str, dataset: Dataset | None = None) -> np.ndarray:
    """Read the item vectors of one space.

    Parameters
    ----------
    run
        A run with vectors.
    space
        A part, ``id``, ``fused`` (the vector that meets the users' states), or
        ``raw_<modality>``.
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
    if space.startswith(RAW):
        return _raw_vectors(run, space.removeprefix(RAW), dataset)
    vectors = run.vectors()
    if f"items.{space}" not in vectors:
        known = ", ".join(item_spaces(run, dataset)) or "none"
        raise DataError(f"Run {run.run_id!r} has no item space {space!r}; it has: {known}.")
    return vectors[f"items.{space}"][1:].astype(np.float32)


def user_vectors(run: Run, space: str = STATE, dataset: Dataset | None = None) -> np.ndarray:
    """Read the users' vectors of one space.

    Parameters
    ----------
    run
        The run.
    space
        ``state`` (what the model knows of the user after the whole history), ``weights`` (the
        fusion weights), or an item space: the mean direction of the items in the history.
    dataset
        The run's data set, needed for an item space.

    Returns
    -------
    numpy.ndarray
        ``(U, d)`` float32, rows as in the run's ``users`` table.

    Raises
    ------
    DataError
        The run has no such space, or the data set is needed and was not given.
    """
    if space == STATE:
        vectors = run.vectors()
        if "users.state" not in vectors:
            raise DataError(f"Run {run.run_id!r} stored no user states.")
        return vectors["users.state"].astype(np.float32)
    if space == WEIGHTS and run.parts:
        weights = run.table("users", [f"weight_{part}" for part in run.parts])
        return weights.to_numpy(dtype=np.float32)
    return _mean_of_history(run, space, dataset)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, so that Euclidean neighbours are cosine neighbours."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)


def _own_user_spaces(run: Run) -> tuple[str, ...]:
    has_state = "users.state" in run.vector_names()
    return (*((STATE,) if has_state else ()), *((WEIGHTS,) if run.parts else ()))


def _raw_vectors(run: Run, modality: str, dataset: Dataset | None) -> np.ndarray:
    return _own(run, dataset, f"the raw {modality} features").features(modality).vectors[1:]


def _mean_of_history(run: Run, space: str, dataset: Dataset | None) -> np.ndarray:
    """Average the unit vectors of each user's items, without the true next one."""
    own = _own(run, dataset, f"the map of users by {space}")
    items = unit_rows(item_vectors(run, space, dataset))
    users = pd.Index(own.users.sort_values("user_index")["user_id"].astype(str))
    rows = users.get_indexer(run.table("users", ["user_id"])["user_id"].astype(str))
    chosen = own.interactions.groupby("user_index").head(-1)
    shape = (len(users), len(items))
    places = (chosen["user_index"].to_numpy(), chosen["item_index"].to_numpy() - 1)
    counts = sparse.csr_matrix((np.ones(len(chosen), np.float32), places), shape=shape)
    total = counts @ items
    lengths = np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    return (total / np.maximum(lengths, 1))[rows].astype(np.float32)


def _own(run: Run, dataset: Dataset | None, what: str) -> Dataset:
    if dataset is None:
        raise DataError(
            f"{what} need the data set of run {run.run_id!r}; name its folder with --dataset."
        )
    if dataset.fingerprint != run.manifest["dataset"]["fingerprint"]:
        raise DataError(f"{dataset.path}: not the data set that run {run.run_id!r} was trained on.")
    return dataset
