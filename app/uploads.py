"""Uploaded files: checked and stored in one folder; nothing is trusted, nothing leaves it."""

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

from prism_core.errors import DataError

MEGABYTE: Final = 2**20
MAX_FILE_MB: Final = 200
"""Most that one uploaded file may have."""
MAX_TOTAL_MB: Final = 1000
"""Most that all uploaded files may have, archives unpacked."""
MAX_ENTRIES: Final = 10_000
"""Most files in one archive."""
ENDINGS: Final = (
    *("csv", "tsv", "txt", "dat", "data", "json", "jsonl", "gz", "parquet"),
    *("item", "user", "inter", "info", "base", "npz", "npy", "safetensors", "pt", "zip"),
    *("jpg", "jpeg", "png", "webp"),
)
"""Kinds of files that some reader takes."""
_CHUNK: Final = 2**20


class Upload(Protocol):
    """One uploaded file."""

    name: str
    size: int

    def getbuffer(self) -> memoryview:
        """Give the content."""


def store(uploads: Iterable[Upload], folder: Path) -> Path:
    """Write uploads below a folder; a zip archive is unpacked there.

    Parameters
    ----------
    uploads
        The files; folders in their names are dropped.
    folder
        An empty folder.

    Returns
    -------
    pathlib.Path
        The folder with the files: an archive's only inner folder where there is just that.

    Raises
    ------
    DataError
        A file is too large or of a kind that is not read, two have one name, or an archive is
        damaged, too large, or has an entry that would be written outside the folder.
    """
    room = Room(MAX_TOTAL_MB * MEGABYTE)
    for upload in uploads:
        name = _checked_name(upload)
        if name.lower().endswith(".zip"):
            _unpack(upload, name, folder, room)
        else:
            room.take(upload.size, name)
            _new(folder / name).write_bytes(upload.getbuffer())
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


class Room:
    """Bytes that may still be written."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int, name: str) -> None:
        """Use up some, or refuse.

        Raises
        ------
        DataError
            There is not enough left.
        """
        self._left -= size
        if self._left < 0:
            raise DataError(
                f"{name}: all files together are larger than {MAX_TOTAL_MB} MB unpacked; put them "
                "into a folder on this machine and give its path."
            )


def _checked_name(upload: Upload) -> str:
    name = PurePosixPath(upload.name.replace("\\", "/")).name
    if "." not in name or name.rsplit(".", 1)[1].lower() not in ENDINGS:
        raise DataError(f"{name}: this kind of file is not read; upload {', '.join(ENDINGS)}.")
    if upload.size > MAX_FILE_MB * MEGABYTE:
        raise DataError(
            f"{name}: larger than {MAX_FILE_MB} MB; put it into a folder on this machine and give "
            "its path."
        )
    return name


def _new(path: Path) -> Path:
    if path.exists():
        raise DataError(f"{path.name}: two files have this name; rename or leave out one.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _unpack(upload: Upload, name: str, folder: Path, room: Room) -> None:
    archived = folder.with_name(f"{folder.name}.zip")
    archived.write_bytes(upload.getbuffer())
    try:
        with zipfile.ZipFile(archived) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise DataError(f"{name}: more than {MAX_ENTRIES:,} files; pack fewer.")
            targets = {entry.filename: _inside(entry, name, folder) for entry in entries}
            for entry in filter(_is_read, entries):
                with archive.open(entry) as source:
                    _copy(source, _new(targets[entry.filename]), room, f"{name}: {entry.filename}")
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{name}: not a readable zip archive: {error}.") from None
    finally:
        archived.unlink()


def _inside(entry: zipfile.ZipInfo, name: str, folder: Path) -> Path:
    """Give where an entry goes; refuse what is no plain file inside the folder."""
    path = PurePosixPath(entry.filename)
    strange = {"\\", ":", "\0"} & set(entry.orig_filename)
    if path.is_absolute() or ".." in path.parts or strange:
        raise DataError(
            f"{name}: entry {entry.orig_filename!r} would be written outside the archive's folder; "
            "nothing was unpacked."
        )
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise DataError(f"{name}: entry {entry.filename!r} is no plain file; pack files only.")
    return folder.joinpath(*path.parts)


def _is_read(entry: zipfile.ZipInfo) -> bool:
    ending = PurePosixPath(entry.filename).suffix.removeprefix(".").lower()
    return ending in ENDINGS and not entry.filename.startswith("__MACOSX/")


def _copy(source: IO[bytes], target: Path, room: Room, name: str) -> None:
    """Copy counting what really comes, whatever the archive says about its size."""
    with target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            room.take(len(chunk), name)
            sink.write(chunk)
