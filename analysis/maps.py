"""Maps: two-dimensional pictures of items or users, stored with the run they belong to.

A map is an artifact with a content key over its input, its settings and the versions that made it.
A seed forces UMAP onto one thread; then the same command gives the same coordinates, bit for bit,
on one machine. Importing UMAP compiles for many seconds, so it happens inside functions, in a
process of its own.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from analysis.neighbours import map_quality
from analysis.spaces import unit_rows
from prism_core.errors import ConfigError, DataError
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact, artifact_key

METHODS: Final = ("umap", "densmap", "pca")
MIN_ROWS: Final = 5


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
    """
    unit = _checked(vectors)
    if settings.method == "pca":
        return PCA(n_components=2, svd_solver="full").fit_transform(unit).astype(np.float32)
    import umap

    options = _umap_options(settings, len(unit))
    mapper = umap.UMAP(densmap=settings.method == "densmap", n_jobs=1, **options)
    return mapper.fit_transform(unit).astype(np.float32)


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
    units = [_checked(table) for table in tables]
    import umap

    relations = [{row: row for row in range(len(units[0]))}] * (len(units) - 1)
    options = _umap_options(settings, len(units[0]))
    aligned = umap.AlignedUMAP(**options).fit(units, relations=relations)
    return [np.asarray(plane, dtype=np.float32) for plane in aligned.embeddings_]


def map_key(vectors: np.ndarray, settings: MapSettings) -> str:
    """Hash a map's input, settings and the versions that draw it."""
    digest = hashlib.sha256(np.ascontiguousarray(vectors, dtype=np.float32).tobytes())
    facts = {**asdict(settings), "shape": list(vectors.shape), **_versions()}
    digest.update(json.dumps(facts, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def store_map(run: Run, name: str, vectors: np.ndarray, settings: MapSettings) -> bool:
    """Compute one map and add it to its run, unless the same map is there already.

    Writes ``maps/<name>`` (``row``, ``x``, ``y``) and ``maps/<name>-about`` (``kind``, ``name``,
    ``value``: settings, versions, quality).

    Parameters
    ----------
    run
        The run the vectors come from.
    name
        Name of the map: :func:`map_name`.
    vectors
        ``(N, d)``.

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
    add_artifact(run.path, tables[0], plane_frame(plane), key=key)
    add_artifact(run.path, tables[1], _about(settings, quality), key=key)
    return True


def plane_frame(plane: np.ndarray) -> pd.DataFrame:
    """Put coordinates ``(N, 2)`` into the columns ``row``, ``x``, ``y``."""
    return pd.DataFrame({"row": np.arange(len(plane)), "x": plane[:, 0], "y": plane[:, 1]})


def map_name(scope: str, space: str, method: str) -> str:
    """Name a stored map: ``items-synergy-umap``, ``users-state-pca``."""
    return f"{scope}-{space}-{method}"


def stored_maps(run: Run) -> list[str]:
    """List the maps a run has, by name."""
    names = [name.removesuffix(".parquet") for name in run.manifest["files"]]
    maps = sorted(n.removeprefix("maps/") for n in names if n.startswith("maps/"))
    return [name for name in maps if not name.endswith("-about")]


def _checked(vectors: np.ndarray) -> np.ndarray:
    if len(vectors) < MIN_ROWS:
        raise DataError(f"a map needs at least {MIN_ROWS} rows; {len(vectors)} given.")
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise DataError(f"row {row} of the vectors has a value that is not finite.")
    return unit_rows(vectors)


def _umap_options(settings: MapSettings, rows: int) -> dict[str, Any]:
    return {
        "n_neighbors": min(settings.neighbours, rows - 1),
        "min_dist": settings.min_dist,
        "random_state": settings.seed,
        "init": "pca" if rows < 50 else "spectral",
    }


def _versions() -> dict[str, str]:
    return {package: version(package) for package in ("umap-learn", "numpy", "scikit-learn")}


def _about(settings: MapSettings, quality: dict[str, float]) -> pd.DataFrame:
    facts = {"setting": asdict(settings), "version": _versions(), "quality": quality}
    rows = [
        {"kind": kind, "name": name, "value": str(value)}
        for kind, group in facts.items()
        for name, value in group.items()
    ]
    return pd.DataFrame(rows)
