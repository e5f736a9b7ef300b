"""Items a user has not chosen, and rows cut into prefixes; arrays only, no loop over users."""

import torch
from torch import Tensor

from prism_core.names import PAD


def draw_unseen(known: Tensor, draws: Tensor, num_items: int, first: int = 1) -> Tensor:
    """Turn uniform numbers into uniform items outside each user's known ones.

    Parameters
    ----------
    known : Tensor (B, K), int64
        Items of each user in any order, repeats and `PAD` allowed; none of them is drawn.
    draws : Tensor (B, L)
        Uniform on [0, 1).
    num_items
        ``N``.
    first
        Smallest index that may be drawn; 0 lets padding be drawn.

    Returns
    -------
    Tensor (B, L), int64
        Each of the free items is equally likely.
    """
    beyond = num_items + 1
    known = known.masked_fill(known == PAD, beyond).sort(1).values
    repeated = torch.zeros_like(known, dtype=torch.bool)
    repeated[:, 1:] = known[:, 1:] == known[:, :-1]
    known = known.masked_fill(repeated, beyond).sort(1).values
    is_known = known < beyond
    place = torch.arange(known.shape[1], device=known.device)
    free_below = torch.where(is_known, known - first - place, beyond)
    num_free = (num_items + 1 - first - is_known.sum(1, keepdim=True)).clamp_min(1)
    rank = (draws.to(known.device) * num_free).long()
    drawn = rank + first + torch.searchsorted(free_below, rank, right=True)
    return drawn.clamp_max(num_items)


def split_prefixes(item_seq: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Make one row of every prefix that has a next item.

    Parameters
    ----------
    item_seq, targets : Tensor (B, L)

    Returns
    -------
    item_seq, targets : Tensor (T, L)
        Rows in the order of the positions of ``targets``; the only target is at the end.
    """
    row, position = (targets != PAD).nonzero(as_tuple=True)
    length = item_seq.shape[1]
    source = torch.arange(length, device=item_seq.device) - (length - 1 - position)[:, None]
    prefixes = item_seq[row].gather(1, source.clamp_min(0)).masked_fill(source < 0, PAD)
    asked = torch.full_like(prefixes, PAD)
    asked[:, -1] = targets[row, position]
    return prefixes, asked
