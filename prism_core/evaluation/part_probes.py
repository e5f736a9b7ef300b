"""What a linear probe reads of each modality from the parts: a closed form, with numpy alone."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prism_core.errors import DataError
from prism_core.evaluation.part_measures import Array, PartMeasure

HELD_OUT: Final = 4
"""Every fourth item is kept from the fit and scored."""

MIN_ITEMS: Final = 16
"""Items below which nothing is fitted."""

_STRENGTHS: Final = 10.0 ** np.arange(-6, 3)
"""Ridge penalties, in mean variances of a part's columns."""


def probe_parts(
    vectors: Mapping[str, Array],
    features: Mapping[str, Array],
    available: Mapping[str, NDArray[np.bool_]],
) -> list[PartMeasure]:
    """Measure what each part's vectors tell, linearly, of each modality's features.

    Parameters
    ----------
    vectors
        ``(n, d)`` item vectors of each part.
    features
        ``(n, k)`` features of the same items by modality.
    available
        ``(n,)`` items that have the modality; the others are left out.

    Returns
    -------
    list of PartMeasure
        Quantity ``explains``, `other` the modality, value as `explained_share`. A modality that
        hardly any item has, or whose features are constant, has none.

    Raises
    ------
    DataError
        When features, or what is available, have another number of rows than the vectors.
    """
    rows = {len(array) for group in (vectors, features, available) for array in group.values()}
    if len(rows) != 1:
        raise DataError("Parts, features and their availability have different numbers of rows.")
    found = []
    for modality, wanted in features.items():
        has = available[modality]
        if has.sum() < MIN_ITEMS or not np.ptp(wanted[has], axis=0).any():
            continue
        for part, array in vectors.items():
            share = explained_share(array[has], wanted[has])
            found.append(PartMeasure(part, "explains", modality, share))
    return found


def explained_share(inputs: Array, outputs: Array) -> float:
    """Share of the variance of outputs ``(n, k)`` that a ridge regression on ``(n, d)`` explains.

    Fitted on three items of four, with the penalty of the least generalised cross-validation error
    (Golub et al. 1979, doi:10.1080/00401706.1979.10489751), and scored on the fourth. 0 is the
    mean of the fitted items, below it the prediction is worse than that.
    """
    held_out = np.arange(len(inputs)) % HELD_OUT == HELD_OUT - 1
    known, wanted = inputs[~held_out].astype(float), outputs[~held_out].astype(float)
    mean_in, mean_out = known.mean(0), wanted.mean(0)
    coefficients = _ridge(known - mean_in, wanted - mean_out)
    truth = outputs[held_out] - mean_out
    left = truth - (inputs[held_out] - mean_in) @ coefficients
    return 1.0 - float((left**2).sum()) / max(float((truth**2).sum()), 1e-12)


def _ridge(inputs: Array, outputs: Array) -> Array:
    """Coefficients ``(d, k)`` for centred inputs and outputs."""
    variances, axes = np.linalg.eigh(inputs.T @ inputs)
    scale = float(variances.mean())
    if scale <= 0:
        return np.zeros((inputs.shape[1], outputs.shape[1]))
    along = axes.T @ (inputs.T @ outputs)
    shrunk = [1 / (variances.clip(0) + strength * scale) for strength in _STRENGTHS]
    errors = [_validation_error(variances, along, one, outputs) for one in shrunk]
    best = shrunk[int(np.argmin(errors))]
    return axes @ (best[:, None] * along)


def _validation_error(variances: Array, along: Array, shrunk: Array, outputs: Array) -> float:
    """Generalised cross-validation error of one penalty, from the residuals of the fit."""
    power = (along**2).sum(1)
    residual = float((outputs**2).sum()) - float((power * shrunk * (2 - variances * shrunk)).sum())
    freedom = len(outputs) - 1 - float((variances * shrunk).sum())
    return max(residual, 0.0) / max(freedom, 1e-9) ** 2
