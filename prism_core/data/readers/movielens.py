"""MovieLens in its present layout: ml-latest(-small), 20M, 25M and 32M."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from prism_core.data.raw import Origin, RawData, event_batch
from prism_core.data.readers.delimited import (
    NUMBER,
    TEXT,
    WHOLE,
    Chunk,
    read_chunks,
    read_delimited,
)

CITATION: Final = (
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. "
    "ACM Transactions on Interactive Intelligent Systems (TiiS) 5, 4: 19:1-19:19. "
    "https://doi.org/10.1145/2827872"
)
LICENCE: Final = (
    "Research use under the conditions of README.txt: no endorsement, cite the paper, "
    "redistribution under the same conditions, no commercial use without permission."
)
SEQUENCE: Final = "Users rate many films in one sitting, so a sequence is mostly a rating session"
NO_GENRE: Final = "(no genres listed)"


def read_movielens(path: Path) -> RawData:
    """Read ``ratings.csv`` and ``movies.csv``.

    Parameters
    ----------
    path
        Folder of the unpacked download.

    Returns
    -------
    RawData
        Times in seconds; ``year`` from the title's ``(1995)``, categories are the genres.

    Raises
    ------
    DataError
        A file is missing or damaged, or a time is negative.
    """
    types = {"movieId": TEXT, "title": TEXT, "genres": TEXT}
    items = movies(read_delimited(path / "movies.csv", types))
    readme = path / "README.txt"
    origin = Origin(
        name="movielens-small" if len(items) < 20_000 else "movielens",
        title="MovieLens ml-latest-small" if len(items) < 20_000 else "MovieLens",
        source="https://grouplens.org/datasets/movielens/",
        licence=LICENCE,
        citation=CITATION,
        sequence=SEQUENCE,
        documents={readme.name: readme} if readme.is_file() else {},
    )
    return RawData(
        origin=origin,
        events=partial(_ratings, path / "ratings.csv"),
        items=items,
        all_described=True,
    )


def movies(films: Chunk) -> pd.DataFrame:
    """Turn ``movieId, title, genres`` into the item columns of :class:`RawData`.

    Raises
    ------
    DataError
        A film stands twice.
    """
    table = films.frame
    films.require("movieId", ~table["movieId"].duplicated(), "in one row only")
    titles = table["title"].str.strip()
    years = titles.str.extract(r"\((\d{4})(?:[–-]\d{0,4})?\)\s*$")[0]
    genres = table["genres"].where(table["genres"] != NO_GENRE, "")
    return pd.DataFrame(
        {
            "item_id": table["movieId"],
            "title": titles.str.replace(r"\s*\(\d{4}(?:[–-]\d{0,4})?\)\s*$", "", regex=True),
            "year": pd.to_numeric(years).astype("Int16"),
            "categories": [[g for g in text.split("|") if g] for text in genres],
        }
    )


def _ratings(path: Path) -> Iterator[pa.RecordBatch]:
    types = {"userId": TEXT, "movieId": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    for chunk in read_chunks(path, types):
        yield rated_events(chunk, {"userId": "user_id", "movieId": "item_id"})


def rated_events(chunk: Chunk, columns: Mapping[str, str]) -> pa.RecordBatch:
    """Check times and five-star ratings and rename columns.

    Raises
    ------
    DataError
        A time is negative or a rating is not between 0 and 5.
    """
    frame = chunk.frame
    chunk.require("timestamp", frame["timestamp"] >= 0, "at least 0 (Unix seconds)")
    chunk.require("rating", frame["rating"].between(0, 5), "between 0 and 5")
    return event_batch(frame.rename(columns=dict(columns)))
