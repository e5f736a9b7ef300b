"""Untrained baselines: what a model must beat before its parts are worth explaining.

Each floor is a function of some users' histories to scores ``(B, N + 1)``, built from training
events or frozen vectors alone. Every floor that counts events falls back on popularity, with a
weight too small to overrule a count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from scipy import sparse

from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.names import PAD
from prism_core.store.datasets import Dataset, Features

Score = Callable[[EvaluationInputs], torch.Tensor]
FALLBACK: Final = 1e-4
"""Largest share of a score that popularity may have as the tie breaker."""

RECENT: Final = (1, 2, 3, 5, 10, 20, 50)
"""Newest history items that a floor on vectors may read."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A family of baselines that differ in a few settings.

    Attributes
    ----------
    title
        Name for people.
    grid
        Values to try of every setting; the validation split decides.
    build
        Makes one member of the family from the data and one value of every setting.
    """

    title: str
    grid: Mapping[str, tuple[Any, ...]]
    build: Callable[..., Score]


def floors_for(dataset: Dataset) -> dict[str, Floor]:
    """Name the floors of a data set; each modality adds a nearest-neighbour floor of its own."""
    floors = {
        "popularity": Floor("Popularity", {}, popularity),
        "markov": Floor("First-order Markov chain", {}, markov),
        "item-knn": Floor(
            "Item-kNN",
            {
                "neighbours": (20, 100, 500),
                "shrinkage": (0.0, 5.0, 20.0),
                "recent": (1, 3, 10, 50),
            },
            item_knn,
        ),
    }
    for modality in dataset.modalities:
        floors[f"{modality}-knn"] = Floor(
            f"{modality.capitalize()}-kNN",
            {"recent": RECENT, "centred": (False, True)},
            _of_modality(dataset.features(modality)),
        )
    return floors


def popularity(sequences: Sequences) -> Score:
    """Score every item by its number of training events."""
    counts = torch.from_numpy(_popularity(sequences)).float()
    return lambda inputs: counts.repeat(len(inputs.users), 1)


def markov(sequences: Sequences) -> Score:
    """Score items by how often they followed the newest item in the training events."""
    users, items = sequences.train_events()
    same_user = users[1:] == users[:-1]
    moves = _counts(items[:-1][same_user], items[1:][same_user], sequences.num_items)
    return _neighbour_score(moves, recent=1, fallback=_popularity(sequences))


def item_knn(sequences: Sequences, *, neighbours: int, shrinkage: float, recent: int) -> Score:
    """Score items by their summed cosine similarity to the newest items of the history.

    Parameters
    ----------
    sequences
        Source of the training events.
    neighbours
        Most similar items kept per item.
    shrinkage
        Added to the cosine's denominator, so that a few shared users do not make a neighbour.
    recent
        Newest history items that count.

    Notes
    -----
    Sarwar et al. 2001, doi:10.1145/371920.372071.
    """
    users, items = sequences.train_events()
    shape = (sequences.num_users, sequences.num_items + 1)
    table = sparse.csr_array((np.ones(len(users), dtype=np.float32), (users, items)), shape=shape)
    table.data[:] = 1
    together = (table.T @ table).tocoo()
    norms = np.sqrt(together.diagonal())
    row, column = together.coords
    values = together.data / (norms[row] * norms[column] + shrinkage)
    values[row == column] = 0
    similar = _strongest(sparse.csr_array((values, (row, column)), together.shape), neighbours)
    return _neighbour_score(similar.T.tocsr(), recent, _popularity(sequences))


def feature_knn(sequences: Sequences, *, features: Features, recent: int, centred: bool) -> Score:
    """Score items by cosine similarity of their vectors to the mean of the newest items' ones.

    Parameters
    ----------
    sequences
        Unused but for the common signature: the vectors are all this floor knows.
    features
        Vectors of one modality.
    recent
        Newest history items that count.
    centred
        Subtract the mean vector of all items first.
    """
    vectors = torch.from_numpy(features.vectors).clone()
    available = torch.from_numpy(features.available)
    if centred:
        vectors[available] -= vectors[available].mean(dim=0)
    unit = torch.nn.functional.normalize(vectors, dim=1)

    def score(inputs: EvaluationInputs) -> torch.Tensor:
        profile = unit[torch.from_numpy(inputs.item_seq[:, -recent:])].sum(dim=1)  # (B, d)
        return torch.nn.functional.normalize(profile, dim=1) @ unit.T  # (B, N + 1)

    return score


def _of_modality(features: Features) -> Callable[..., Score]:
    def build(sequences: Sequences, **settings: Any) -> Score:
        return feature_knn(sequences, features=features, **settings)

    return build


def _neighbour_score(links: sparse.csr_array, recent: int, fallback: np.ndarray) -> Score:
    smallest = links.data.min() if links.nnz else 1.0
    prior = FALLBACK * smallest * fallback / fallback.max()

    def score(inputs: EvaluationInputs) -> torch.Tensor:
        newest = inputs.item_seq[:, -recent:]
        rows, places = np.nonzero(newest != PAD)
        history = sparse.csr_array(
            (np.ones(len(rows), dtype=np.float32), (rows, newest[rows, places])),
            shape=(len(newest), links.shape[0]),
        )
        return torch.from_numpy((history @ links).toarray() + prior).float()

    return score


def _strongest(matrix: sparse.csr_array, count: int) -> sparse.csr_array:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    place = np.arange(len(order)) - matrix.indptr[rows]
    kept = order[(place < count) & (matrix.data[order] > 0)]
    return sparse.csr_array(
        (matrix.data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape
    )


def _counts(first: np.ndarray, second: np.ndarray, num_items: int) -> sparse.csr_array:
    ones = np.ones(len(first), dtype=np.float32)
    return sparse.csr_array((ones, (first, second)), shape=(num_items + 1, num_items + 1))


def _popularity(sequences: Sequences) -> np.ndarray:
    return np.bincount(sequences.train_events()[1], minlength=sequences.num_items + 1)
