"""Which program draws UMAP: cuML on a GPU where it is installed, else umap-learn.

Importing either takes many seconds, so it happens inside functions, in a process of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

CUML: Final = "cuml"
PACKAGES: Final[Mapping[str, str]] = {"umap-learn": "umap", CUML: "cuml.manifold"}


@dataclass(frozen=True, slots=True)
class Engine:
    """A program with the class ``UMAP`` of umap-learn.

    Attributes
    ----------
    name, version
        Of its package.
    module
        Where its class ``UMAP`` is.
    """

    name: str
    version: str
    module: str

    def embed(self, rows: np.ndarray, **options: Any) -> np.ndarray:
        """Place rows ``(N, d)`` in the plane, ``(N, 2)``."""
        umap: Callable[..., Any] = import_module(self.module).UMAP
        plane = umap(**options).fit_transform(rows)
        return np.asarray(plane.get() if hasattr(plane, "get") else plane, dtype=np.float32)


def engine_for(*, densmap: bool = False) -> Engine:
    """Choose the engine: cuML where it is installed; densMAP is drawn by umap-learn alone."""
    name = CUML if not densmap and find_spec(CUML) is not None else "umap-learn"
    return Engine(name, _version(name), PACKAGES[name])


def _version(package: str) -> str:
    """Give a version; cuML's package name ends in its CUDA version."""
    for name in (package, f"{package}-cu12", f"{package}-cu13"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"
