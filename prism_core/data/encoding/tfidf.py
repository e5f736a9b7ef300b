"""Text vectors without a model: TF-IDF and a truncated singular value decomposition.

Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from prism_core.errors import DataError

SIZE: Final = 128
COMMON: Final = 100
"""Number of texts above which a word must occur twice."""


def tfidf_svd(texts: Sequence[str]) -> tuple[np.ndarray, str]:
    """Encode texts as ``(R, d)`` float32 rows of length 1, or 0 where no word is known.

    Returns
    -------
    vectors, name
        The rows, and the encoder's true name with its size.

    Raises
    ------
    DataError
        There are too few texts or words.
    """
    words = TfidfVectorizer(sublinear_tf=True, min_df=2 if len(texts) > COMMON else 1)
    try:
        counts = words.fit_transform(texts)
    except ValueError:
        raise DataError("tfidf-svd: the texts share no word of two letters or more.") from None
    size = min(SIZE, *(side - 1 for side in counts.shape))
    if size < 1:
        raise DataError("tfidf-svd: too few different words or texts for an encoding.")
    vectors = TruncatedSVD(size, random_state=0).fit_transform(counts)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-9)
    return unit.astype(np.float32), f"TF-IDF + SVD, {size}-d"
