"""Strict reading of delimited text: every fault is named by file, row and column."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from prism_core.errors import DataError

WHOLE: Final = pa.int64()
NUMBER: Final = pa.float64()
TEXT: Final = pa.string()
BLOCK: Final = 8 * 2**20
"""Bytes read at a time; no row may be longer."""


class Chunk(NamedTuple):
    """Some rows of a file.

    Attributes
    ----------
    path
        The file.
    row
        Row in the file, from 1, of the first row of ``frame``; the header is a row.
    frame
        The wanted columns, without a missing value.
    """

    path: Path
    row: int
    frame: pd.DataFrame

    def require(self, column: str, valid: pd.Series, must: str) -> None:
        """Refuse a file whose ``column`` is not ``valid`` in every row.

        Raises
        ------
        DataError
            Names the first bad row and value, and what the value ``must`` be.
        """
        if not valid.all():
            place = int(np.argmin(valid.to_numpy()))
            value = self.frame[column].iloc[place]
            where = f"{self.path}, row {self.row + place}, column {column!r}"
            raise DataError(f"{where}: {value} must be {must}.")


def read_chunks(
    path: Path,
    types: Mapping[str, pa.DataType],
    *,
    separator: str = ",",
    names: Sequence[str] | None = None,
    encoding: str = "utf8",
    quoting: bool = True,
    allow_empty: bool = False,
) -> Iterator[Chunk]:
    """Read some columns of a delimited text file, a few megabytes at a time.

    Parameters
    ----------
    path
        The file; ``.gz`` and other common compressions are opened by their ending.
    types
        Wanted columns and their types; other columns are ignored.
    separator
        One character between fields.
    names
        All column names, for a file without a header row.
    encoding
        Text encoding of the file.
    quoting
        Whether ``"`` encloses a field that holds a separator.
    allow_empty
        Read empty text fields as empty strings instead of refusing them.

    Raises
    ------
    DataError
        The file is missing, empty, not text, lacks a column, or a row has a wrong number of
        fields, an empty one, or a value of the wrong type.
    """
    parsing = csv.ParseOptions(delimiter=separator, quote_char='"' if quoting else False)
    reading = csv.ReadOptions(
        column_names=names, encoding=encoding, use_threads=False, block_size=BLOCK
    )
    first = row = 1 + (names is None)
    for batch in _batches(path, types, parsing, reading, allow_empty):
        for column in types:
            _refuse_empty_field(batch.column(column), path, column, row)
        yield Chunk(path, row, batch.to_pandas())
        row += batch.num_rows
    if row == first:
        raise DataError(f"{path}: there are no rows below the header.")


def read_delimited(path: Path, types: Mapping[str, pa.DataType], **options: Any) -> Chunk:
    """Read some columns of a delimited text file as one chunk; see :func:`read_chunks`."""
    chunks = list(read_chunks(path, types, **options))
    frame = pd.concat([chunk.frame for chunk in chunks], ignore_index=True)
    return Chunk(path, chunks[0].row, frame)


def _batches(
    path: Path,
    types: Mapping[str, pa.DataType],
    parsing: csv.ParseOptions,
    reading: csv.ReadOptions,
    allow_empty: bool,
) -> Iterator[pa.RecordBatch]:
    options = csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[""],
        strings_can_be_null=not allow_empty,
    )
    names, separator = reading.column_names, parsing.delimiter
    try:
        with pa.input_stream(path) as stream:
            yield from csv.open_csv(
                stream, read_options=reading, parse_options=parsing, convert_options=options
            )
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing.") from None
    except KeyError:
        found = names or header_of(path, separator)
        missing = next(name for name in types if name not in found)
        raise DataError(
            f"{path}: column {missing!r} is missing; found: {', '.join(found)}."
        ) from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(_sentence(path, str(error), list(names or ()), separator)) from None


def _refuse_empty_field(column: pa.Array, path: Path, name: str, row: int) -> None:
    if column.null_count:
        row += int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise DataError(f"{path}, row {row}, column {name!r}: the field is empty.")


def _sentence(path: Path, message: str, names: list[str], separator: str) -> str:
    message = "".join(c if c.isprintable() else "?" for c in message)[:200].rstrip(".")
    conversion = re.search(r"column #(\d+): (?:Row #(\d+): )?(?:CSV conversion )?(.*)", message)
    if conversion:
        number, row, what = conversion.groups()
        names = names or header_of(path, separator)
        label = repr(names[int(number)]) if int(number) < len(names) else number
        return f"{path}{f', row {row}' if row else ''}, column {label}: {what}."
    parsing = re.search(r"Row #(\d+): (Expected \d+ columns, got \d+)", message)
    if parsing:
        return f"{path}, row {parsing[1]}: {parsing[2]}."
    return f"{path}: {message}."


def header_of(path: Path, separator: str) -> list[str]:
    """Read the column names of a file's first row.

    Raises
    ------
    DataError
        The file cannot be read.
    """
    try:
        with pa.input_stream(path) as stream:
            line = stream.read(65536).split(b"\n", 1)[0]
    except OSError as error:
        raise DataError(f"{path}: not a readable file: {error}.") from None
    return [name.strip('"\r') for name in line.decode("utf-8", "replace").split(separator)]
