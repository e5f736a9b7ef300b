"""MovieLens in its present layout: ml-latest(-small), 20M, 25M and 32M."""

from pathlib import Path
from typing import Final

import pandas as pd

from prism_core.data.raw import Origin, RawData
from prism_core.data.readers.delimited import NUMBER, TEXT, WHOLE, read_delimited, require

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
    ratings = _ratings(path / "ratings.csv")
    films = path / "movies.csv"
    table = read_delimited(films, {"movieId": TEXT, "title": TEXT, "genres": TEXT})
    require(table, ~table["movieId"].duplicated(), "movieId", films, "in one row only")
    items = movies(table)
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
    return RawData(origin=origin, interactions=ratings, items=items)


def movies(table: pd.DataFrame) -> pd.DataFrame:
    """Turn ``movieId, title, genres`` into the item columns of :class:`RawData`."""
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


def _ratings(path: Path) -> pd.DataFrame:
    types = {"userId": TEXT, "movieId": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    frame = read_delimited(path, types)
    require(frame, frame["timestamp"] >= 0, "timestamp", path, "at least 0 (Unix seconds)")
    require(frame, frame["rating"].between(0, 5), "rating", path, "between 0 and 5")
    return frame.rename(columns={"userId": "user_id", "movieId": "item_id"})
