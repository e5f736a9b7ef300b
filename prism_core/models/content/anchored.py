"""Mode ``anchored``: the parts, and the losses that keep them true."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.content.anchored_parts import MIN_SCALE, AnchoredParts
from prism_core.models.content.base import StepContext
from prism_core.models.content.catalogue import readable, usable_mean
from prism_core.models.content.losses import cross_correlation, unexplained, variance_share
from prism_core.models.features import FeatureSpace
from prism_core.models.subset import Subset
from prism_core.names import SYNERGY

LOSS_ITEMS = 512
"""Auxiliary losses are estimated on at most this many items per step."""
SAMPLED_COLUMNS = 32
"""Correlation between parts is estimated on at most this many columns of each per step."""


class AnchoredContent(AnchoredParts):
    """Parts anchored in what they read, with three auxiliary losses.

    Parts keep what the features say (``reconstruction``), say different things
    (``decorrelation``), and synergy is charged for the share of the score's variance it takes, so
    that it is silent where nothing is gained (``charge``).
    """

    def __init__(
        self,
        config: ModelConfig,
        spaces: Mapping[str, FeatureSpace],
        width: int,
        fitted: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__(config, spaces, width, fitted)
        self.loss_weights = config.losses
        sizes = [space.size for space in spaces.values()]
        self.decoders = nn.ModuleList(nn.Linear(self.part_size, size) for size in sizes)
        self.shared_decoder = nn.Linear(self.part_size, self.split.num_shared)
        self.register_buffer("variances", self._variances(), persistent=False)

    variances: Tensor
    """Mean squared length of each modality's own residual, then of the shared variates."""

    def compile_step(self) -> None:
        super().compile_step()
        self._compile(self._losses)

    def draw_sample(
        self, num_items: int, subset: Subset | None, generator: torch.Generator
    ) -> Tensor | None:
        if subset is not None:
            return subset.drawn[:LOSS_ITEMS]
        device = self.shared.device
        if num_items <= LOSS_ITEMS:
            return torch.arange(1, num_items + 1, device=device)
        size = (LOSS_ITEMS,)
        drawn = torch.randint(1, num_items + 1, size, generator=generator, device=generator.device)
        return drawn.to(device)

    def auxiliary_losses(self, context: StepContext) -> dict[str, Tensor]:
        assert context.sample is not None, "drawn by draw_sample"
        rows, (ids, parts) = context.sample
        items = rows if context.subset is None else context.subset.items[rows]
        losses: dict[str, Tensor] = self._in_step(self._losses)(
            items, parts, ids, self._columns(context.generator),
            context.queries, context.num_targets, context.as_keys,
        )  # fmt: skip
        return losses

    def _losses(
        self,
        items: Tensor,
        parts: Sequence[Tensor],
        ids: Tensor,
        columns: Tensor | None,
        queries: Tensor,
        num_targets: Tensor | float,
        as_keys: Callable[[Tensor], Tensor] | None,
    ) -> dict[str, Tensor]:
        """Compute each loss from the parts ``(n, S)`` and ids ``(n, W)`` of some items."""
        weights = self.loss_weights
        losses = {}
        if weights.reconstruction:
            losses["reconstruction"] = weights.reconstruction * self._unexplained(parts, items)
        if weights.decorrelation:
            some = parts if columns is None else map(_take, parts, columns)
            correlation = cross_correlation(torch.stack(list(some), dim=1))
            losses["decorrelation"] = weights.decorrelation * correlation
        if weights.charge:
            charge = self._charge(parts, ids, queries, num_targets, as_keys)
            losses["charge"] = weights.charge * charge
        return losses

    def _variances(self) -> Tensor:
        rows, known = self._catalogue().read()
        squares = torch.stack([some.square().sum(1) for some in rows])
        return (squares * known).sum(1) / known.sum(1).clamp_min(1)

    def _columns(self, generator: torch.Generator) -> Tensor | None:
        """Draw the columns ``(P, s)`` on which decorrelation is estimated, None for all."""
        if self.part_size <= SAMPLED_COLUMNS:
            return None
        shape = (len(self.parts), self.part_size)
        draws = torch.rand(shape, generator=generator, device=generator.device)
        return draws.argsort(1)[:, :SAMPLED_COLUMNS].to(self.shared.device)

    def _unexplained(self, parts: Sequence[Tensor], items: Tensor) -> Tensor:
        available = self.available[:, items]
        heard = self._amplitudes().clamp_min(MIN_SCALE).unbind()
        networks = {**dict(enumerate(self.decoders)), len(parts) - 1: self.shared_decoder}
        decoded = [decode(parts[part] / heard[part]) for part, decode in networks.items()]
        original = [own.index_select(0, items) for own in self._own()]
        original.append(usable_mean(self.shared.index_select(1, items), available))
        return unexplained(decoded, original, readable(available), self.variances)

    def _charge(
        self,
        parts: Sequence[Tensor],
        ids: Tensor,
        queries: Tensor,
        num_targets: Tensor | float,
        as_keys: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        index, size = self.parts.index(SYNERGY), self.part_size
        silenced = [*parts[:index], torch.zeros_like(parts[index]), *parts[index + 1 :]]
        rest = ids + self.join(silenced)
        if as_keys is not None:
            silent = as_keys(rest)
            term = as_keys(ids + self.join(parts)) - silent
            return variance_share(queries, term, silent, slice(None), num_targets)
        columns = slice(0, size) if self.is_summed else slice(index * size, (index + 1) * size)
        return variance_share(queries, parts[index], rest, columns, num_targets)


def _take(vectors: Tensor, columns: Tensor) -> Tensor:
    return vectors.index_select(1, columns)
