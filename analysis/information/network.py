"""A classifier with one hidden layer, trained until it no longer predicts held-out events better.

Written out in numpy because probes are trained by the hundred on small data, where a general
network spends nearly all of its time on checking its input.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.table import FloatArray, IntArray

HIDDEN: Final = 64
BATCH: Final = 200
MAX_EPOCHS: Final = 120
PATIENCE: Final = 8
LEARNING_RATE: Final = 3e-3
PENALTY: Final = 0.05  # squared weights, for each batch
_BETAS: Final = (0.9, 0.999)  # of Adam, Kingma and Ba 2015, arXiv:1412.6980
_SMALLEST: Final = 1e-5  # improvement of the held-out loss that counts

_Single = NDArray[np.float32]


class Network:
    """``softmax(relu(x W1 + b1) W2 + b2)``, trained with Adam on cross-entropy.

    Parameters
    ----------
    inputs, target
        ``(n, d)`` and ``(n,)`` classes to train on.
    valid_inputs, valid_target
        Held-out events; the weights that predict them best are kept. With none, the last are.
    seed
        Of the first weights and the order of events.

    Attributes
    ----------
    classes_
        The classes seen in training, in the order of the columns of `predict_proba`.
    """

    def __init__(
        self,
        inputs: FloatArray,
        target: IntArray,
        valid_inputs: FloatArray,
        valid_target: IntArray,
        seed: int,
    ) -> None:
        self.classes_, codes = np.unique(target, return_inverse=True)
        self._rng = np.random.default_rng(seed)
        sizes = inputs.shape[1], HIDDEN, len(self.classes_)
        self._weights = [w for pair in pairwise(sizes) for w in self._new(pair)]
        self._moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self._weights]
        self._steps = 0
        known = np.isin(valid_target, self.classes_)
        valid = valid_inputs[known].astype(np.float32), valid_target[known]
        self._fit(inputs.astype(np.float32), codes, *valid)

    def predict_proba(self, inputs: FloatArray) -> FloatArray:
        """Probabilities ``(n, classes)`` of ``(n, d)`` inputs."""
        return self._forward(inputs.astype(np.float32))[1].astype(float)

    def _new(self, pair: tuple[int, int]) -> tuple[_Single, _Single]:
        """Weights and biases of a layer (Glorot and Bengio 2010)."""
        bound = np.sqrt(6.0 / sum(pair))
        weights = self._rng.uniform(-bound, bound, pair).astype(np.float32)
        return weights, self._rng.uniform(-bound, bound, pair[1]).astype(np.float32)

    def _fit(
        self, inputs: _Single, codes: IntArray, valid_inputs: _Single, valid_target: IntArray
    ) -> None:
        best, patience, kept = np.inf, PATIENCE, self._weights
        wanted = np.searchsorted(self.classes_, valid_target)
        for _ in range(MAX_EPOCHS):
            order = self._rng.permutation(len(inputs))
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                self._step(inputs[rows], codes[rows])
            loss = self._loss(valid_inputs, wanted)
            if loss < best - _SMALLEST or not len(wanted):
                best, patience = loss, PATIENCE
                kept = [weights.copy() for weights in self._weights]
            else:
                patience -= 1
            if patience == 0:
                break
        self._weights = kept

    def _forward(self, inputs: _Single) -> tuple[_Single, _Single]:
        first, first_bias, second, second_bias = self._weights
        hidden = np.maximum(inputs @ first + first_bias, 0.0)
        logits = hidden @ second + second_bias
        shares = np.exp(logits - logits.max(1, keepdims=True))
        return hidden, shares / shares.sum(1, keepdims=True)

    def _loss(self, inputs: _Single, codes: IntArray) -> float:
        if not len(codes):
            return 0.0
        likely = self._forward(inputs)[1][np.arange(len(codes)), codes]
        return -float(np.log(np.maximum(likely, 1e-10)).mean())

    def _step(self, inputs: _Single, codes: IntArray) -> None:
        first, _, second, _ = self._weights
        count = np.float32(len(inputs))
        hidden, error = self._forward(inputs)
        error[np.arange(len(codes)), codes] -= 1.0
        back = (error @ second.T) * (hidden > 0)
        gradients = [
            (inputs.T @ back + PENALTY * first) / count,
            back.mean(0),
            (hidden.T @ error + PENALTY * second) / count,
            error.mean(0),
        ]
        self._adam(gradients)

    def _adam(self, gradients: list[_Single]) -> None:
        self._steps += 1
        first, second = _BETAS
        rate = LEARNING_RATE * np.sqrt(1 - second**self._steps) / (1 - first**self._steps)
        for weights, gradient, (mean, square) in zip(
            self._weights, gradients, self._moments, strict=True
        ):
            mean += (1 - first) * (gradient - mean)
            square += (1 - second) * (gradient * gradient - square)
            weights -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-8))
