"""Maps: two-dimensional pictures of items or users, stored with the run they belong to.

A map is an artifact with a content key over its input, its settings and the versions that made it.
A seed forces UMAP onto one thread; then the same command gives the same coordinates, bit for bit,
on one machine. Importing UMAP compiles for many seconds, so it happens inside functions, in a
process of its own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.engines import CUML, engine_for
from analysis.neighbours import map_quality, silhouette
from analysis.spaces import unit_rows
from prism_core.errors import ConfigError, DataError
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key

METHODS: Final = ("umap", "densmap", "pca")
MIN_ROWS: Final = 5
NO_LABELS: Final[Mapping[str, np.ndarray]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSettings:
    """How a map is drawn.

    Attributes
    ----------
    method
        ``umap``, ``densmap`` (keeps local density) or ``pca``.
    neighbours
        Size of the neighbourhoods UMAP keeps; lowered where there are fewer rows.
    min_dist
        How closely UMAP may pack points.
    seed
        Seed of UMAP's start and sampling.
    """

    method: str = "umap"
    neighbours: int = 15
    min_dist: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"method {self.method!r}: choose one of {', '.join(METHODS)}.")
        if self.neighbours < 2:
            raise ConfigError(f"neighbours = {self.neighbours}: must be at least 2.")
        if not 0 <= self.min_dist <= 1:
            raise ConfigError(f"min_dist = {self.min_dist}: must lie in [0, 1].")


def project(vectors: np.ndarray, settings: MapSettings) -> np.ndarray:
    """Place rows in the plane.

    Parameters
    ----------
    vectors
        ``(N, d)``; compared by cosine.
    settings
        The method and its parameters.

    Returns
    -------
    numpy.ndarray
        ``(N, 2)`` float32.

    Raises
    ------
    DataError
        There are too few rows, or a value is not finite.

    References
    ----------
    McInnes, Healy and Melville (2018), arXiv 1802.03426; Narayan, Berger and Cho (2021),
    doi:10.1038/s41587-020-00801-7 (densMAP).
    """
    unit = checked_rows(vectors)
    if not np.ptp(unit, axis=0).any():  # a part that nothing reaches: no neighbours, no axes
        return np.zeros((len(unit), 2), dtype=np.float32)
    if settings.method == "pca":
        from sklearn.decomposition import PCA  # loads scipy.stats: not when a page is opened

        return PCA(n_components=2, svd_solver="full").fit_transform(unit).astype(np.float32)
    options = umap_options(settings, len(unit))
    is_dense = settings.method == "densmap"
    engine = engine_for(densmap=is_dense)
    if engine.name != CUML:
        options |= {"n_jobs": 1, "densmap": is_dense, "init": umap_start(len(unit))}
    return engine.embed(unit, **options)


def map_key(vectors: np.ndarray, settings: MapSettings) -> str:
    """Hash a map's input, settings and the versions that draw it."""
    facts = {**asdict(settings), "shape": list(vectors.shape), **versions(settings)}
    text = input_hash(vectors) + json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def input_hash(vectors: np.ndarray) -> str:
    """Hash the vectors of a map, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(vectors, dtype=np.float32).tobytes()).hexdigest()


def store_map(
    run: Run,
    name: str,
    vectors: np.ndarray,
    settings: MapSettings,
    labels: Mapping[str, np.ndarray] = NO_LABELS,
) -> bool:
    """Compute one map and add it to its run, unless the same map is there already.

    Writes ``maps/<name>`` (``row``, ``x``, ``y``) and ``maps/<name>-about`` (``kind``, ``name``,
    ``value``: settings, versions, input hash, quality).

    Parameters
    ----------
    run
        The run the vectors come from.
    name
        Name of the map: :func:`map_name`.
    vectors
        ``(N, d)``.
    labels
        Groups ``(N,)`` of the rows by name; how well each separates is part of the quality.

    Returns
    -------
    bool
        Whether anything had to be computed.
    """
    key = map_key(vectors, settings)
    tables = (f"maps/{name}", f"maps/{name}-about")
    if all(artifact_key(run.path, table) == key for table in tables):
        return False
    plane = project(vectors, settings)
    quality = map_quality(vectors, plane, seed=settings.seed)
    for group, values in labels.items():
        quality[f"silhouette_{group}"] = silhouette(vectors, values, seed=settings.seed)
    add_artifact(run.path, tables[0], plane_frame(plane), key=key)
    add_artifact(run.path, tables[1], about(settings, vectors, quality), key=key)
    return True


def plane_frame(plane: np.ndarray) -> pd.DataFrame:
    """Put coordinates ``(N, 2)`` into the columns ``row``, ``x``, ``y``."""
    rows = np.arange(len(plane), dtype=np.int32)
    return pd.DataFrame({"row": rows, "x": plane[:, 0], "y": plane[:, 1]})


def map_name(scope: str, space: str, method: str) -> str:
    """Name a stored map: ``items-synergy-umap``, ``users-state-pca``."""
    return f"{scope}-{space}-{method}"


def stored_maps(run: Run) -> list[str]:
    """List the maps a run has, by name."""
    names = [name.removesuffix(".parquet") for name in run.manifest["files"]]
    maps = sorted(n.removeprefix("maps/") for n in names if n.startswith("maps/"))
    return [name for name in maps if not name.endswith("-about")]


def stored_spaces(run: Run, scope: str, method: str) -> list[str]:
    """List the spaces of a scope that have a stored map of a method, parts first."""
    parts = (name.split("-") for name in stored_maps(run) if name.count("-") == 2)
    found = [space for one, space, drawn in parts if (one, drawn) == (scope, method)]
    order = ["state", "weights", *run.parts, "fused", "id"]
    return sorted(found, key=lambda name: (order.index(name) if name in order else 99, name))


def quality_of(about_map: pd.DataFrame) -> dict[str, float]:
    """Read the quality numbers from a stored ``-about`` table."""
    rows = about_map[about_map["kind"] == "quality"]
    return {name: float(value) for name, value in zip(rows["name"], rows["value"], strict=True)}


def stored_quality(run: Run, scope: str, space: str, method: str) -> dict[str, float]:
    """Read how good a stored map is; empty for a map that is not stored, or without numbers."""
    table = f"maps/{map_name(scope, space, method)}-about"
    return quality_of(run.table(table)) if run.has(table) else {}


def about(settings: MapSettings, vectors: np.ndarray, quality: Mapping[str, float]) -> pd.DataFrame:
    """Say how a map was made and how good it is: ``kind``, ``name``, ``value``."""
    facts: dict[str, Mapping[str, Any]] = {
        "setting": asdict(settings),
        "version": versions(settings),
        "input": {"sha256": input_hash(vectors), "rows": len(vectors), "size": vectors.shape[1]},
        "quality": quality,
    }
    rows = [
        {"kind": kind, "name": name, "value": str(value)}
        for kind, group in facts.items()
        for name, value in group.items()
    ]
    return pd.DataFrame(rows)


def checked_rows(vectors: np.ndarray) -> np.ndarray:
    """Give vectors ``(N, d)`` at length 1.

    Raises
    ------
    DataError
        There are too few rows, or a value is not finite.
    """
    if len(vectors) < MIN_ROWS:
        raise DataError(f"a map needs at least {MIN_ROWS} rows; {len(vectors)} given.")
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise DataError(f"row {row} of the vectors has a value that is not finite.")
    return unit_rows(vectors)


def umap_options(settings: MapSettings, rows: int) -> dict[str, Any]:
    """Give the options that every UMAP engine takes."""
    return {
        "n_components": 2,
        "n_neighbors": min(settings.neighbours, rows - 1),
        "min_dist": settings.min_dist,
        "random_state": settings.seed,
    }


def umap_start(rows: int) -> str:
    """Choose where umap-learn starts; a spectral start needs some rows."""
    return "pca" if rows < 50 else "spectral"


def versions(settings: MapSettings) -> dict[str, str]:
    """Give the versions of the packages that draw a map."""
    found = {package: version(package) for package in ("numpy", "scikit-learn")}
    if settings.method == "pca":
        return found
    engine = engine_for(densmap=settings.method == "densmap")
    return {engine.name: engine.version, **found}
