"""What modes ``paper`` and ``released`` share: image, text, four experts and a gate."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.content.base import Content
from prism_core.models.content.expert_losses import Triplet, role_losses
from prism_core.models.content.gate import Gate
from prism_core.models.content.pair_experts import ExpertOutputs, PairExperts
from prism_core.models.features import FeatureSpace
from prism_core.models.part_tables import PartTable
from prism_core.names import parts_of


class PublishedContent(Content):
    """Two projected modalities ``v`` and ``t``, four experts on [v, t], one gate.

    Candidates are scored by their id alone, as published: content reaches a score through the
    history only.

    Parameters
    ----------
    config
    spaces
        Exactly two modalities by name; their rows are scaled to length 1, as published.
    width
        ``W``, the size of an item vector.
    expert_dropout
        Dropout of the experts' hidden layer.
    """

    has_player_dropout = False

    def __init__(
        self,
        config: ModelConfig,
        spaces: Mapping[str, FeatureSpace],
        width: int,
        expert_dropout: float,
    ) -> None:
        super().__init__()
        self.modalities, self.parts = tuple(spaces), parts_of(tuple(spaces))
        self.width = width
        self.expert_weight, self.withhold = config.losses.experts, config.withhold
        self.spaces = nn.ModuleDict(spaces)
        self.projections = nn.ModuleList(nn.Linear(space.size, width) for space in spaces.values())
        self.experts = PairExperts(
            width, config.expert_hidden_size or config.hidden_size, expert_dropout
        )
        is_on = torch.tensor([part not in config.without for part in self.parts])
        self.register_buffer("is_on", is_on, persistent=False)
        self.gate = Gate(config, len(self.parts) * width, width, is_on, normalise=False)

    is_on: Tensor

    def rows(self) -> list[Tensor]:
        """Unit features of all items per modality, ``(N + 1, d_m)`` each."""
        return [F.normalize(space.rows, dim=1) for space in self._spaces()]

    def candidates(self, item_parts: PartTable, ids: Tensor) -> Tensor:
        return ids

    def project(self, rows: Sequence[Tensor], kept: Sequence[bool] | None = None) -> Tensor:
        """Project features ``(n, d_m)``: ``(M, n, W)``; a withheld modality is its mean item."""
        pair = [layer(r) for layer, r in zip(self.projections, rows, strict=True)]
        kept = kept or (True,) * len(pair)
        return torch.stack([v if k else self._mean(v) for v, k in zip(pair, kept, strict=True)])

    def new_pair(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        """Project raw features of new items: ``(M, n, W)``."""
        named = zip(self.modalities, self._spaces(), strict=True)
        rows = [space.encode(features[name], available[name]) for name, space in named]
        return self.project([F.normalize(row, dim=1) for row in rows])

    def read_experts(self, pair: Tensor) -> Tensor:
        """Run all experts on the same pairs ``(M, n, W)``: ``(n, P, W)``, removed parts zero."""
        outputs = self.experts(pair.expand(len(self.parts), -1, -1, -1))
        return outputs.transpose(0, 1) * self.is_on[:, None]

    def expert_losses(self, outputs: ExpertOutputs, triplet: Triplet) -> dict[str, Tensor]:
        """Weigh the role losses of the parts that are in the model."""
        losses = role_losses(outputs, triplet) * self.is_on
        names = (f"expert_{part}" for part in self.parts)
        return dict(zip(names, self.expert_weight * losses, strict=True))

    def _spaces(self) -> list[FeatureSpace]:
        return [cast(FeatureSpace, self.spaces[name]) for name in self.modalities]

    @staticmethod
    def _mean(vectors: Tensor) -> Tensor:
        return vectors[1:].mean(0).expand_as(vectors)
