"""What held-out probes read from the first source, from the second and from both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.coding import Coded
from analysis.information.decomposition import entropy, mutual_information
from analysis.information.probes import CrossFit, assign_folds, cross_fit
from analysis.information.table import FloatArray, IntArray, count_pairs, occupancy

_MIN_INFORMATION: Final = 0.01


class Readings:
    """Cross-fitted posteriors of both sources and of the pair.

    Parameters
    ----------
    first, second
        ``(n, d1)`` and ``(n, d2)`` vectors.
    target, groups
        ``(n,)`` classes from 0 and users.
    num_folds, seed
        Cross-fitting folds, split by user.

    Attributes
    ----------
    posteriors
        ``(n, Y)`` of the first source, the second and both.
    folds
        ``(n,)`` fold in which each event was held out.
    """

    def __init__(
        self,
        first: FloatArray,
        second: FloatArray,
        target: IntArray,
        groups: NDArray[Any],
        *,
        num_folds: int,
        seed: int,
    ) -> None:
        self.sources, self.target, self.groups = (first, second), target, groups
        self.num_targets = int(target.max()) + 1
        self.folds = assign_folds(groups, num_folds, seed)
        inputs: list[Sequence[FloatArray]] = [[first], [second], [first, second]]
        fits = [cross_fit(x, target, self.folds, groups, seed) for x in inputs]
        self.posteriors = [fit.posterior(x) for fit, x in zip(fits, inputs, strict=True)]
        self._joint: CrossFit = fits[2]

    def rejoined(self, rows: IntArray) -> FloatArray:
        """Posterior of the pairs when the second source's rows are those at ``(n,)`` indices."""
        return self._joint.posterior([self.sources[0], self.sources[1][rows]])

    def log_likelihood(self, posterior: FloatArray) -> FloatArray:
        """``log2 p(y | x)`` of each event, ``(n,)``."""
        return np.log2(posterior[np.arange(len(self.target)), self.target])

    def information(self, source: int) -> float:
        """Bits a probe reads: ``H(Y)`` less its held-out cross-entropy."""
        target = np.bincount(self.target) / len(self.target)
        return entropy(target) + float(self.log_likelihood(self.posteriors[source]).mean())

    def retention(self, coded: Coded) -> dict[str, float]:
        """Share of each probe's information that codes of the same events keep, bias removed.

        NaN where the probe reads less than 0.01 bit: a share of nothing says nothing. Above one
        where the probe is poorly calibrated, which codes forgive.
        """
        shares = {}
        codes = {"first": coded.first, "second": coded.second, "joint": coded.joint}
        for source, (name, code) in enumerate(codes.items()):
            shape = coded.sizes[source], coded.sizes[3]
            table = count_pairs(code, self.target, shape) / len(self.target)
            bias = occupancy(len(self.target), *shape).predicted_bias
            kept, probe = mutual_information(table) - bias, self.information(source)
            shares[name] = kept / probe if probe >= _MIN_INFORMATION else float("nan")
        return shares
