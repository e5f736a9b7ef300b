"""Content without experts: nothing at all, or the sum of projected modalities."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.content.base import Content
from prism_core.models.features import FeatureSpace
from prism_core.models.part_tables import CodedParts, Codes, KnownCodes, PartTable, Term, added
from prism_core.models.subset import Subset


class NoContent(Content):
    """Ids only: no parts, no modalities."""

    has_player_dropout = False

    def __init__(self, num_items: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("empty", torch.zeros(num_items + 1, 0, width), persistent=False)

    empty: Tensor

    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return self.empty

    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        count = len(next(iter(features.values()), self.empty))
        return self.empty.new_zeros(count, 0, self.width)

    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        return id_seq.new_zeros(*id_seq.shape[:2], 0)

    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        return self.empty.new_zeros(())


class SummedContent(Content):
    """One part per modality, its linear projection, all added with weight 1.

    The control for PRISM: the same features in histories and candidates, no experts, no gate.
    """

    def __init__(self, config: ModelConfig, spaces: Mapping[str, FeatureSpace], width: int) -> None:
        super().__init__()
        self.parts = self.modalities = tuple(spaces)
        self.spaces = nn.ModuleDict(spaces)
        self.projections = nn.ModuleDict(
            {name: _projection(space.size, width) for name, space in spaces.items()}
        )

    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return self.item_tables([kept or (True,) * len(self.modalities)])[0].dense

    def item_tables(
        self,
        patterns: Sequence[Sequence[bool]],
        generator: torch.Generator | None = None,
        subset: Subset | None = None,
    ) -> list[PartTable]:
        return [
            CodedParts([self._codes(index, k) for index, k in enumerate(kept)], len(self.parts))
            for kept in patterns
        ]

    def _codes(self, index: int, is_kept: bool) -> Codes:
        name = self.modalities[index]
        to_part = cast(nn.Linear, self.projections[name]).weight.T * float(is_kept)
        rows = cast(FeatureSpace, self.spaces[name]).rows
        return KnownCodes(known=rows, terms=(Term(index, len(to_part), to_part),))

    def candidates(self, item_parts: PartTable, ids: Tensor) -> Tensor:
        return item_parts.added_to(ids)

    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        projected = [
            self.projections[name](
                cast(FeatureSpace, space).encode(features[name], available[name])
            )
            for name, space in self.spaces.items()
        ]
        return torch.stack(projected, dim=1)

    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        return id_seq.new_ones(*id_seq.shape[:2], len(self.parts))

    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        return added(part_vectors, weights)


def _projection(size: int, width: int) -> nn.Linear:
    projection = nn.Linear(size, width, bias=False)
    nn.init.normal_(projection.weight, std=0.1 * size**-0.5)
    return projection
