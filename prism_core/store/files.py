"""Atomic writing and checked reading of single files."""

import hashlib
import json
import os
import signal
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.types import is_floating as _is_float
from pyarrow.types import is_list as _is_list
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from prism_core.errors import RunFormatError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its place only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time change a file that is read, changed and written again.

    The lock lies in a hidden file beside it and ends with the process that holds it. Where the
    system has no such locks the block runs without one.
    """
    with path.with_name(f".{path.name}.lock").open("w") as handle:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off a request to end until the block is done, so that files agree with each other.

    Only the main thread can; in another one the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda given, frame: asked.append(given))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if asked:
            signal.raise_signal(asked[0])


def sha256(path: Path) -> str:
    """Hash a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def describe_file(path: Path) -> dict[str, Any]:
    """Give a file's manifest entry: hash and size, and for a table its rows and columns."""
    entry: dict[str, Any] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    if path.suffix == ".parquet":
        metadata = pq.read_schema(path)
        entry |= {"rows": pq.read_metadata(path).num_rows, "columns": metadata.names}
    return entry


def combined_hash(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Hash the names and hashes of some files into 16 hexadecimal digits."""
    text = json.dumps([[name, entries[name]["sha256"]] for name in sorted(entries)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, keys in the given order."""
    with replacing(path) as temporary:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    RunFormatError
        The file is missing, is not UTF-8 JSON, or does not hold an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFormatError(f"{path}: the file is missing.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunFormatError(f"{path}: not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise RunFormatError(f"{path}: expected a JSON object, found {type(value).__name__}.")
    return value


def write_parquet(path: Path, frame: pd.DataFrame, *, rows_per_group: int | None = None) -> None:
    """Write a frame atomically as zstd parquet, without its index.

    Small row groups let a reader skip what it does not ask for.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    with replacing(path) as temporary:
        pq.write_table(
            table,
            temporary,
            row_group_size=rows_per_group,
            compression="zstd",
            **_encodings(table.schema),
        )


def _encodings(layout: pa.Schema) -> dict[str, list[str]]:
    """Give all columns a dictionary but lists of numbers: these split by bytes compress better."""
    numbers: list[str] = []
    rest: list[str] = []
    for column in layout:
        is_list = _is_list(column.type)
        path = f"{column.name}.list.element" if is_list else column.name
        (numbers if is_list and _is_float(column.type.value_type) else rest).append(path)
    return {"use_dictionary": rest, "use_byte_stream_split": numbers}


def read_parquet(
    path: Path, columns: list[str] | None = None, where: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Read a parquet file, or only some columns of it, or only rows equal to ``where``.

    Raises
    ------
    RunFormatError
        The file is missing, damaged or lacks a column.
    """
    try:
        filters = [(name, "=", value) for name, value in (where or {}).items()] or None
        return pq.read_table(path, columns=columns, filters=filters).to_pandas()
    except FileNotFoundError:
        raise RunFormatError(f"{path}: the file is missing.") from None
    except (pa.ArrowException, OSError, KeyError) as error:
        raise RunFormatError(f"{path}: not a readable parquet file: {error}.") from None


def read_lists(path: Path, column: str) -> np.ndarray:
    """Read a column of equally long lists as one array ``(rows, size)``.

    Raises
    ------
    RunFormatError
        The file is missing or damaged, or the lists differ in length.
    """
    try:
        lists = pq.read_table(path, columns=[column]).column(column).combine_chunks()
        flat = lists.flatten().to_numpy(zero_copy_only=False)
    except FileNotFoundError:
        raise RunFormatError(f"{path}: the file is missing.") from None
    except (pa.ArrowException, OSError, KeyError, AttributeError) as error:
        raise RunFormatError(f"{path}: column {column!r} is not readable: {error}.") from None
    sizes = np.unique(lists.value_lengths().to_numpy(zero_copy_only=False))
    if len(sizes) > 1:
        raise RunFormatError(f"{path}: the lists of column {column!r} differ in length.")
    return flat.reshape(len(lists), -1)


def write_vectors(path: Path, vectors: Mapping[str, np.ndarray]) -> None:
    """Write named arrays atomically as safetensors."""
    with replacing(path) as temporary:
        save_file({name: np.ascontiguousarray(array) for name, array in vectors.items()}, temporary)


def vector_names(path: Path) -> list[str]:
    """Name the arrays of a safetensors file without reading them.

    Raises
    ------
    RunFormatError
        The file is missing or damaged.
    """
    try:
        with safe_open(path, "numpy") as handle:
            return sorted(handle.keys())
    except FileNotFoundError:
        raise RunFormatError(f"{path}: the file is missing.") from None
    except (SafetensorError, OSError) as error:
        raise RunFormatError(f"{path}: not a readable safetensors file: {error}.") from None


def read_vectors(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read the arrays of a safetensors file: all, or those of some names that it has.

    Raises
    ------
    RunFormatError
        The file is missing or damaged.
    """
    try:
        with safe_open(path, "numpy") as stored:
            wanted = [key for key in stored.keys() if names is None or key in names]  # noqa: SIM118
            return {key: stored.get_tensor(key) for key in wanted}
    except FileNotFoundError:
        raise RunFormatError(f"{path}: the file is missing.") from None
    except (SafetensorError, OSError) as error:
        raise RunFormatError(f"{path}: not a readable safetensors file: {error}.") from None
