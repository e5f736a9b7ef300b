"""The readers by format name; a new format is one file and one line here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prism_core.data.raw import RawData
from prism_core.data.readers.movielens import read_movielens

READERS: Final[Mapping[str, Callable[[Path], RawData]]] = {
    "movielens": read_movielens,
}
