"""Neighbourhoods in the original spaces: the evidence behind every map."""

from typing import Final

import numpy as np
import pandas as pd

from analysis.spaces import unit_rows
from prism_core.errors import DataError

MAX_QUALITY_ROWS: Final = 4000
"""Map quality needs all pairwise distances; above this many rows a seeded sample is judged."""


def nearest(vectors: np.ndarray, *, row: int, count: int = 10) -> pd.DataFrame:
    """Find the rows nearest to one row by cosine, in the original space.

    Returns
    -------
    pandas.DataFrame
        ``row`` and ``similarity`` (cosine), most similar first, without the row itself.
    """
    unit = unit_rows(vectors)
    similarity = unit @ unit[row]
    similarity[row] = -np.inf
    order = np.argsort(-similarity, kind="stable")[: min(count, len(unit) - 1)]
    return pd.DataFrame({"row": order, "similarity": similarity[order]})


def neighbour_table(vectors: np.ndarray, count: int) -> np.ndarray:
    """Give every row's nearest rows by cosine, ``(N, count)``, without itself.

    Raises
    ------
    DataError
        There are too few rows for that many neighbours.
    """
    if len(vectors) <= count:
        raise DataError(f"{count} neighbours asked of {len(vectors)} rows; ask for fewer.")
    return _nearest(unit_rows(vectors), count)


def jaccard(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Overlap of two neighbour tables ``(N, K)``, row by row, in [0, 1]."""
    shared = (ours[:, :, None] == theirs[:, None, :]).sum(axis=(1, 2))
    return shared / (2 * ours.shape[1] - shared)


def map_quality(
    vectors: np.ndarray, coordinates: np.ndarray, *, count: int = 15, seed: int = 0
) -> dict[str, float]:
    """Judge how faithfully a map shows its space.

    Returns
    -------
    dict
        ``trustworthiness`` in [0, 1] (do map neighbours belong together) and
        ``neighbourhood_preservation`` in [0, 1] (share of true neighbours kept on the map), both at
        ``count`` neighbours; ``judged_rows``.

    References
    ----------
    Venna and Kaski (2001), doi:10.1007/3-540-44668-0_68.
    """
    rows = _sample(len(vectors), seed)
    space, plane = unit_rows(vectors[rows]), coordinates[rows]
    used = min(count, (len(rows) - 1) // 2)
    if used < 1:
        raise DataError(f"{len(rows)} rows are too few to judge a map; at least 3 are needed.")
    from sklearn.manifold import trustworthiness  # loads scipy.stats: not when a page is opened

    true, seen = _nearest(space, used), _nearest(plane, used)
    kept = (true[:, :, None] == seen[:, None, :]).sum(axis=(1, 2)) / used
    return {
        "trustworthiness": float(trustworthiness(space, plane, n_neighbors=used)),
        "neighbourhood_preservation": float(kept.mean()),
        "judged_rows": float(len(rows)),
    }


def silhouette(vectors: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> float:
    """Say how well groups separate in a space, in [-1, 1]; nan for fewer than two groups."""
    rows = _sample(len(vectors), seed)
    groups = np.asarray(labels)[rows]
    if not 2 <= len(np.unique(groups)) < len(rows):
        return float("nan")
    from sklearn.metrics import silhouette_score  # loads scipy.stats: not when a page is opened

    return float(silhouette_score(unit_rows(vectors[rows]), groups))


def _nearest(points: np.ndarray, count: int) -> np.ndarray:
    """Give the rows nearest to every row, ``(N, count)``, without itself."""
    from sklearn.neighbors import NearestNeighbors  # loads scipy.stats: not when a page is opened

    return NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)


def _sample(rows: int, seed: int) -> np.ndarray:
    if rows <= MAX_QUALITY_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MAX_QUALITY_ROWS, replace=False))
