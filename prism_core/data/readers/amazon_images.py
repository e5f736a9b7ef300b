"""Amazon's published image features: 10 letters of ASIN and 4,096 numbers, again and again.

The files are larger than memory, so they are mapped and only the wanted rows are read. J. McAuley
et al. 2015. Image-Based Recommendations on Styles and Substitutes. SIGIR.
https://doi.org/10.1145/2766462.2767755
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np

from prism_core.data.features import FeatureTable
from prism_core.errors import DataError

ENDING: Final = ".b"
SIZE: Final = 4096
RECORD: Final = np.dtype([("asin", "S10"), ("vector", "<f4", (SIZE,))])
ROWS: Final = 2048
"""Records looked at together: 32 MB."""


def read_amazon_images(path: Path, items: Collection[str]) -> FeatureTable:
    """Read the vectors of some items from ``image_features_X.b``.

    Parameters
    ----------
    path
        The file.
    items
        ASINs wanted; the others are passed over. Of an ASIN that stands twice the first counts.

    Returns
    -------
    FeatureTable
        ``(R, 4096)`` float32 with ids.

    Raises
    ------
    DataError
        The file is missing or cut off, a record does not begin with an ASIN, a wanted vector is
        not finite, or none is wanted.
    """
    records = _mapped(path)
    wanted = set(items)
    found: dict[str, np.ndarray] = {}
    for start in range(0, len(records), ROWS):
        block = records[start : start + ROWS]
        for place, raw in enumerate(block["asin"].tolist()):
            asin = _asin(path, start + place, raw)
            if asin in wanted and asin not in found:
                found[asin] = np.array(block["vector"][place])
                _check_finite(path, start + place, asin, found[asin])
    if not found:
        raise DataError(f"{path}: none of its ASINs is among the items.")
    return FeatureTable(np.stack(list(found.values())), np.array(list(found)))


def _mapped(path: Path) -> np.ndarray:
    try:
        size = path.stat().st_size
        if size == 0 or size % RECORD.itemsize:
            raise DataError(
                f"{path}: {size:,} bytes are no whole number of records of {RECORD.itemsize:,}; "
                "the file is cut off or no Amazon image features."
            )
        return np.memmap(path, dtype=RECORD, mode="r")
    except OSError as error:
        raise DataError(f"{path}: not a readable file: {error.strerror}.") from None


def _asin(path: Path, number: int, raw: bytes) -> str:
    if len(raw) != 10 or not raw.isalnum():
        raise DataError(f"{path}, record {number + 1}: {raw[:10]!r} is no ASIN.")
    return raw.decode("ascii")


def _check_finite(path: Path, number: int, asin: str, vector: np.ndarray) -> None:
    if not np.isfinite(vector).all() or np.abs(vector).max() > np.finfo(np.float16).max:
        place = int(np.argmax(~(np.abs(vector) <= np.finfo(np.float16).max)))
        raise DataError(
            f"{path}, record {number + 1} ({asin}), number {place + 1}: {vector[place]} is not a "
            "finite float16 number."
        )
