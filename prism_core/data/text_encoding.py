"""Encoding item texts without a download: TF-IDF and a truncated singular value decomposition.

Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from prism_core.data.features import FeatureTable
from prism_core.errors import ConfigError, DataError

SIZE: Final = 128
MODALITIES: Final = ("title", "category", "text")
"""``text`` is the reader's full text of an item, else its title and categories."""


def encode(items: pd.DataFrame, modality: str, method: str) -> tuple[FeatureTable, str]:
    """Encode one modality of some items.

    Parameters
    ----------
    items
        Items of :class:`~prism_core.data.raw.RawData`.
    modality
        One of ``MODALITIES``.
    method
        A key of ``METHODS``.

    Returns
    -------
    table, encoder
        Vectors of the items that have any words, and the encoder's true name.

    Raises
    ------
    ConfigError
        The modality or the method is unknown.
    DataError
        No item has such a text.
    """
    for name, known in ((modality, MODALITIES), (method, tuple(METHODS))):
        if name not in known:
            raise ConfigError(f"--encode {modality}={method}: {name!r} is none of {known}.")
    texts = _texts(items, modality)
    filled = texts.str.strip() != ""
    if not filled.any():
        raise DataError(f"--encode {modality}: no item has a {modality}.")
    vectors, encoder = METHODS[method](texts[filled].tolist())
    table = FeatureTable(vectors, items.loc[filled, "item_id"].to_numpy(str))
    return table, f"{encoder}; {modality}"


def tfidf_svd(texts: list[str]) -> tuple[np.ndarray, str]:
    """Encode texts as ``(R, d)`` float32 rows of length 1, or 0 where no word is known."""
    words = TfidfVectorizer(sublinear_tf=True, min_df=2 if len(texts) > 100 else 1)
    counts = words.fit_transform(texts)
    size = min(SIZE, *(side - 1 for side in counts.shape))
    if size < 1:
        raise DataError("--encode: too few different words or items for an encoding.")
    vectors = TruncatedSVD(size, random_state=0).fit_transform(counts)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-9)
    return unit.astype(np.float32), f"TF-IDF + SVD, {size}-d"


METHODS: Final[Mapping[str, Callable[[list[str]], tuple[np.ndarray, str]]]] = {
    "tfidf-svd": tfidf_svd,
}


def _texts(items: pd.DataFrame, modality: str) -> pd.Series:
    categories = items["categories"].map(" ".join)
    if modality == "category":
        return categories
    if modality == "text":
        return items["text"] if "text" in items else items["title"] + ". " + categories
    return items["title"]
