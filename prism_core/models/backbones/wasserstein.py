"""Squared 2-Wasserstein distance between diagonal Gaussians (STOSA, doi:10.1145/3485447.3512077).

``W2^2 = |mean_a - mean_b|^2 + |sqrt(cov_a) - sqrt(cov_b)|^2``
"""

from typing import NamedTuple

import torch
from torch import Tensor

MIN_VARIANCE = 1e-24


class Gaussian(NamedTuple):
    """Gaussians by mean and variances on the diagonal, ``(..., D)`` each."""

    mean: Tensor
    cov: Tensor


def pairwise_wasserstein(a: Gaussian, b: Gaussian) -> Tensor:
    """Compare every Gaussian of one set with every one of another.

    Parameters
    ----------
    a
        ``(..., A, D)``.
    b
        ``(..., B, D)``.

    Returns
    -------
    Tensor (..., A, B)
        One matrix product: |x - y|^2 = |x|^2 + |y|^2 - 2 x.y for x = [mean, sqrt(cov)].
    """
    x, y = _coordinates(a), _coordinates(b)
    squares = x.square().sum(-1)[..., :, None] + y.square().sum(-1)[..., None, :]
    with torch.autocast(x.device.type, enabled=False):  # a difference of large numbers
        return squares - 2 * x @ y.transpose(-1, -2)


def wasserstein_queries(a: Gaussian) -> Tensor:
    """Give vectors whose products with `wasserstein_keys` are minus `pairwise_wasserstein`.

    Parameters
    ----------
    a
        ``(A, D)``.

    Returns
    -------
    Tensor (A, 2 D + 2)
        ``[2 x, -|x|^2, 1]``, at least in float32.
    """
    x = _coordinates(a)
    square = -x.square().sum(-1, keepdim=True)
    return torch.cat([2 * x, square, torch.ones_like(square)], dim=-1)


def wasserstein_keys(b: Gaussian) -> Tensor:
    """Give the other side of `wasserstein_queries`: ``[y, 1, -|y|^2]``, ``(B, 2 D + 2)``."""
    y = _coordinates(b)
    square = -y.square().sum(-1, keepdim=True)
    return torch.cat([y, torch.ones_like(square), square], dim=-1)


def elementwise_wasserstein(a: Gaussian, b: Gaussian) -> Tensor:
    """Compare Gaussians ``(..., D)`` one by one: ``(...)``."""
    return (_coordinates(a) - _coordinates(b)).square().sum(-1)


def _coordinates(gaussian: Gaussian) -> Tensor:
    precision = torch.promote_types(gaussian.mean.dtype, torch.float32)
    deviation = gaussian.cov.to(precision).clamp_min(MIN_VARIANCE).sqrt()
    return torch.cat([gaussian.mean.to(precision), deviation], dim=-1)
