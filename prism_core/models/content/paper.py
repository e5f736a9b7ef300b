"""Mode ``paper``: the method as published (arXiv 2601.10944), causal."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.models.content.base import StepContext
from prism_core.models.content.expert_losses import cosine_triplet
from prism_core.models.content.pair_experts import Predictions, replacements
from prism_core.models.content.published import PublishedContent
from prism_core.models.features import FeatureSpace
from prism_core.models.part_tables import added


class PaperContent(PublishedContent):
    """Experts of each item, fused by weights from the history read so far.

    The encoder reads the id vector plus the fused vector. Expert losses compare predictions made
    from the experts of the batch's items, with triplets on cosine distances.
    """

    def __init__(self, config: ModelConfig, spaces: Mapping[str, FeatureSpace], width: int) -> None:
        super().__init__(config, spaces, width, config.expert_dropout)
        self.margin = config.paper.margin
        self.predictions = Predictions(width)

    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        parts = self.read_experts(self.project(self.rows(), kept))
        return torch.cat([torch.zeros_like(parts[:1]), parts[1:]])

    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        return self.read_experts(self.new_pair(features, available))

    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        return self.gate(part_seq, id_seq, padding_mask)

    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        return added(part_vectors, weights)

    def auxiliary_losses(self, context: StepContext) -> dict[str, Tensor]:
        items = self.exchange.gather(context.item_seq[~context.padding_mask]).unique()
        pair = self.project([rows[items] for rows in self.rows()])
        replaced = replacements(pair, self.withhold, context.generator)
        outputs = self.experts.with_replacements(pair, replaced)
        predictions = self.predictions(outputs, context.id_vectors(items))
        return self.expert_losses(predictions, partial(cosine_triplet, margin=self.margin))
