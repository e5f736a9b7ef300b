"""Mode ``released``: the authors' code as it is, every quirk on a switch."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.content.base import StepContext
from prism_core.models.content.expert_losses import euclidean_triplet
from prism_core.models.content.pair_experts import Predictions, replacements
from prism_core.models.content.prefixes import prefix_means
from prism_core.models.content.published import PublishedContent
from prism_core.models.features import FeatureSpace

MARGIN = 1.0


class ReleasedContent(PublishedContent):
    """Experts of each *user*: they read the mean image and the mean text of a sequence.

    A part of an item is therefore what its expert reads, [v, t]; replacing it at every item takes
    that expert out of the history. See `ReleasedConfig` for the quirks.
    """

    def __init__(self, config: ModelConfig, spaces: Mapping[str, FeatureSpace], width: int) -> None:
        quirks = config.released
        dropout = 0.0 if quirks.no_expert_dropout else config.expert_dropout
        super().__init__(config, spaces, width, dropout)
        self.quirks, self.padding_is_candidate = quirks, quirks.padding_candidates
        self.reads_padding = quirks.padded_means
        self.predictions = None if quirks.losses_on_vectors else Predictions(width)
        if quirks.trained_features:
            self.tables = nn.ParameterList(F.normalize(s.rows, dim=1) for s in spaces.values())

    def rows(self) -> list[Tensor]:
        return list(self.tables) if self.quirks.trained_features else super().rows()

    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        both = torch.cat([*self.project(self.rows(), kept)], dim=-1)
        both = torch.cat([torch.zeros_like(both[:1]), both[1:]])
        return both[:, None].expand(-1, len(self.parts), -1)

    def part_vectors(self, item_parts: Tensor) -> Tensor:
        vectors = self.read_experts(self._pair(item_parts[:, 0]))
        return torch.cat([torch.zeros_like(vectors[:1]), vectors[1:]])

    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        return self.read_experts(self.new_pair(features, available))

    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        return self.read(part_seq, id_seq, padding_mask)[1]

    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        """Run each part's expert on what it reads, ``(..., 2 W)``, and add: ``(..., W)``."""
        outputs = self._run(torch.stack(list(part_vectors), dim=-2))
        return (outputs if weights is None else outputs * weights[..., None]).sum(-2)

    def read(
        self,
        part_seq: Sequence[Tensor],
        id_seq: Tensor,
        padding_mask: Tensor,
        fusion_weights: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        inputs = self._pad(torch.stack(list(part_seq), dim=2), padding_mask)
        pooled = self._pool(inputs.flatten(2), padding_mask)
        outputs = self._run(pooled.unflatten(2, inputs.shape[2:]))
        ids = self._pool(id_seq, padding_mask)
        weights = self.gate.weigh(outputs.flatten(2), ids, id_seq[:, -1])
        if fusion_weights is not None:
            weights = fusion_weights[:, None].expand_as(weights).to(weights.dtype)
        vectors = (outputs * weights[..., None]).sum(-2)
        if self.quirks.raw_content_input:
            vectors = vectors + self._pair(inputs.mean(2)).sum(0)
        return vectors.expand_as(id_seq), weights.expand(*id_seq.shape[:2], -1)

    def auxiliary_losses(self, context: StepContext) -> dict[str, Tensor]:
        if not (self.training or self.quirks.losses_at_evaluation):
            return {}
        pair, ids = self._pooled_histories(context)
        how = "unscaled" if self.quirks.unscaled_noise else self.withhold
        replaced = replacements(pair, how, context.generator)
        outputs = self.experts.with_replacements(pair, replaced)
        if self.predictions is not None:
            outputs = self.predictions(outputs, ids)
        return self.expert_losses(outputs, partial(euclidean_triplet, margin=MARGIN))

    def _pooled_histories(self, context: StepContext) -> tuple[Tensor, Tensor]:
        """Pool image and text ``(M, n, W)`` and ids ``(n, W)`` of all histories or prefixes."""
        mask = context.padding_mask
        both = F.embedding(context.item_seq, context.item_parts.dense[:, 0].contiguous())
        both = self._pool(self._pad(both[:, :, None], mask)[:, :, 0], mask)
        ids = self._pool(context.id_seq, mask)
        each = (both[:, 0], ids[:, 0]) if self.quirks.future_pooling else (both[~mask], ids[~mask])
        both, ids = (self.exchange.gather(rows) for rows in each)
        return self._pair(both), ids

    def _run(self, part_inputs: Tensor) -> Tensor:
        """Run each expert on its own inputs ``(..., P, 2 W)``: ``(..., P, W)``."""
        flat = part_inputs.flatten(0, -3).unflatten(-1, (2, -1))  # (n, P, M, W)
        outputs = self.experts(flat.permute(1, 2, 0, 3)).transpose(0, 1)
        return outputs.unflatten(0, part_inputs.shape[:-2])

    def _pad(self, part_seq: Tensor, padding_mask: Tensor) -> Tensor:
        """Fill padding with what the projections make of no features: their bias."""
        nothing = [rows.new_zeros(rows.shape[1]) for rows in self.rows()]
        return torch.where(padding_mask[..., None, None], self.project(nothing).flatten(), part_seq)

    def _pool(self, values: Tensor, padding_mask: Tensor) -> Tensor:
        """Average ``(B, L, F)`` over the sequence ``(B, 1, F)``, or over prefixes ``(B, L, F)``."""
        ignored = torch.zeros_like(padding_mask) if self.quirks.padded_means else padding_mask
        means = prefix_means(values, ignored)
        return means[:, -1:] if self.quirks.future_pooling else means

    @staticmethod
    def _pair(both: Tensor) -> Tensor:
        """Split [v, t] ``(..., 2 W)``: ``(2, ..., W)``."""
        return torch.stack(both.chunk(2, dim=-1))
