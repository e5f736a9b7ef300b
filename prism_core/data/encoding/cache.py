"""Encoded vectors kept by content, so that a stopped encoding goes on where it was."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from prism_core.store import files


def content_key(encoder: str, content: bytes) -> str:
    """Hash an encoder's name and a content: the same text or picture is encoded once."""
    return hashlib.sha256(encoder.encode() + b"\0" + content).hexdigest()


class VectorCache:
    """A folder of small npz files, each one finished batch; damaged ones are passed over.

    Parameters
    ----------
    folder
        Made when the first batch is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._vectors: dict[str, np.ndarray] = {}
        for path in sorted(folder.glob("*.npz")):
            self._vectors.update(_read(path))

    def __contains__(self, key: str) -> bool:
        return key in self._vectors

    def get(self, keys: list[str]) -> np.ndarray:
        """Give the vectors of known keys: ``(len(keys), d)``."""
        return np.stack([self._vectors[key] for key in keys])

    def add(self, keys: list[str], vectors: np.ndarray) -> None:
        """Keep a batch of vectors ``(len(keys), d)``, in memory and on disk."""
        name = hashlib.sha256("".join(keys).encode()).hexdigest()[:16]
        target = self.folder / f"{name}.npz"
        with files.replacing(target) as temporary, temporary.open("wb") as handle:
            np.savez(handle, keys=np.array(keys), vectors=vectors)
        self._vectors.update(zip(keys, vectors, strict=True))


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
