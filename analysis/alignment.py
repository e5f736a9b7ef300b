"""Aligned maps: the same rows under several runs, placed so that the pictures can be compared.

Motion on a map is no evidence. So every aligned map carries, for each pair of runs, how much of a
row's neighbourhood in the original space they share.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from analysis import maps
from analysis.maps import MapSettings
from analysis.neighbours import jaccard, map_quality, neighbour_table, silhouette
from prism_core.errors import DataError
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key

ALIGNED: Final = "aligned"
OVERLAP: Final = "overlap_"
NEIGHBOURS: Final = 15
"""Neighbourhoods of this size are compared."""


def project_aligned(tables: Sequence[np.ndarray], settings: MapSettings) -> list[np.ndarray]:
    """Place the same rows of several spaces in planes that can be compared (AlignedUMAP).

    Parameters
    ----------
    tables
        Two or more ``(N, d_i)`` arrays over the same rows.

    Returns
    -------
    list of numpy.ndarray
        One ``(N, 2)`` float32 array per table.

    References
    ----------
    McInnes, Healy and Melville (2018), arXiv 1802.03426; ``umap.AlignedUMAP``.
    """
    if len(tables) < 2 or len({len(table) for table in tables}) != 1:
        raise DataError("aligned maps need two or more spaces over the same rows.")
    units = [maps.checked_rows(table) for table in tables]
    import umap

    relations = [{row: row for row in range(len(units[0]))}] * (len(units) - 1)
    rows = len(units[0])
    options = maps.umap_options(settings, rows) | {"init": maps.umap_start(rows)}
    aligned = umap.AlignedUMAP(**options).fit(units, relations=relations)
    return [np.asarray(plane, dtype=np.float32) for plane in aligned.embeddings_]


def overlaps(tables: Sequence[np.ndarray], *, count: int = NEIGHBOURS) -> np.ndarray:
    """Compare the neighbourhoods of the same rows in several original spaces.

    Returns
    -------
    numpy.ndarray
        ``(R, R, N)`` float32: Jaccard at ``count`` of each row's nearest rows by cosine.
    """
    near = [neighbour_table(table, min(count, len(table) - 1)) for table in tables]
    return np.array([[jaccard(one, other) for other in near] for one in near], dtype=np.float32)


def store_aligned(
    runs: Sequence[Run],
    tables: Sequence[np.ndarray],
    *,
    scope: str,
    space: str,
    settings: MapSettings,
    folders: Sequence[Path] | None = None,
    labels: Sequence[Mapping[str, np.ndarray]] = (),
) -> bool:
    """Align one space over runs and add each run's map to it, unless all have it already.

    A map ``maps/<scope>-<space>-aligned-<group>`` has ``row``, ``x``, ``y`` and
    ``overlap_<run id>`` for every run of the group.

    Parameters
    ----------
    runs, tables
        The runs and their vectors ``(N, d_i)``, rows alike.
    scope, space
        What the vectors are.
    settings
        How to draw; the method is UMAP.
    folders
        Run folders that get the maps; default: those of ``runs``.
    labels
        For each run, groups of the rows by name, whose separation is part of the map's quality.

    Returns
    -------
    bool
        Whether anything had to be computed.
    """
    folders = folders or [run.path for run in runs]
    ids = [run.run_id for run in runs]
    name = f"maps/{maps.map_name(scope, space, ALIGNED)}-{_digest(ids)[:8]}"
    key = _digest([maps.map_key(table, settings) for table in tables])[:16]
    if all(artifact_key(folder, name) == key for folder in folders):
        return False
    planes, shared = project_aligned(tables, settings), overlaps(tables)
    for place, folder in enumerate(folders):
        columns = {f"{OVERLAP}{run_id}": shared[place, k] for k, run_id in enumerate(ids)}
        frame = maps.plane_frame(planes[place]).assign(**columns)
        quality = map_quality(tables[place], planes[place], seed=settings.seed)
        for group, values in (labels[place] if labels else {}).items():
            separation = silhouette(tables[place], values, seed=settings.seed)
            quality[f"silhouette_{group}"] = separation
        about = pd.concat([maps.about(settings, tables[place], quality), _group(ids)])
        add_artifact(folder, name, frame, key=key)
        add_artifact(folder, f"{name}-about", about, key=key)
    return True


def aligned_maps(run: Run) -> dict[str, list[str]]:
    """List a run's aligned maps: table name to the ids of the runs they span, in order."""
    names = [f"maps/{name}" for name in maps.stored_maps(run) if f"-{ALIGNED}-" in name]
    return {name: _members(run.table(f"{name}-about")) for name in names}


def movers(frame: pd.DataFrame, other: str) -> pd.DataFrame:
    """Rank the rows of an aligned map by how little of their neighbourhood another run shares.

    Parameters
    ----------
    frame
        An aligned map.
    other
        Id of the other run.

    Returns
    -------
    pandas.DataFrame
        ``row`` and ``overlap`` (Jaccard), least overlap first.
    """
    overlap = frame[f"{OVERLAP}{other}"].to_numpy()
    order = np.argsort(overlap, kind="stable")
    return pd.DataFrame({"row": frame["row"].to_numpy()[order], "overlap": overlap[order]})


def mean_overlaps(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Average the overlap over rows for every pair of runs: a table, run id by run id."""
    means = {
        one: {other: float(frame[f"{OVERLAP}{other}"].mean()) for other in frames}
        for one, frame in frames.items()
    }
    return pd.DataFrame(means).T


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("+".join(texts).encode()).hexdigest()


def _group(ids: Sequence[str]) -> pd.DataFrame:
    rows = [{"kind": "run", "name": run_id, "value": str(k)} for k, run_id in enumerate(ids)]
    return pd.DataFrame(rows)


def _members(about: pd.DataFrame) -> list[str]:
    return about.loc[about["kind"] == "run", "name"].tolist()
