"""Strict reading of delimited text: every fault is named by file, row and column."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

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


def read_delimited(
    path: Path,
    types: Mapping[str, pa.DataType],
    *,
    separator: str = ",",
    names: Sequence[str] | None = None,
    encoding: str = "utf8",
    quoting: bool = True,
    allow_empty: bool = False,
) -> pd.DataFrame:
    """Read some columns of a delimited text file.

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

    Returns
    -------
    pandas.DataFrame
        The wanted columns, in file order, without a missing value.

    Raises
    ------
    DataError
        The file is missing, empty, not text, lacks a column, or a row has a wrong number of
        fields, an empty one, or a value of the wrong type. Rows are counted from 1 and the
        header is one of them.
    """
    parsing = csv.ParseOptions(delimiter=separator, quote_char='"' if quoting else False)
    reading = csv.ReadOptions(
        column_names=names, encoding=encoding, use_threads=False, block_size=BLOCK
    )
    table = _read(path, types, parsing, reading, allow_empty)
    if not table.num_rows:
        raise DataError(f"{path}: there are no rows below the header.")
    header = names is None
    for column in types:
        _refuse_empty_field(table.column(column), path, column, header)
    return table.to_pandas()


def require(
    frame: pd.DataFrame,
    valid: pd.Series,
    column: str,
    path: Path,
    must: str,
    *,
    header: bool = True,
) -> None:
    """Refuse a file whose ``column`` is not ``valid`` in every row.

    Raises
    ------
    DataError
        Names the first bad row and value, and what the value ``must`` be.
    """
    if not valid.all():
        place = int(np.argmin(valid.to_numpy()))
        value = frame[column].iloc[place]
        row = place + 1 + header
        raise DataError(f"{path}, row {row}, column {column!r}: {value} must be {must}.")


def _read(
    path: Path,
    types: Mapping[str, pa.DataType],
    parsing: csv.ParseOptions,
    reading: csv.ReadOptions,
    allow_empty: bool,
) -> pa.Table:
    options = csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[""],
        strings_can_be_null=not allow_empty,
    )
    names, separator = reading.column_names, parsing.delimiter
    try:
        with pa.input_stream(path) as stream:
            return csv.read_csv(
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


def _refuse_empty_field(column: pa.ChunkedArray, path: Path, name: str, header: bool) -> None:
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy())) + 1 + header
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
