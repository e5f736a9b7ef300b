"""How a query and its true next item become a loss."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.objective import ObjectiveConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.negatives import draw_unseen
from prism_core.models.partition import WHOLE, Partition
from prism_core.models.shard import Shard
from prism_core.models.subset import Subset
from prism_core.names import PAD


def full_softmax(
    backbone: Backbone,
    queries: Tensor,
    items: Tensor,
    targets: Tensor,
    first: int = 1,
    partition: Partition = WHOLE,
) -> Tensor:
    """Cross-entropy over all items, summed over positions.

    Parameters
    ----------
    backbone
        Says how queries meet items.
    queries : Tensor (T, W)
    items : Tensor (N + 1, W)
    targets : Tensor (T,)
        True next items, from 1.
    first
        First row of ``items`` that is a candidate; row 0 is padding.
    partition
        Which rows ``items`` has, if not all.
    """
    keys = backbone.as_keys(items[first:])
    return partition.cross_entropy(backbone.as_queries(queries), keys, targets - first)


def sampled_softmax(
    backbone: Backbone,
    queries: Tensor,
    items: Tensor,
    targets: Tensor,
    sampled: Tensor,
    log_expected: Tensor,
) -> Tensor:
    """Estimate `full_softmax` from items sampled with replacement.

    Every sampled logit is lowered by the log of how often its item is expected in the sample
    (log Q correction, doi:10.1109/TNN.2007.912312), and the target, which is always present, is
    left as it is and struck from the sample; so the estimated partition function is unbiased.

    Parameters
    ----------
    sampled : Tensor (S,)
    log_expected : Tensor (S,)
        Log of the expected count of each sampled item.
    """
    own = backbone.paired_similarity(queries, items[targets]).float()
    others = backbone.similarity(queries, items[sampled]).float() - log_expected
    others = others.masked_fill(sampled == targets[:, None], float("-inf"))
    everything = torch.cat([own[:, None], others], dim=1)
    return (everything.logsumexp(1) - own).sum()


def binary_cross_entropy(
    backbone: Backbone, queries: Tensor, items: Tensor, targets: Tensor, negatives: Tensor
) -> Tensor:
    """One positive against one negative ``(T,)`` each, as in SASRec; summed over positions."""
    own = backbone.paired_similarity(queries, items[targets]).float()
    other = backbone.paired_similarity(queries, items[negatives]).float()
    return -(F.logsigmoid(own) + F.logsigmoid(-other)).sum()


def bayesian_ranking(
    backbone: Backbone,
    queries: Tensor,
    items: Tensor,
    targets: Tensor,
    negatives: Tensor,
    margin_weight: float,
) -> Tensor:
    """BPR against one negative ``(T,)`` each plus STOSA's margin, summed over positions.

    The margin term is positive where a target is more similar to the negative than to its query.
    """
    own = backbone.paired_similarity(queries, items[targets]).float()
    other = backbone.paired_similarity(queries, items[negatives]).float()
    between = backbone.item_similarity(items[targets], items[negatives]).float()
    return (margin_weight * F.relu(between - own) - F.logsigmoid(own - other)).sum()


@dataclass(frozen=True, slots=True)
class Negatives:
    """What was drawn for one step: nothing, items shared by all, or one per position ``(B, L)``.

    Attributes
    ----------
    shared, expected : Tensor (S,), optional
        Items, and how often each of them is expected in the sample.
    per_position : Tensor (B, L), int64, optional
    """

    shared: Tensor | None = None
    expected: Tensor | None = None
    per_position: Tensor | None = None

    @property
    def items(self) -> list[Tensor]:
        """Every item drawn."""
        return [drawn for drawn in (self.shared, self.per_position) if drawn is not None]

    def within(self, subset: Subset) -> "Negatives":
        """Name items by their rows in a subset."""
        shared, per_position = (
            None if drawn is None else subset.rows(drawn)
            for drawn in (self.shared, self.per_position)
        )
        return Negatives(shared, self.expected, per_position)

    def at(self, has_target: Tensor) -> "Negatives":
        """Keep what belongs to positions ``(B, L)`` with a target: one each becomes ``(T,)``."""
        if self.per_position is None:
            return self
        return Negatives(per_position=self.per_position[has_target])


class Objective(nn.Module):
    """The recommendation loss as configured.

    Parameters
    ----------
    config
    num_items
        ``N``.
    max_seq_len
        ``L``; draws are made for this many positions, whatever the batch's length.
    padding_is_candidate
        Whether padding competes with the items.
    """

    def __init__(
        self, config: ObjectiveConfig, num_items: int, max_seq_len: int, padding_is_candidate: bool
    ) -> None:
        super().__init__()
        self.config, self.num_items, self.max_seq_len = config, num_items, max_seq_len
        self.first = 0 if padding_is_candidate else 1
        self.asks_all_items = config.loss == "softmax" and num_items <= config.sampled_above
        self.is_sampled = config.loss == "softmax" and num_items > config.sampled_above
        chance = torch.full((num_items + 1,), 1 / (num_items + 1 - self.first))
        chance[: self.first] = 0.0
        self.register_buffer("chance", chance if self.is_sampled else chance[:0], persistent=False)

    chance: Tensor

    def observe(self, item_seq: Tensor) -> None:
        """Sample half uniformly and half by how often items stand in histories ``(R, L)``."""
        if not self.is_sampled:
            return
        seen = item_seq[item_seq != PAD]
        counts = torch.bincount(seen, minlength=self.num_items + 1).to(self.chance)
        uniform = torch.full_like(self.chance, 1 / (self.num_items + 1 - self.first))
        uniform[: self.first] = 0.0
        self.chance = (uniform + counts / counts.sum()) / 2

    def draw(
        self,
        item_seq: Tensor,
        targets: Tensor,
        generator: torch.Generator,
        shard: Shard,
        avoid: Tensor | None = None,
    ) -> Negatives:
        """Draw the negatives of a step, the same for any number of processes.

        Parameters
        ----------
        item_seq, targets : Tensor (B, L)
            Their items are no negatives of their row.
        generator
        shard
        avoid : Tensor (B, A), optional
            Further items that are no negatives of their row.
        """
        if self.is_sampled:
            chance = self.chance.to(generator.device)
            count = self.config.num_sampled
            sampled = chance.multinomial(count, replacement=True, generator=generator)
            sampled = sampled.to(item_seq.device)
            return Negatives(shared=sampled, expected=count * self.chance[sampled])
        if self.config.loss == "softmax":
            return Negatives()
        known = torch.cat([item_seq, targets] + ([] if avoid is None else [avoid]), dim=1)
        own = _spawn(generator)  # later draws must not depend on how many a process makes here
        shape = (shard.rows_of_all(len(item_seq)), self.max_seq_len)
        draws = torch.rand(shape, generator=own, device=own.device)
        rows = slice(shard.first_row, shard.first_row + len(item_seq))
        draws = draws[rows, -item_seq.shape[1] :]
        return Negatives(per_position=draw_unseen(known, draws, self.num_items, self.first))

    def forward(
        self,
        backbone: Backbone,
        queries: Tensor,
        items: Tensor,
        targets: Tensor,
        negatives: Negatives,
        partition: Partition = WHOLE,
    ) -> Tensor:
        """Sum the loss of queries ``(T, W)`` with targets ``(T,)`` among items ``(N + 1, W)``.

        With a partition, ``items`` are the rows it holds.
        """
        if negatives.shared is not None and negatives.expected is not None:
            log_expected = negatives.expected.log()
            items, targets, shared = partition.compact(items, targets, negatives.shared)
            return sampled_softmax(backbone, queries, items, targets, shared, log_expected)
        one_each = negatives.per_position
        if one_each is None:
            return full_softmax(backbone, queries, items, targets, self.first, partition)
        items, targets, one_each = partition.compact(items, targets, one_each)
        if self.config.loss == "bce":
            return binary_cross_entropy(backbone, queries, items, targets, one_each)
        weight = self.config.margin_weight
        return bayesian_ranking(backbone, queries, items, targets, one_each, weight)


def _spawn(generator: torch.Generator) -> torch.Generator:
    seed = torch.randint(2**62, (), generator=generator, device=generator.device)
    return torch.Generator(generator.device).manual_seed(int(seed))
