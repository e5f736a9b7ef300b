"""Cross-entropy over many items without a table of all logits."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

Similarity = Callable[[Tensor, Tensor], Tensor]

CHUNK: Final = 256
"""Queries scored at once, so that the logits stay in the processor's cache."""


def chunked_cross_entropy(
    similarity: Similarity, queries: Tensor, items: Tensor, targets: Tensor
) -> Tensor:
    """Sum the cross-entropy of queries ``(T, W)`` with targets ``(T,)`` over items ``(C, W)``.

    ``similarity`` gives logits ``(T, C)``, each row from its own query, and has no weights of its
    own.
    """
    total: Tensor = _ChunkedCrossEntropy.apply(similarity, queries, items, targets)
    return total


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Logits exist for one chunk of queries at a time.

    Both gradients are computed on the way forward, so that memory grows with the chunk instead of
    the batch, and nothing of size ``(T, C)`` is written and read again.
    """

    @staticmethod
    def forward(
        ctx: Any, similarity: Similarity, queries: Tensor, items: Tensor, targets: Tensor
    ) -> Tensor:
        leaf = items.detach().requires_grad_()
        precision = torch.promote_types(items.dtype, torch.float32)
        gradients, total = [], items.new_zeros((), dtype=precision)
        for chunk, wanted in zip(queries.split(CHUNK), targets.split(CHUNK), strict=True):
            query = chunk.detach().requires_grad_()
            with torch.enable_grad():
                logits = similarity(query, leaf).to(precision)
                loss = F.cross_entropy(logits, wanted, reduction="sum")
                loss.backward()
            total += loss.detach()
            gradients.append(query.grad)
        ctx.save_for_backward(torch.cat(gradients), leaf.grad)
        return total

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[None, Tensor, Tensor, None]:
        queries, items = ctx.saved_tensors
        return None, gradient[0] * queries, gradient[0] * items, None
