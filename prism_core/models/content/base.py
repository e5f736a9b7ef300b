"""What a content module offers: item parts, their fusion into histories, and candidates."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from prism_core.models.exchange import Connected
from prism_core.models.part_tables import DenseParts, PartTable
from prism_core.models.subset import Subset
from prism_core.models.tables import ItemVectors


class Sample(NamedTuple):
    """Items on which auxiliary losses are estimated: rows ``(n,)`` of the tables, and vectors."""

    rows: Tensor
    vectors: ItemVectors


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a training step knows when auxiliary losses are computed.

    ``T`` counts the real positions of the batch that have a target.

    Attributes
    ----------
    item_seq : Tensor (B, L)
    padding_mask : Tensor (B, L)
    id_seq : Tensor (B, L, W)
        Id vectors of the history.
    id_vectors
        Looks up the id vectors ``(n, W)`` of items ``(n,)``.
    item_parts
        Part vectors of all items.
    weights : Tensor (B, L, P)
    queries : Tensor (T, V)
        What meets the candidates.
    targets : Tensor (T,)
    num_targets
        Divisor of losses summed over targets: about ``T``, and such that the mean over processes
        is that of the global batch.
    generator : torch.Generator
    sample
        What `Content.draw_sample` drew.
    subset
        Items in the tables and behind all indices, if these are not all items.
    as_keys
        Turns candidates ``(n, W)`` into the vectors ``(n, V)`` whose products with the queries are
        the scores, if they are not that already.
    """

    item_seq: Tensor
    padding_mask: Tensor
    id_seq: Tensor
    id_vectors: Callable[[Tensor], Tensor]
    item_parts: PartTable
    weights: Tensor
    queries: Tensor
    targets: Tensor
    num_targets: Tensor | float
    generator: torch.Generator
    sample: Sample | None = None
    subset: Subset | None = None
    as_keys: Callable[[Tensor], Tensor] | None = None


class Content(Connected, ABC):
    """Item content as ``P`` part vectors of size ``S``, and how they enter a recommender.

    Attributes
    ----------
    parts
        Names of the ``P`` parts, in array order.
    modalities
        Names of the ``M`` modalities read.
    spaces
        A `FeatureSpace` for each of these, by name.
    has_player_dropout
        Whether training reads some histories with a random coalition of players.
    padding_is_candidate
        Whether padding competes with the items.
    reads_padding
        Whether results depend on how much padding stands before a history.
    sample_size
        Items on which averages over all items may be estimated, so that a step need not look at
        the others; None if a step always does.
    """

    parts: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    spaces: nn.ModuleDict
    has_player_dropout: bool = True
    padding_is_candidate: bool = False
    reads_padding: bool = False
    sample_size: int | None = None

    @abstractmethod
    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Compute the part vectors of every item.

        Parameters
        ----------
        kept
            Modalities that may be read; a withheld one is replaced. Default: all.
        generator
            Draws the replacement as configured; without it, the expectation is used.

        Returns
        -------
        Tensor (N + 1, P, S)
            Row 0 is zero.
        """

    def item_tables(
        self,
        patterns: Sequence[Sequence[bool]],
        generator: torch.Generator | None = None,
        subset: Subset | None = None,
    ) -> list[PartTable]:
        """Compute `item_parts` for several patterns of kept modalities, sharing what they share.

        With a subset, tables have its rows; only content with a ``sample_size`` is given one.
        """
        return [DenseParts(self.item_parts(kept, generator)) for kept in patterns]

    @abstractmethod
    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        """Compute the part vectors of new items, on the scale of the known ones.

        Parameters
        ----------
        features : mapping of str to Tensor (n, d_m)
            Raw features by modality.
        available : mapping of str to Tensor (n,), bool

        Returns
        -------
        Tensor (n, P, S)
        """

    @abstractmethod
    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        """Weigh the parts per position.

        Parameters
        ----------
        part_seq : sequence of P Tensors (B, L, S)
        id_seq : Tensor (B, L, W)
        padding_mask : Tensor (B, L)

        Returns
        -------
        Tensor (B, L, P)
            Weights at ``t`` depend on the history up to ``t`` only.
        """

    @abstractmethod
    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        """Join ``P`` parts ``(..., S)``, weighed by ``(..., P)`` if given, to ``(..., W)``."""

    def read(
        self,
        part_seq: Sequence[Tensor],
        id_seq: Tensor,
        padding_mask: Tensor,
        fusion_weights: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Say what content adds to the id vectors of histories.

        Parameters
        ----------
        part_seq : sequence of P Tensors (B, L, S)
        id_seq : Tensor (B, L, W)
        padding_mask : Tensor (B, L)
        fusion_weights : Tensor (B, P), optional
            Used in place of the gate's at every position.

        Returns
        -------
        vectors : Tensor (B, L, W)
        weights : Tensor (B, L, P)
        """
        weights = self.weights(part_seq, id_seq, padding_mask)
        if fusion_weights is not None:
            weights = fusion_weights[:, None].expand_as(weights).to(weights.dtype)
        return self.join(part_seq, weights), weights

    def candidates(self, item_parts: PartTable, ids: Tensor) -> Tensor:
        """Add content to the id vectors ``(N + 1, W)`` of candidates."""
        return ids + self.join(item_parts.all)

    def part_vectors(self, item_parts: Tensor) -> Tensor:
        """Give the part vectors ``(N + 1, P, S)`` that stand for the parts in maps and probes."""
        return item_parts

    def draw_sample(
        self, num_items: int, subset: Subset | None, generator: torch.Generator
    ) -> Tensor | None:
        """Draw the items on whose vectors auxiliary losses are estimated, if any are.

        Parameters
        ----------
        num_items
            ``N``.
        subset
            Items in the tables, if these are not all.
        generator

        Returns
        -------
        Tensor (n,), int64, or None
            Rows of the tables; the step context has the vectors.
        """
        return None

    def auxiliary_losses(self, context: StepContext) -> dict[str, Tensor]:
        """Losses of the content itself, weights applied, by name; none by default."""
        return {}

    def compile_step(self) -> None:
        """Let `torch.compile` make faster forms of what a training step computes, if any pay."""
        return None
