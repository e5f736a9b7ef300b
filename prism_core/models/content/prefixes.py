"""Means over the history read so far, and what a layer makes of them without forming them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def prefix_means(values: Tensor, padding_mask: Tensor) -> Tensor:
    """Average ``(B, L, F)`` over the real positions up to each position."""
    values = widen(values)
    with torch.autocast(values.device.type, enabled=False):
        counted = _counted(padding_mask, values)
        return counted @ values / counted.sum(-1, keepdim=True).clamp_min(1)


def layer_of_prefix_means(
    read: Sequence[Tensor], padding_mask: Tensor, layer: nn.Linear, norm: nn.LayerNorm | None
) -> Tensor:
    """Apply a layer to means over prefixes, normalised if asked to, without forming those.

    The layer is linear, and so is a mean: means are taken of what the layer says, few columns.
    The lengths that normalise them follow from the products of every two positions.

    Parameters
    ----------
    read : sequence of Tensor (B, L, F)
        Side by side they are what is averaged.
    padding_mask : Tensor (B, L)
    layer
        From all columns to ``H``.
    norm
        Over all columns, before the layer.

    Returns
    -------
    Tensor (B, L, H)
        Half precision is widened.
    """
    vectors = [widen(some) for some in read]
    with torch.autocast(vectors[0].device.type, enabled=False):
        counted = _counted(padding_mask, vectors[0])
        counts = counted.sum(-1, keepdim=True).clamp_min(1)
        if norm is None:
            return counted @ _said(vectors, layer.weight) / counts + layer.bias
        size, weight = layer.in_features, layer.weight * norm.weight
        with_total = torch.cat([weight, torch.ones_like(weight[:1])])
        means = counted @ _said(vectors, with_total) / counts
        said, middle = means[..., :-1], means[..., -1:] / size
        lengths: Tensor = _SquaredSums.apply(counted, *vectors)
        variance = (lengths[..., None] / (size * counts.square()) - middle.square()).clamp_min(0)
        bias = layer.bias + layer.weight @ norm.bias
        return (said - middle * weight.sum(1)) * (variance + norm.eps).rsqrt() + bias


def widen(values: Tensor) -> Tensor:
    """Bring half precision to float32 and leave float32 and float64 alone."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _counted(padding_mask: Tensor, like: Tensor) -> Tensor:
    """Say which positions are real and not after another one: ``(B, L, L)``, 1 or 0."""
    length = padding_mask.shape[1]
    return like.new_ones(length, length).tril() * ~padding_mask[:, None]


def _said(vectors: Sequence[Tensor], weight: Tensor) -> Tensor:
    sizes = [some.shape[-1] for some in vectors]
    columns = [some.contiguous() for some in weight.split(sizes, dim=1)]
    first, *others = (F.linear(v, some) for v, some in zip(vectors, columns, strict=True))
    return sum(others, first)


class _SquaredSums(torch.autograd.Function):
    """Squared lengths ``(B, L)`` of the sums of vectors ``(B, L, F)`` over the counted positions.

    The newest of them adds to the square its products with all before it, twice, and with itself.
    """

    @staticmethod
    def forward(ctx: Any, counted: Tensor, *vectors: Tensor) -> Tensor:
        ctx.save_for_backward(counted, *vectors)
        first, *others = (some @ some.transpose(1, 2) for some in vectors)
        products = sum(others, first)
        is_real = counted[:, -1]
        with_earlier = (products * counted).sum(-1)
        added = 2 * with_earlier - products.diagonal(dim1=1, dim2=2)
        return (added * is_real).cumsum(1)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        counted, *vectors = ctx.saved_tensors
        from_here = gradient[0].flip(1).cumsum(1).flip(1)
        place, is_real = torch.arange(counted.shape[1], device=counted.device), counted[:, -1]
        newer = torch.maximum(place[:, None], place)
        of_products = from_here[:, newer] * is_real[:, None] * (2 * is_real[:, :, None])
        return None, *(of_products @ some for some in vectors)
