"""MovieLens in its older layouts: 100K (``u.data``) and 1M (``ratings.dat``)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from prism_core.data.raw import Origin, RawData
from prism_core.data.readers.delimited import (
    NUMBER,
    TEXT,
    WHOLE,
    Chunk,
    read_chunks,
    read_delimited,
)
from prism_core.data.readers.movielens import CITATION, LICENCE, SEQUENCE, movies, rated_events
from prism_core.errors import DataError

GENRES_100K: Final = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def read_movielens_100k(path: Path) -> RawData:
    """Read ``u.data`` and ``u.item``."""
    names = ["user_id", "item_id", "rating", "timestamp"]
    head = ["movieId", "title", "release", "video", "url"]
    types = {"movieId": TEXT, "title": TEXT} | dict.fromkeys(GENRES_100K, WHOLE)
    films = read_delimited(
        path / "u.item",
        types,
        separator="|",
        names=[*head, *GENRES_100K],
        encoding="latin-1",
        quoting=False,
        allow_empty=True,
    )
    flags = films.frame[list(GENRES_100K)].to_numpy() == 1
    genres = ["|".join(np.array(GENRES_100K)[row]) for row in flags]
    return RawData(
        origin=_origin("movielens-100k", "MovieLens 100K"),
        events=partial(_events, path / "u.data", names, "\t"),
        items=movies(films._replace(frame=films.frame.assign(genres=genres))),
        all_described=True,
    )


def read_movielens_1m(path: Path) -> RawData:
    """Read ``ratings.dat`` and ``movies.dat``, whose fields are separated by ``::``."""
    names = ["user_id", "gap1", "item_id", "gap2", "rating", "gap3", "timestamp"]
    return RawData(
        origin=_origin("movielens-1m", "MovieLens 1M"),
        events=partial(_events, path / "ratings.dat", names, ":"),
        items=movies(_double_colon(path / "movies.dat", ("movieId", "title", "genres"))),
        all_described=True,
    )


def _events(path: Path, names: list[str], separator: str) -> Iterator[pa.RecordBatch]:
    types = {"user_id": TEXT, "item_id": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    for chunk in read_chunks(path, types, separator=separator, names=names):
        yield rated_events(chunk, {})


def _double_colon(path: Path, names: tuple[str, ...]) -> Chunk:
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise DataError(f"{path}: not a readable file: {error.strerror}.") from None
    rows = [line.split("::") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(f"{path}, row {number}: Expected {len(names)} columns, got {len(row)}.")
    return Chunk(path, 1, pd.DataFrame(rows, columns=list(names)))


def _origin(name: str, title: str) -> Origin:
    return Origin(
        name=name,
        title=title,
        source="https://grouplens.org/datasets/movielens/",
        licence=LICENCE,
        citation=CITATION,
        sequence=SEQUENCE,
    )
