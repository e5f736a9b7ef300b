"""Reading one record per line, plain or gzipped, with the line named in every error."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from prism_core.errors import DataError

LONGEST_LINE: Final = 16 * 2**20
"""Bytes; a longer line is no record of any known format."""

LARGEST: Final = 1e300


class Record(NamedTuple):
    """One line's fields and where they stand."""

    path: Path
    line: int
    fields: Mapping[str, Any]

    def get(self, name: str, *kinds: type, default: Any = None) -> Any:
        """Give an optional field.

        Raises
        ------
        DataError
            The field is there but of another type.
        """
        value = self.fields.get(name)
        if value is None:
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise DataError(f"{self._where(name)}: expected {wanted}, found {_short(value)}.")
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise DataError(f"{self._where(name)}: {_short(value)} is no valid Unicode text.")
        return value

    def need(self, name: str, *kinds: type) -> Any:
        """Give a field that must be there and not be empty.

        Raises
        ------
        DataError
            The field is missing, empty or of another type.
        """
        value = self.get(name, *kinds)
        if value is None or value == "":
            raise DataError(f"{self._where(name)}: the field is missing or empty.")
        return value

    def number(self, name: str) -> float:
        """Give a finite number that must be there.

        Raises
        ------
        DataError
            The field is missing or no finite number.
        """
        value = self.need(name, int, float)
        if not abs(value) < LARGEST:
            raise DataError(f"{self._where(name)}: {_short(value)} is not a finite number.")
        return float(value)

    def seconds(self, name: str, unit: float = 1) -> int:
        """Give a field of Unix time in whole seconds; ``unit`` of it make a second.

        Raises
        ------
        DataError
            The time is negative, not finite or beyond 64 bits.
        """
        value = self.need(name, int, float)
        if not 0 <= value < 2**62:
            raise DataError(f"{self._where(name)}: {_short(value)} is no time since 1970.")
        return int(value // unit)

    def _where(self, name: str) -> str:
        return f"{self.path}, line {self.line}, field {name!r}"


def read_records(path: Path, parse: Callable[[str], Any] = json.loads) -> Iterator[Record]:
    """Read a file of one object per line; empty lines are passed over.

    Parameters
    ----------
    path
        A text file in UTF-8, gzipped if its name ends in ``.gz``.
    parse
        Turns one line into a mapping; must not execute it.

    Raises
    ------
    DataError
        The file is missing or damaged, or a line is too long, not UTF-8 or no object.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as handle:
            line = 0
            while raw := handle.readline(LONGEST_LINE + 1):
                line += 1
                if raw.strip():
                    yield Record(path, line, _fields(path, line, raw, parse))
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing.") from None
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: not a readable file: {error}.") from None


def _fields(path: Path, line: int, raw: bytes, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise DataError(f"{path}, line {line}: longer than {LONGEST_LINE:,} bytes.")
    try:
        fields = parse(raw.decode("utf-8").strip())
    except UnicodeDecodeError:
        raise DataError(f"{path}, line {line}: not UTF-8 text.") from None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise DataError(f"{path}, line {line}: not a valid record: {_short(raw)}.") from None
    if not isinstance(fields, dict):
        raise DataError(f"{path}, line {line}: expected an object, found {_short(fields)}.")
    return fields


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
