"""Cross-entropy over many items without a table of all logits."""

from typing import Any, Final

import torch
from torch import Tensor

from prism_core.models.products import products_by_key

CPU_LOGITS: Final = 2**21
"""Logits that exist at once on a CPU: they stay in its cache."""

CPU_SCORES: Final = 2**19
"""Scores that exist at once on a CPU while users are ranked; few queries make quick products."""

GPU_LOGITS: Final = 2**27
"""Logits that exist at once elsewhere: enough to keep a GPU busy."""

MIN_CHUNK: Final = 64
"""Queries scored at once at the least, however many items there are."""

WHOLE_VECTORS: Final = 16
"""Queries are scored in multiples of this: numbers that a CPU takes at once."""


def chunked_cross_entropy(queries: Tensor, items: Tensor, targets: Tensor) -> Tensor:
    """Sum the cross-entropy of queries ``(T, V)`` with targets ``(T,)`` over items ``(C, V)``.

    Logits are the dot products, rounded as the arguments are; all else is at least float32.
    `torch.nn.functional.linear_cross_entropy` computes the same by the same means; here each
    logit is touched less often.
    """
    total: Tensor = _ChunkedCrossEntropy.apply(queries, items, targets)
    return total


def chunk_size(num_items: int, device: torch.device, on_cpu: int | None = None) -> int:
    """Queries to score at once against all items; ``on_cpu`` logits on a CPU, if not as usual."""
    limit = (on_cpu or CPU_LOGITS) if device.type == "cpu" else GPU_LOGITS
    return max(MIN_CHUNK, limit // num_items // WHOLE_VECTORS * WHOLE_VECTORS)


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Logits exist for one chunk of queries at a time.

    Both gradients are computed on the way forward, so that memory grows with the chunk instead of
    the batch, and nothing of size ``(T, C)`` is written and read again. A row's probabilities are
    ``exp(logit - top) / total``: the division is left to the products, which are far smaller.
    """

    @staticmethod
    def forward(ctx: Any, queries: Tensor, items: Tensor, targets: Tensor) -> Tensor:
        precision = torch.promote_types(items.dtype, torch.float32)
        of_queries = torch.empty_like(queries, dtype=precision)
        of_items = torch.zeros_like(items, dtype=precision)
        loss = items.new_zeros((), dtype=precision)
        size = chunk_size(len(items), items.device)
        with torch.autocast(items.device.type, enabled=False):
            for start in range(0, len(queries), size):
                chunk, wanted = queries[start : start + size], targets[start : start + size, None]
                logits = products_by_key(chunk, items).to(precision)
                top, own = logits.amax(1, keepdim=True), logits.gather(1, wanted)
                unnormalised = logits.sub_(top).exp_()
                total = unnormalised.sum(1, keepdim=True)
                loss += (top + total.log() - own).sum()
                rounded = unnormalised.to(items.dtype)
                of_queries[start : start + size] = rounded @ items / total
                _add_product(of_items, rounded.T, (chunk / total).to(items.dtype))
        of_queries -= items[targets]
        of_items.index_add_(0, targets, queries.to(precision), alpha=-1)
        ctx.save_for_backward(of_queries.to(queries.dtype), of_items.to(items.dtype))
        return loss

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        queries, items = ctx.saved_tensors
        return gradient[0] * queries, gradient[0] * items, None


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    if left.dtype == total.dtype:
        torch.addmm(total, left, right, out=total)
    else:
        total += left @ right
