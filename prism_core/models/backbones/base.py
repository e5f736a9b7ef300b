"""What every sequence encoder offers, so that one content module serves all of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from prism_core.models.exchange import Connected
from prism_core.models.products import lowered, products


class Backbone(Connected, ABC):
    """A sequence encoder: item vectors in, one causal state per position out.

    A backbone that describes an item by several vectors (the mean and covariance of STOSA) asks
    for ``num_streams`` of them side by side in the last dimension: its inputs, states and item
    tables are all ``W = num_streams * D`` wide. It alone knows how a state meets a candidate.

    Attributes
    ----------
    num_streams
        Vectors of size ``D`` that describe one item.
    """

    num_streams: int = 1

    @abstractmethod
    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        """Encode histories.

        Parameters
        ----------
        inputs : Tensor (B, L, W)
            Vectors of the items read, zero at padding.
        padding_mask : Tensor (B, L)
            True at padding.

        Returns
        -------
        Tensor (B, L, W)
            State ``t`` depends on inputs up to ``t`` only, and not on padding.
        """

    def newest(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        """Encode histories to their newest states ``(B, W)``, all that scoring needs."""
        states: Tensor = self(inputs, padding_mask)
        return states[:, -1]

    def as_queries(self, states: Tensor) -> Tensor:
        """Turn states ``(T, W)`` into vectors ``(T, V)`` whose products with keys are similarities.

        Under autocast they are rounded, unless a backbone cannot afford it.
        """
        return lowered(states)

    def as_keys(self, candidates: Tensor) -> Tensor:
        """Turn candidates ``(C, W)`` into the vectors ``(C, V)`` that queries meet."""
        return lowered(candidates)

    @property
    def meets_candidates(self) -> bool:
        """Whether products of states and candidates are the scores, a term for each column."""
        kind = type(self)
        return kind.as_queries is Backbone.as_queries and kind.as_keys is Backbone.as_keys

    @property
    def has_epoch_estimates(self) -> bool:
        """Whether `start_epoch` does anything, so that states must be computed for it."""
        return type(self).start_epoch is not Backbone.start_epoch

    def similarity(self, states: Tensor, candidates: Tensor) -> Tensor:
        """Score candidates ``(C, W)`` against states ``(T, W)``: ``(T, C)``, larger is better."""
        return products(self.as_queries(states), self.as_keys(candidates))

    def paired_similarity(self, states: Tensor, candidates: Tensor) -> Tensor:
        """Score candidates ``(T, ..., W)`` of each state ``(T, W)``: ``(T, ...)``."""
        return torch.einsum("tw,t...w->t...", states, candidates)

    def item_similarity(self, items: Tensor, others: Tensor) -> Tensor:
        """Compare items ``(T, W)`` with others one by one: ``(T,)``, larger is more alike."""
        return (items * others).sum(-1)

    def auxiliary_losses(
        self,
        states: Tensor,
        vectors_of: Callable[[Tensor], Tensor],
        targets: Tensor,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Losses of the encoder's own, weights applied, by name; none by default.

        Parameters
        ----------
        states : Tensor (T, W)
            Those of the positions that have a target.
        vectors_of
            Looks up the vectors ``(n, W)`` of items ``(n,)`` as candidates.
        targets : Tensor (T,)
        generator : torch.Generator
        """
        return {}

    def start_epoch(self, states: Tensor, generator: torch.Generator) -> None:
        """Refresh what is estimated once per epoch from states ``(R, W)``, e.g. clusters."""
        return None
