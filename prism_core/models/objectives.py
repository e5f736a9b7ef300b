"""How a query and its true next item become a loss."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

Similarity = Callable[[Tensor, Tensor], Tensor]


def full_softmax(similarity: Similarity, queries: Tensor, items: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy over all items, summed over positions.

    Parameters
    ----------
    similarity
        Scores ``(T, C)`` of queries ``(T, W)`` against items ``(C, W)``.
    queries : Tensor (T, W)
    items : Tensor (N + 1, W)
        Row 0 is padding and no candidate.
    targets : Tensor (T,)
        True next items, from 1.
    """
    logits = similarity(queries, items[1:])
    return F.cross_entropy(logits.float(), targets - 1, reduction="sum")
