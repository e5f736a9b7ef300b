"""Auxiliary losses of mode ``anchored``: keep information, keep parts apart, charge synergy."""

from collections.abc import Sequence

import torch
from torch import Tensor

MIN_VARIANCE = 1e-9


def cross_correlation(parts: Tensor) -> Tensor:
    """Mean squared correlation between columns of different parts over the items.

    Parameters
    ----------
    parts : Tensor (n, P, S)
        Centred columns.

    Returns
    -------
    Tensor ()
        0 when every two parts are uncorrelated, at most 1.
    """
    num_items, num_parts, size = parts.shape
    covariance = gram(parts.flatten(1)) / num_items
    variances = covariance.diagonal() + 1e-6
    squared = covariance.square() / (variances[:, None] * variances)
    of_pairs = squared.unflatten(0, (num_parts, size)).unflatten(2, (num_parts, size)).sum((1, 3))
    num_others = num_parts * max(1, num_parts - 1) * size**2
    return (of_pairs.sum() - of_pairs.trace()) / num_others


def unexplained(
    decoded: Sequence[Tensor], original: Sequence[Tensor], known: Tensor, variances: Tensor
) -> Tensor:
    """Share of the variance of what is known of items that is missed, averaged over kinds.

    Parameters
    ----------
    decoded, original : sequences of Tensor (n, k)
        By kind of what is known, each with columns of its own.
    known : Tensor (kinds, n), bool
        Which items have it.
    variances : Tensor (kinds,)
        Its mean squared length over the items that have it. Where it does not vary, nothing can
        be missed.
    """
    pairs = zip(decoded, original, strict=True)
    missed = torch.stack([(found - true).square().sum(1) for found, true in pairs])
    counts = known.to(missed)
    per_item = (missed * counts).sum(1) / counts.sum(1).clamp_min(1)
    shares = per_item / variances.clamp_min(MIN_VARIANCE)
    return torch.where(variances > MIN_VARIANCE, shares, 0.0).mean()


def variance_share(
    queries: Tensor, part: Tensor, rest: Tensor, columns: slice, count: Tensor | float
) -> Tensor:
    """Share of the score's variance over items that one part takes, averaged over queries.

    Parameters
    ----------
    queries : Tensor (T, W)
        States that meet the candidates.
    part : Tensor (n, S)
        The part's term of each item vector, where it is not zero.
    rest : Tensor (n, W)
        The item vectors without the part.
    columns
        Where in the item vector the part stands.
    count
        What the sum over queries is divided by, about ``T``.

    Returns
    -------
    Tensor ()
        From 0, the part is silent, to 1, it alone varies.
    """
    fixed = queries.detach()
    moved = 2 * queries - fixed  # gradients as in `gram`
    taken = _score_variance(fixed[:, columns], moved[:, columns], part)
    left = _score_variance(fixed, moved, rest)
    return (taken / (taken + left).clamp_min(1e-8)).sum() / count


def gram(vectors: Tensor) -> Tensor:
    """Products ``(S, S)`` of all pairs of columns ``(n, S)``, for use in symmetric functions only.

    Where swapping a pair changes nothing, the gradients through its two factors are equal: one is
    computed and counted twice.
    """
    products = vectors.T @ vectors.detach()
    return 2 * products - products.detach()


def _score_variance(fixed: Tensor, moved: Tensor, vectors: Tensor) -> Tensor:
    centred = vectors - vectors.mean(0)
    covariance = gram(centred) / len(centred)
    return ((fixed @ covariance) * moved).sum(-1)
