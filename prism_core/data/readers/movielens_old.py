"""MovieLens in its older layouts: 100K (``u.data``) and 1M (``ratings.dat``)."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from prism_core.data.raw import Origin, RawData
from prism_core.data.readers.delimited import NUMBER, TEXT, WHOLE, read_delimited, require
from prism_core.data.readers.movielens import CITATION, LICENCE, SEQUENCE, movies
from prism_core.errors import DataError

GENRES_100K: Final = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def read_movielens_100k(path: Path) -> RawData:
    """Read ``u.data`` and ``u.item``."""
    names = ["user_id", "item_id", "rating", "timestamp"]
    events = _events(path / "u.data", names, "\t")
    head = ["movieId", "title", "release", "video", "url"]
    types = {"movieId": TEXT, "title": TEXT} | dict.fromkeys(GENRES_100K, WHOLE)
    table = read_delimited(
        path / "u.item",
        types,
        separator="|",
        names=[*head, *GENRES_100K],
        encoding="latin-1",
        quoting=False,
        allow_empty=True,
    )
    _refuse_repeats(table, path / "u.item")
    flags = table[list(GENRES_100K)].to_numpy() == 1
    genres = ["|".join(np.array(GENRES_100K)[row]) for row in flags]
    items = movies(table[["movieId", "title"]].assign(genres=genres))
    return RawData(
        origin=_origin("movielens-100k", "MovieLens 100K"), interactions=events, items=items
    )


def read_movielens_1m(path: Path) -> RawData:
    """Read ``ratings.dat`` and ``movies.dat``, whose fields are separated by ``::``."""
    ratings, films = path / "ratings.dat", path / "movies.dat"
    names = ["user_id", "", "item_id", "", "rating", "", "timestamp"]
    events = _events(ratings, [n or f"gap{i}" for i, n in enumerate(names)], ":")
    items = movies(_double_colon(films, ("movieId", "title", "genres")))
    return RawData(origin=_origin("movielens-1m", "MovieLens 1M"), interactions=events, items=items)


def _events(path: Path, names: list[str], separator: str) -> pd.DataFrame:
    types = {"user_id": TEXT, "item_id": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    frame = read_delimited(path, types, separator=separator, names=names)
    require(frame, frame["timestamp"] >= 0, "timestamp", path, "at least 0", header=False)
    require(frame, frame["rating"].between(0, 5), "rating", path, "in 0..5", header=False)
    return frame


def _double_colon(path: Path, names: tuple[str, ...]) -> pd.DataFrame:
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise DataError(f"{path}: not a readable file: {error.strerror}.") from None
    rows = [line.split("::") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(f"{path}, row {number}: Expected {len(names)} columns, got {len(row)}.")
    table = pd.DataFrame(rows, columns=list(names))
    _refuse_repeats(table, path)
    return table


def _refuse_repeats(table: pd.DataFrame, path: Path) -> None:
    fresh = ~table["movieId"].duplicated()
    require(table, fresh, "movieId", path, "in one row only", header=False)


def _origin(name: str, title: str) -> Origin:
    return Origin(
        name=name,
        title=title,
        source="https://grouplens.org/datasets/movielens/",
        licence=LICENCE,
        citation=CITATION,
        sequence=SEQUENCE,
    )
