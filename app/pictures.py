"""Item pictures from a folder or a zip the reader has; the app works without any."""

import zipfile
import zlib
from pathlib import Path
from typing import Final

from prism_core.errors import DataError

SUFFIXES: Final = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
SIGNATURES: Final = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF"}
MAX_BYTES: Final = 2_000_000


class Pictures:
    """Pictures named ``<item_id>.jpg`` (or png, webp) in one folder or zip.

    Parameters
    ----------
    path
        Folder or zip; None for no pictures.

    Raises
    ------
    DataError
        The path is neither a folder nor a readable zip.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._archive: zipfile.ZipFile | None = None
        self._names: dict[str, str] = {}
        if path is None:
            return
        self._names = {Path(n).stem: n for n in self._list(path) if Path(n).suffix in SUFFIXES}

    def __len__(self) -> int:
        return len(self._names)

    def get(self, item_id: str) -> tuple[str, bytes] | None:
        """Give media type and bytes of an item's picture, or None where there is no good one."""
        name = self._names.get(item_id)
        if name is None:
            return None
        kind = SUFFIXES[Path(name).suffix]
        content = self._read(name)
        if not content.startswith(SIGNATURES[kind]) or len(content) > MAX_BYTES:
            return None
        return f"image/{kind}", content

    def _list(self, path: Path) -> list[str]:
        if path.is_dir():
            return [p.name for p in path.iterdir() if p.is_file()]
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile):
            raise DataError(
                f"{path}: pictures must be a folder or a zip with files named <item id>.jpg; "
                "correct the path or leave it empty."
            ) from None
        small = (info for info in self._archive.infolist() if info.file_size <= MAX_BYTES)
        return [info.filename for info in small]

    def _read(self, name: str) -> bytes:
        try:
            if self._archive is not None:
                return self._archive.read(name)
            assert self._path is not None
            return (self._path / name).read_bytes()
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
            return b""
