"""Finished pieces of a computation that was stopped, kept so that it goes on where it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prism_core.errors import RunFormatError
from prism_core.store import files

FOLDER: Final = ".unfinished"
"""Inside a run's folder; hidden, and no part of the run."""


class Unfinished:
    """Pieces of one computation.

    Parameters
    ----------
    folder
        Where the pieces lie; None keeps nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @classmethod
    def of_run(cls, path: Path, key: str) -> Unfinished:
        """Pieces of the artifact of a run that will have this content key."""
        return cls(path / FOLDER / key)

    def has(self, name: str) -> bool:
        """Say whether a piece is kept."""
        return self._folder is not None and self._path(name).is_file()

    def frame(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Give a piece, made only if it is not kept yet; a damaged one is made again."""
        if self.has(name):
            try:
                return files.read_parquet(self._path(name))
            except RunFormatError:
                self._path(name).unlink()
        found = make()
        if self._folder is not None:
            files.write_parquet(self._path(name), found)
        return found

    def array(
        self, name: str, columns: Sequence[str], make: Callable[[], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """As `frame`, for an array ``(n, len(columns))``."""
        frame = self.frame(name, lambda: pd.DataFrame(make(), columns=list(columns)))
        return np.ascontiguousarray(frame.to_numpy(dtype=np.float64))

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}.parquet"

    def discard(self) -> None:
        """Remove the pieces; what they were for is stored."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
