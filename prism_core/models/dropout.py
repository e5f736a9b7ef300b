"""Dropout that is quick on a CPU, and equal for any number of processes."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS: Final = 2**16
"""A CPU draws 16 bits per entry: probabilities are multiples of one part in so many."""


class _Slice(NamedTuple):
    first: int
    total: int


_SLICE: ContextVar[_Slice | None] = ContextVar("slice", default=None)


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
    token = _SLICE.set(_Slice(first, total))
    try:
        yield
    finally:
        _SLICE.reset(token)


def drop(x: Tensor, p: float) -> Tensor:
    """Zero each entry of ``x`` with probability ``p`` and divide the others by ``1 - p``.

    On a CPU four entries share one draw of 64 bits, which is several times faster than what torch
    does there; elsewhere, torch's own dropout is the fast one.
    """
    if p == 0:
        return x
    whole = _SLICE.get()
    if whole is not None:
        kept = _kept(torch.Size([whole.total, *x.shape[1:]]), p, x.device)
        kept = kept[whole.first : whole.first + len(x)]
    elif x.device.type == "cpu":
        kept = _kept(x.shape, p, x.device)
    else:
        return F.dropout(x, p)
    return x * kept.to(x.dtype).div_(1 - p)


def _kept(shape: torch.Size, p: float, device: torch.device) -> Tensor:
    """Say which entries are kept: bool, each with probability ``1 - p``."""
    if device.type != "cpu":
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
    if dropout == 0 or (_SLICE.get() is None and query.device.type != "cpu"):
        return F.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=dropout
        )
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    weights = scores.masked_fill(~visible, float("-inf")).softmax(-1)
    return drop(weights, dropout) @ value
