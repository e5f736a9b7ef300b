"""Auxiliary losses of mode ``anchored``: keep information, keep parts apart, charge synergy."""

import torch
from torch import Tensor

MIN_TOTAL = 1e-6


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
    columns = parts.reshape(num_items, num_parts * size)
    columns = columns / columns.square().mean(0).add(1e-6).sqrt()
    squared = (gram(columns) / num_items).square()
    block = torch.arange(num_parts, device=parts.device).repeat_interleave(size)
    different = block[:, None] != block[None, :]
    return (squared * different).sum() / different.sum().clamp_min(1)


def unexplained(decoded: Tensor, original: Tensor, mask: Tensor) -> Tensor:
    """Share of the variance of ``original`` ``(n, k)`` that ``decoded`` misses, masked rows out.

    Where ``original`` does not vary, nothing can be missed.
    """
    missed = ((decoded - original).square() * mask[:, None]).sum()
    total = (original.square() * mask[:, None]).sum()
    return torch.where(total > MIN_TOTAL, missed / total.clamp_min(MIN_TOTAL), 0.0)


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
    taken, left = _score_variance(queries[:, columns], part), _score_variance(queries, rest)
    return (taken / (taken + left).clamp_min(1e-8)).sum() / count


def gram(vectors: Tensor) -> Tensor:
    """Products ``(S, S)`` of all pairs of columns ``(n, S)``, for use in symmetric functions only.

    Where swapping a pair changes nothing, the gradients through its two factors are equal: one is
    computed and counted twice.
    """
    products = vectors.T @ vectors.detach()
    return 2 * products - products.detach()


def _score_variance(queries: Tensor, vectors: Tensor) -> Tensor:
    centred = vectors - vectors.mean(0)
    covariance, fixed = gram(centred) / len(centred), queries.detach()
    return ((fixed @ covariance) * (2 * queries - fixed)).sum(-1)  # gradients as in `gram`
