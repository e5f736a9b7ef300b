"""Dropout that is quick on a CPU, and equal for any number of processes."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS: Final = 2**16
"""A CPU draws 16 bits per entry: probabilities are multiples of one part in so many."""


class _Slice(NamedTuple):
    first: int
    total: int


class _Drawing:
    """What masks are drawn for: a slice of the global batch, or all rows at hand.

    A plain attribute, since `torch.compile` cannot look into a context variable.
    """

    slice: _Slice | None = None


_DRAWING: Final = _Drawing()


@contextmanager
def sliced_dropout(first: int, total: int) -> Iterator[None]:
    """Draw every dropout mask for all rows of the global batch, and use those of this process.

    Any number of processes that seed torch alike then drop the same entries as one process does.
    The price is that each of them draws the masks of all.

    Parameters
    ----------
    first, total
        First row of this process's slice, and number of rows of the global batch. Tensors are
        cut along their first dimension.
    """
    before = _DRAWING.slice
    _DRAWING.slice = _Slice(first, total)
    try:
        yield
    finally:
        _DRAWING.slice = before


def drop(x: Tensor, p: float) -> Tensor:
    """Zero each entry with probability ``p`` and divide the others by ``1 - p``.

    On a CPU four entries share one draw of 64 bits, which is several times faster than what torch
    does there; elsewhere, and where it is compiled, torch's own dropout is the fast one.

    Parameters
    ----------
    x : Tensor (n, ...)
        Rows of the batch first, if the batch is sliced.
    p
        Probability from 0 to below 1.

    Returns
    -------
    Tensor (n, ...)
        In the precision of ``x``.
    """
    if p == 0:
        return x
    if _is_left_to_torch(x.device):
        return F.dropout(x, p)
    first, total = _DRAWING.slice or _Slice(0, len(x))
    kept = _kept(torch.Size([total, *x.shape[1:]]), p, x.device)[first : first + len(x)]
    return x * kept.to(x.dtype).div_(1 - p)


def _is_left_to_torch(device: torch.device) -> bool:
    return _DRAWING.slice is None and not _draws_bits(device)


def _draws_bits(device: torch.device) -> bool:
    return device.type == "cpu" and not torch.compiler.is_compiling()


def _kept(shape: torch.Size, p: float, device: torch.device) -> Tensor:
    """Say which entries are kept: bool, each with probability ``1 - p``."""
    if not _draws_bits(device):
        return torch.empty(shape, dtype=torch.bool, device=device).bernoulli_(1 - p)
    count = math.prod(shape)
    bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    return bits.view(torch.int16)[:count].view(shape) >= round(p * STEPS) - STEPS // 2


class Dropout(nn.Dropout):
    """`drop` in training, nothing else; what every layer of this package uses."""

    def forward(self, x: Tensor) -> Tensor:
        return drop(x, self.p) if self.training else x


def attend(query: Tensor, key: Tensor, value: Tensor, visible: Tensor, dropout: float) -> Tensor:
    """Mix values by scaled dot products of queries and keys, some of the weights dropped.

    Torch's fused form is used where it can drop what `drop` would, or need not drop anything.

    Parameters
    ----------
    query : Tensor (B, heads, W, d)
    key, value : Tensor (B, heads, L, d)
    visible : Tensor (B, 1, W, L), bool
        Which keys a query may look at.
    dropout
        Probability that a weight is dropped.

    Returns
    -------
    Tensor (B, heads, W, d)
    """
    if dropout == 0 or _is_left_to_torch(query.device):
        return F.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=dropout
        )
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    weights = scores.masked_fill(~visible, float("-inf")).softmax(-1)
    return drop(weights, dropout) @ value
