"""Squared 2-Wasserstein distance between diagonal Gaussians (STOSA, doi:10.1145/3485447.3512077).

``W2^2 = |mean_a - mean_b|^2 + |sqrt(cov_a) - sqrt(cov_b)|^2``
"""

import torch
from torch import Tensor

MIN_VARIANCE = 1e-24


def pairwise_wasserstein(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> Tensor:
    """Compare every Gaussian of one set with every one of another.

    Parameters
    ----------
    mean_a, cov_a : Tensor (..., A, D)
    mean_b, cov_b : Tensor (..., B, D)
        Variances on the diagonal.

    Returns
    -------
    Tensor (..., A, B)
        One matrix product: |a - b|^2 = |a|^2 + |b|^2 - 2 a.b for a = [mean, sqrt(cov)].
    """
    a, b = _coordinates(mean_a, cov_a), _coordinates(mean_b, cov_b)
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    return squares - 2 * a @ b.transpose(-1, -2)


def elementwise_wasserstein(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> Tensor:
    """Compare Gaussians ``(..., D)`` one by one: ``(...)``."""
    difference = _coordinates(mean_a, cov_a) - _coordinates(mean_b, cov_b)
    return difference.square().sum(-1)


def _coordinates(mean: Tensor, cov: Tensor) -> Tensor:
    return torch.cat([mean, cov.clamp_min(MIN_VARIANCE).sqrt()], dim=-1)
