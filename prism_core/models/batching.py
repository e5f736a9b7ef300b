"""Reading many histories a batch at a time, those of like length together."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from prism_core.names import PAD

READ_AT_ONCE: Final = 512
"""Histories read together where nothing else is said."""


def map_by_length(
    read: Callable[[Tensor, Tensor], Tensor], item_seq: Tensor, batch_size: int
) -> Tensor:
    """Apply a function to histories in batches with little padding.

    Parameters
    ----------
    read
        Gets the batch's rows ``(b,)`` and histories ``(b, l)``, and gives one result per row.
    item_seq : Tensor (B, L), int64
        Left padded.
    batch_size
        Histories read at once.

    Returns
    -------
    Tensor (B, ...)
        Results in the order of ``item_seq``.
    """
    lengths = (item_seq != PAD).sum(1)
    by_length = lengths.argsort(stable=True)
    results = []
    for rows in by_length.split(batch_size):
        longest = max(1, int(lengths[rows[-1]]))
        results.append(read(rows, item_seq[rows, -longest:]))
    return torch.cat(results)[by_length.argsort()]
