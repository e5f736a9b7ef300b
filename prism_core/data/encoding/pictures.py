"""Pictures of items from a folder or zip, read in memory and never unpacked to disk."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image

from prism_core.errors import DataError

ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp")
LARGEST_FILE: Final = 20 * 2**20
LARGEST_PIXELS: Final = 50_000_000


class Pictures:
    """Pictures named ``<item_id>.jpg`` (or png, webp) in a folder or zip.

    Parameters
    ----------
    path
        The folder or zip.

    Raises
    ------
    DataError
        There is no such folder or zip, or the zip is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read, names = _open(path)
        known = {n.rpartition("/")[2]: n for n in names if n.lower().endswith(ENDINGS)}
        self._names = {base.rpartition(".")[0]: name for base, name in sorted(known.items())}

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._names

    def content(self, item_id: str) -> bytes:
        """Give the bytes of an item's picture file.

        Raises
        ------
        DataError
            The file is damaged or larger than 20 MiB.
        """
        name = self._names[item_id]
        try:
            content = self._read(name)
        except (OSError, zipfile.BadZipFile, RuntimeError, zlib.error) as error:
            raise DataError(f"{self.path}, {name}: not readable: {error}.") from None
        if len(content) > LARGEST_FILE:
            raise DataError(f"{self.path}, {name}: larger than {LARGEST_FILE:,} bytes.")
        return content


def decode(content: bytes, where: str) -> Image.Image:
    """Decode a picture as RGB; ``where`` begins the text of an error.

    Raises
    ------
    DataError
        It is no picture, cut off, or has more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content))
        if image.width * image.height > LARGEST_PIXELS:
            raise DataError(f"{where}: {image.width} x {image.height} pixels are too many.")
        return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{where}: not a readable picture: {error}.") from None


def _open(path: Path) -> tuple[Callable[[str], bytes], list[str]]:
    if path.is_dir():
        names = [p.name for p in sorted(path.iterdir()) if p.is_file()]
        return lambda name: (path / name).read_bytes(), names
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such folder or zip of pictures.") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable zip: {error}.") from None
    small = [i.filename for i in archive.infolist() if i.file_size <= LARGEST_FILE]
    return archive.read, small
