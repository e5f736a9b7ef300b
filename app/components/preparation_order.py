"""A preparation that the reader asks for: checked, and written as a command line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from prism_core.data.options import PreparationOptions
from prism_core.errors import ConfigError, DataError

FILES: Final[Mapping[str, str]] = {
    "movielens": "MovieLens latest, 20M, 25M, 32M: ratings.csv, movies.csv",
    "movielens-100k": "MovieLens 100K: u.data, u.item",
    "movielens-1m": "MovieLens 1M: ratings.dat, movies.dat",
    "amazon-2014": "Amazon Reviews 2014: reviews_X.json or ratings_X.csv, meta_X.json",
    "amazon-2018": "Amazon Reviews 2018: X.json or X.csv, meta_X.json",
    "amazon-2023": "Amazon Reviews 2023: X.jsonl or X.csv, meta_X.jsonl",
    "yelp": "Yelp open data set: review and business JSON files",
    "recbole": "RecBole atomic files: X.inter, X.item",
    "sequences": "Sequence text of S3-Rec and STOSA: one user per line",
    "prism": "PRISM's released layout: item and user sequences, .pt vectors",
    "mmrec": "MMRec: X.inter, image_feat.npy, text_feat.npy",
    "table": "A table of your own: interactions.csv, .tsv, .parquet or .jsonl; items beside it",
}
"""The formats in the order of the form, each with the files it expects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """Where the vectors of a modality come from.

    Attributes
    ----------
    file
        A file that holds them; None where they are encoded.
    encoder
        True name of what made the file's vectors, or the method that encodes.
    is_named
        Whether the file itself names its modality.
    """

    modality: str
    encoder: str
    file: Path | None = None
    is_named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A data set to prepare.

    Attributes
    ----------
    name
        Of the new folder: letters, digits, ``-``, ``_`` and ``.``.
    raw
        Folder or file of the raw data.
    columns
        For the format ``table``: PRISM's column names to the file's.
    pictures
        Folder or zip of pictures, where images are encoded.
    users
        Number of users drawn at random; None keeps all.
    seed
        Of that draw.
    keep_incomplete
        Whether items without a modality are kept and flagged.
    """

    format: str
    name: str
    raw: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    vectors: tuple[Vectors, ...] = ()
    pictures: Path | None = None
    k_core: int = 5
    last: int = 50
    min_rating: float | None = None
    since: date | None = None
    until: date | None = None
    users: int | None = None
    seed: int = 0
    keep_incomplete: bool = False

    def check(self, folder: Path) -> None:
        """Refuse what cannot work before a process is started.

        Parameters
        ----------
        folder
            Folder of data sets.

        Raises
        ------
        ConfigError
            The name or an option is wrong, or the name is taken.
        DataError
            The data or a file of vectors is not there.
        """
        check_name(self.name)
        if (folder / self.name).exists():
            raise ConfigError(f"{folder / self.name} exists already; choose another name.")
        PreparationOptions(k_core=self.k_core, last=self.last or None)
        if self.since and self.until and self.since >= self.until:
            raise ConfigError(f"the first day {self.since} is not before {self.until}.")
        if not self.raw.exists():
            raise DataError(f"{self.raw}: there is no such folder or file on this machine.")
        if self.pictures is not None and not self.pictures.exists():
            raise DataError(f"{self.pictures}: there is no such folder or zip of pictures.")
        for vectors in self.vectors:
            _check_vectors(vectors)

    def arguments(self, folder: Path) -> list[str]:
        """Give the arguments of ``python -m`` that prepare it below ``folder``."""
        command = ["prism_core", "prepare", self.format, str(self.raw.resolve()), "--progress"]
        command += [f"--out={(folder / self.name).resolve()}"]
        command += [f"--column={name}={column}" for name, column in self.columns.items()]
        command += [part for vectors in self.vectors for part in _vector_arguments(vectors)]
        optional = {
            "pictures": self.pictures and self.pictures.resolve(),
            "min-rating": self.min_rating,
            "since": self.since,
            "until": self.until,
            "users": self.users,
            "seed": None if self.users is None else self.seed,
            "k-core": self.k_core,
            "last": self.last,
        }
        command += [f"--{key}={value}" for key, value in optional.items() if value is not None]
        return [*dict.fromkeys(command), *["--keep-incomplete-items"] * self.keep_incomplete]


def check_name(name: str) -> None:
    """Refuse a name that is no plain folder name.

    Raises
    ------
    ConfigError
        It is empty or has other characters than letters, digits, ``-``, ``_`` and ``.``.
    """
    if not re.fullmatch(r"\w[\w.-]{0,63}", name, re.ASCII):
        raise ConfigError(f"name {name!r}: use letters, digits, '-', '_' and '.' only.")


def _check_vectors(vectors: Vectors) -> None:
    if vectors.file is not None and not vectors.file.is_file():
        raise DataError(f"{vectors.file}: there is no such file of {vectors.modality} vectors.")
    if not vectors.encoder.strip():
        asked = "name the model" if vectors.file is None else "say which encoder made them"
        raise ConfigError(f"{vectors.modality} vectors: {asked}.")


def _vector_arguments(vectors: Vectors) -> list[str]:
    if vectors.file is None:
        return [f"--encode={vectors.modality}={vectors.encoder}"]
    path = vectors.file.resolve()
    given = str(path) if vectors.is_named else f"{vectors.modality}={path}"
    return [f"--features={given}", f"--encoder={vectors.modality}={vectors.encoder}"]


def columns_from(text: str) -> dict[str, str]:
    """Read a mapping of columns, one ``name = column`` a line.

    Raises
    ------
    ConfigError
        A line is no such pair.
    """
    pairs = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, _, column = (part.strip() for part in line.partition("="))
        if line.strip() and not (name and column):
            raise ConfigError(f"columns, line {number}: {line.strip()!r}: write name = column.")
        if line.strip():
            pairs[name] = column
    return pairs
