"""Dropout of a slice of the global batch, equal to what the whole batch would have drawn."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


class SlicedDropout(TorchFunctionMode):
    """Draw every dropout mask for all rows of the global batch, and use those of this process.

    Any number of processes that seed torch alike then drop the same entries as one process does.
    The price is that each of them draws the masks of all.

    Parameters
    ----------
    first, total
        First row of this process's slice, and number of rows of the global batch. Tensors are
        cut along their first dimension.
    """

    def __init__(self, first: int, total: int) -> None:
        super().__init__()
        self.first, self.total = first, total

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.dropout:
            return self._dropout(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._attention(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropout(
        self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or p == 0:
            return x
        mask = x.new_empty(self.total, *x.shape[1:]).bernoulli_(1 - p)
        return x * (mask[self.first : self.first + len(x)] / (1 - p))

    def _attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor,
        dropout_p: float = 0.0,
    ) -> Tensor:
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = scores.masked_fill(~attn_mask, float("-inf")).softmax(-1)
        return torch.matmul(self._dropout(weights, dropout_p), value)
