"""Missing, damaged and hostile input: one sentence with file, row and column; nothing written."""

import argparse
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prism_core.data import command
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset

RATINGS = "userId,movieId,rating,timestamp\n"
MOVIES = "movieId,title,genres\n"


def write_raw(folder: Path) -> Path:
    """Write small, sound files: 5 users rate 4 films."""
    folder.mkdir()
    rows = [f"{u},{i},4.5,{100 * u + i}" for u in range(1, 6) for i in range(1, 5)]
    (folder / "ratings.csv").write_text(RATINGS + "\n".join(rows) + "\n")
    films = [f"{i},Film {i} (199{i}),Drama" for i in range(1, 5)]
    (folder / "movies.csv").write_text(MOVIES + "\n".join(films) + "\n")
    write_features(folder)
    return folder


def write_features(folder: Path, **changes: object) -> None:
    arrays = {
        "text": np.arange(12, dtype=np.float32).reshape(4, 3),
        "text_movie_id": np.arange(1, 5),
    }
    np.savez(folder / "features.npz", **(arrays | changes))


def prepare(folder: Path) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    target = folder.parent / "out"
    words = ["movielens", str(folder), "--features", str(folder / "features.npz")]
    words += ["--out", str(target), "--k-core", "3", "--encoder", "text=counted, 3-d"]
    command.run(parser.parse_args(words))


def line(number: int, text: str, name: str = "ratings.csv") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        lines = (folder / name).read_bytes().splitlines()
        lines[number - 1] = text.encode("latin-1")
        (folder / name).write_bytes(b"\n".join(lines) + b"\n")

    return change


def vectors(**changes: object) -> Callable[[Path], None]:
    return lambda folder: write_features(folder, **changes)


def whole(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def make_folder(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return change


def cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size])


def flip_byte(folder: Path) -> None:
    path = folder / "features.npz"
    data = bytearray(path.read_bytes())
    data[data.index(b"\x93NUMPY") + 140] ^= 0xFF
    path.write_bytes(data)


def with_value(row: int, column: int, value: float) -> np.ndarray:
    table = np.ones((4, 3), dtype=np.float32)
    table[row, column] = value
    return table


def pickled(folder: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(folder / "features.npz", "w") as archive:
        archive.writestr("text.npy", buffer.getvalue())


TABLES = {
    "missing": (remove("ratings.csv"), r"ratings.csv: the file is missing"),
    "folder": (make_folder("ratings.csv"), r"ratings.csv: .*"),
    "empty": (whole("ratings.csv", b""), r"ratings.csv: Empty CSV file"),
    "header only": (whole("ratings.csv", RATINGS.encode()), r"ratings.csv: .*no rows"),
    "unknown columns": (
        line(1, "user,movieId,rating,when"),
        r"ratings.csv: column 'userId' is missing; found: user, movieId, rating, when",
    ),
    "truncated": (cut("ratings.csv", 99), r"ratings.csv, row 7: Expected 4 columns, got 3"),
    "too many fields": (line(3, "1,2,4.0,5,6"), r"ratings.csv, row 3: Expected 4 columns, got 5"),
    "negative time": (
        line(4, "1,3,4.0,-7"),
        r"ratings.csv, row 4, column 'timestamp': -7 must be at least 0",
    ),
    "time as text": (
        line(4, "1,3,4.0,today"),
        r"ratings.csv, row 4, column 'timestamp': .*'today'",
    ),
    "huge time": (
        line(4, "1,3,4.0,99999999999999999999"),
        r"ratings.csv, row 4, column 'timestamp': .*'99999999999999999999'",
    ),
    "rating not a number": (line(5, "1,4,nan,9"), r"ratings.csv, row 5, column 'rating': nan"),
    "empty user": (line(2, ",1,4.0,9"), r"ratings.csv, row 2, column 'userId': the field is empty"),
    "not UTF-8": (
        line(3, "2,Am\xe9lie,Drama", "movies.csv"),
        r"movies.csv, row 3, column 'title': .*invalid UTF8",
    ),
    "item twice": (
        line(4, "1,Film again,Drama", "movies.csv"),
        r"movies.csv, row 4, column 'movieId': 1 must be in one row only",
    ),
    "unknown item": (line(2, "1,77,4.0,9"), r"item '77' has events but no description"),
    "binary": (whole("movies.csv", bytes(range(256))), r"movies.csv"),
}

FEATURES = {
    "missing": (remove("features.npz"), r"features.npz: the file is missing"),
    "empty": (whole("features.npz", b""), r"features.npz: not a readable npz file"),
    "text": (whole("features.npz", b"hello"), r"features.npz: not a readable npz file"),
    "truncated": (cut("features.npz", 300), r"features.npz: not a readable npz file"),
    "damaged": (flip_byte, r"features.npz: not a readable npz file"),
    "objects": (pickled, r"features.npz: not a readable npz file: Object arrays cannot be loaded"),
    "NaN": (
        vectors(text=with_value(2, 1, np.nan)),
        r"features.npz: array 'text', row 2 \(from 0\), column 1: nan is not a finite",
    ),
    "infinite": (
        vectors(text=with_value(3, 0, -np.inf)),
        r"features.npz: array 'text', row 3 \(from 0\), column 0: -inf is not a finite",
    ),
    "beyond float16": (
        vectors(text=with_value(0, 2, 1e6)),
        r"array 'text', row 0 \(from 0\), column 2: 1000000.0 is not a finite float16",
    ),
    "flat": (vectors(text=np.ones(4)), r"array 'text' is float64 of shape \(4,\)"),
    "complex": (vectors(text=np.ones((4, 3), complex)), r"array 'text' is complex128"),
    "words": (vectors(text=np.full((4, 3), "a")), r"array 'text' is <U1"),
    "no column": (vectors(text=np.ones((4, 0))), r"shape \(4, 0\)"),
    "id twice": (
        vectors(text_movie_id=np.array([1, 2, 2, 4])),
        r"array 'text_movie_id', row 2 \(from 0\): id '2' stands twice",
    ),
    "fewer ids": (
        vectors(text_movie_id=np.array([1, 2, 3])),
        r"'text_movie_id' has shape \(3,\), not \(4,\)",
    ),
    "ids with a fraction": (
        vectors(text_movie_id=np.array([1.5, 2, 3, 4])),
        r"'text_movie_id' holds float64, but ids are whole numbers or text",
    ),
    "unknown id": (
        vectors(text_movie_id=np.array([1, 2, 3, 99])),
        r"features 'text', row 3 \(from 0\): item '99' is not among the items",
    ),
    "no ids": (
        lambda folder: np.savez(folder / "features.npz", text=np.ones((7, 3))),
        r"features 'text': 7 rows without ids, but there are 4 items",
    ),
    "only zeros": (vectors(text=np.zeros((4, 3))), r"features 'text': every row is zero"),
    "no vectors": (
        lambda folder: np.savez(folder / "features.npz", text_movie_id=np.arange(4)),
        r"there is no array of vectors",
    ),
}


def test_the_sound_files_are_prepared(tmp_path: Path) -> None:
    prepare(write_raw(tmp_path / "raw"))
    assert Dataset(tmp_path / "out").num_users == 5


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    _refused(tmp_path, *TABLES[case])


@pytest.mark.parametrize("case", FEATURES)
def test_bad_vectors_are_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    _refused(tmp_path, *FEATURES[case])


def test_a_failed_preparation_leaves_the_older_result_alone(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    prepare(raw)
    before = Dataset(tmp_path / "out").fingerprint
    line(4, "1,3,4.0,-7")(raw)
    with pytest.raises(DataError):
        prepare(raw)
    assert Dataset(tmp_path / "out").fingerprint == before


def test_a_folder_with_other_content_is_never_replaced(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    (tmp_path / "out").mkdir()
    prepare(raw)
    (tmp_path / "out" / "dataset.json").unlink()
    with pytest.raises(DataError, match="out: holds something else than a data set"):
        prepare(raw)
    assert (tmp_path / "out" / "items.parquet").is_file()


def _refused(tmp_path: Path, change: Callable[[Path], None], message: str) -> None:
    raw = write_raw(tmp_path / "raw")
    change(raw)
    with pytest.raises(DataError, match=message) as caught:
        prepare(raw)
    assert len(str(caught.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
