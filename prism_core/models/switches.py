"""Which players, modalities and weights a score is computed with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Reference = Literal["mean", "zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """A what-if: one setting for the whole batch, or one per row.

    Attributes
    ----------
    players : Tensor (Q,) or (B, Q), bool, optional
        The id path, then the parts of the model (``model.players``); off takes a player out of
        the history, the gate and the candidates alike. Default: all on.
    modalities : Tensor (M,) or (B, M), bool, optional
        Modalities kept; a withheld one is replaced by its expectation over the items.
    reference : {"mean", "zero"}
        What stands in for a player that is off: its mean over the items, which favours no
        item, or zero.
    item_weights : Tensor (N + 1,), optional
        How much each item counts in that mean. Default: all the same.
    donors : Tensor (B, L), int64, optional
        Histories of other users, as long as those that are scored. A player that is off then
        reads the donor's items instead, place by place from the newest, and its mean where the
        donor has none; candidates keep it. With every player off, a donor whose history is at
        least as long gives the scores of that donor's newest items.
    fusion_weights : Tensor (P,) or (B, P), optional
        Weights used at every position in place of the gate's.
    """

    players: Tensor | None = None
    modalities: Tensor | None = None
    reference: Reference = "mean"
    item_weights: Tensor | None = None
    donors: Tensor | None = None
    fusion_weights: Tensor | None = None

    def coalitions(self, batch: int, num_players: int, num_modalities: int) -> Tensor:
        """Join players and modalities: ``(Q + M,)``, or ``(B, Q + M)`` if any is per row."""
        on = [_all_on(self.players, num_players), _all_on(self.modalities, num_modalities)]
        if any(part.ndim == 2 for part in on):
            on = [part.expand(batch, -1) for part in on]
        return torch.cat(on, dim=-1)

    def weights_of(self, rows: Tensor | slice) -> Tensor | None:
        """Fusion weights of some rows of the batch, ``(rows, P)`` or ``(1, P)``, or None."""
        weights = self.fusion_weights
        if weights is None:
            return None
        return weights[rows] if weights.ndim == 2 else weights[None]


def _all_on(switch: Tensor | None, size: int) -> Tensor:
    return torch.ones(size, dtype=torch.bool) if switch is None else switch.bool().cpu()


def group_rows(on: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield each distinct row of ``(B, Q)`` with the indices of the rows that equal it."""
    patterns, group = on.unique(dim=0, return_inverse=True)
    for index, pattern in enumerate(patterns):
        yield pattern, (group == index).nonzero().flatten()
