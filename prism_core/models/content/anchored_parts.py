"""Parts of mode ``anchored``, whose roles hold by construction, and how they enter vectors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.content.base import Content
from prism_core.models.content.catalogue import (
    Catalogue,
    center,
    roles_of,
    shares,
)
from prism_core.models.content.experts import MIN_SPREAD, Experts, Statistics, Views, measure
from prism_core.models.content.gate import Gate
from prism_core.models.content.linear_parts import (
    KnownLinear,
    LinearParts,
    Read,
    Replaced,
    coded_parts,
    know,
    read_items,
)
from prism_core.models.features import FeatureSpace, SharedSplit
from prism_core.models.part_tables import CodedParts, DenseParts, PartTable, added
from prism_core.models.subset import Subset
from prism_core.names import SYNERGY, parts_of

Args = ParamSpec("Args")
Result = TypeVar("Result")

INITIAL_SCALE = 0.1
MIN_SCALE = 1e-4
SAMPLED_ITEMS = 2048
"""Where the loss asks for few items only, centre and spread of parts are estimated on these."""


class Known(NamedTuple):
    """Items viewed with every modality they have.

    Views, the means ``(S + F,)`` of what each network says, statistics, and parts ``(n, P, S)``.
    """

    views: Views
    output_means: list[Tensor]
    statistics: Statistics
    parts: Tensor


class AnchoredParts(Content):
    """Four roles, each anchored in what its network may read and how its output is centred.

    - ``unique_m`` reads only what modality ``m`` says and the others do not (`SharedSplit`).
    - ``redundancy`` reads the mean of the shared variates over the modalities at hand, so that
      one modality can replace another.
    - ``synergy`` is a product of functions of the own residuals, each centred over items: a
      pure interaction in the functional-ANOVA sense, whose expectation is zero as soon as a
      modality is replaced by that of a random item.

    Every part is a block of the item vector, or a term of it (`part_placement`), so that a score
    splits into one term per part.
    Outputs are centred over the known items; their spread over the items, the same in every
    candidate, is a learned amplitude, or what the experts make it (`part_scale`). A part that
    nothing reaches (no shared direction, say) is zero, not its own rounding error, and gets no
    weight.

    A fusion weight is a part's share of what all parts together add to a user's history: spread
    and weight are never two factors of one product, of which one could grow while the other
    shrinks unseen.
    """

    sample_size = SAMPLED_ITEMS

    def __init__(
        self,
        config: ModelConfig,
        spaces: Mapping[str, FeatureSpace],
        width: int,
        fitted: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.modalities, self.parts = tuple(spaces), parts_of(tuple(spaces))
        self.width, self.is_summed = width, config.part_placement == "sum"
        self.part_size = width if self.is_summed else width // len(self.parts)
        self.withhold = config.withhold
        self.spaces = nn.ModuleDict(spaces)
        self.split = SharedSplit(spaces, fitted)
        own, shared = self._split_rows([space.rows for space in spaces.values()])
        self.register_buffer("shared", shared, persistent=False)
        for name, rows in zip(spaces, own, strict=True):
            self.register_buffer(f"own_{name}", rows, persistent=False)
        is_on = torch.tensor([part not in config.without for part in self.parts])
        is_on &= torch.tensor(self._reachable())
        self.register_buffer("is_on", is_on, persistent=False)
        is_centred = torch.tensor([part != SYNERGY for part in self.parts])[:, None].float()
        self.register_buffer("is_centred", is_centred, persistent=False)
        is_item = torch.arange(len(shared[0])) > 0
        self.register_buffer("is_item", is_item[:, None, None].float(), persistent=False)
        sizes = {name: space.size for name, space in spaces.items()}
        self.experts = Experts(config, sizes, self.split, self.part_size)
        self.gate = Gate(config, len(self.parts) * self.part_size, width, is_on)
        self.is_free = config.part_scale == "free"
        self.experts.shrink(INITIAL_SCALE)
        if self.is_free:
            self.register_buffer("spread", torch.full((len(self.parts),), INITIAL_SCALE))
        else:
            self.scale = nn.Parameter(torch.full((len(self.parts),), INITIAL_SCALE))
            self.loudness = nn.Parameter(torch.tensor(INITIAL_SCALE * len(self.parts)))
        self.missing = nn.Parameter(torch.zeros(len(self.parts), self.part_size))
        self.linear: LinearParts | None = None
        if self.experts.are_linear:
            self._hold(LinearParts(self._catalogue()))
        self._compiled: dict[str, Callable[..., Any]] = {}

    is_on: Tensor
    is_centred: Tensor
    """1, and 0 for synergy, whose mean is an interaction already: ``(P, 1)``."""
    is_item: Tensor
    shared: Tensor
    spread: Tensor

    def item_parts(
        self, kept: Sequence[bool] | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return self.item_tables([kept or (True,) * len(self.modalities)], generator)[0].dense

    def item_tables(
        self,
        patterns: Sequence[Sequence[bool]],
        generator: torch.Generator | None = None,
        subset: Subset | None = None,
    ) -> list[PartTable]:
        items = self._catalogue(subset)
        with torch.autocast(self.shared.device.type, enabled=False):
            drawn = [self._stand_ins(items, kept, generator) for kept in patterns]
            is_expected = generator is None and not all(map(all, patterns))
            if self.linear is not None and not is_expected:
                return self._coded_tables(items, drawn, self.linear if subset is None else None)
            known = self._in_step(self._known)(items)
            self._remember(known.statistics.spread)
            return [
                DenseParts(self._in_step(self._pattern)(items, known, tuple(kept), stand_ins))
                for kept, stand_ins in zip(patterns, drawn, strict=True)
            ]

    def _coded_tables(
        self,
        items: Catalogue,
        drawn: Sequence[Sequence[Tensor | None] | None],
        whole: LinearParts | None,
    ) -> list[PartTable]:
        """Compute tables for stand-ins drawn, without forming the parts that experts make."""
        known = self._in_step(self._know)(items, read_items(items) if whole is None else whole.read)
        self._remember(known.spread)
        return [self._coded(items, known, stand_ins) for stand_ins in drawn]

    def _remember(self, spread: Tensor) -> None:
        if self.is_free:
            self.spread = spread[:, 0].detach()

    def _hold(self, linear: LinearParts) -> None:
        """Read the modalities from the codes of linear experts, which hold them, centred."""
        self.linear = linear
        for name, rows in zip(self.modalities, linear.own, strict=True):
            self.register_buffer(f"own_{name}", rows, persistent=False)

    def candidates(self, item_parts: PartTable, ids: Tensor) -> Tensor:
        if self.is_summed:
            return item_parts.added_to(ids)
        return self.join(item_parts.all).add_(ids)

    def compile_step(self) -> None:
        for method in (self._know, self._known, self._pattern):
            self._compile(method)

    def _compile(self, method: Callable[..., Any]) -> None:
        self._compiled[method.__name__] = torch.compile(method)

    def _in_step(self, method: Callable[Args, Result]) -> Callable[Args, Result]:
        """Give the compiled form of a method in training, where it was compiled."""
        return self._compiled.get(method.__name__, method) if self.training else method

    def _pattern(
        self,
        items: Catalogue,
        known: Known,
        kept: tuple[bool, ...],
        stand_ins: Sequence[Tensor | None] | None,
    ) -> Tensor:
        if all(kept):
            return known.parts
        views, is_expected = known.views, stand_ins is None
        if stand_ins is not None:
            views = self._replaced(known, stand_ins)
        flags, is_item = items.available, items.is_item
        return self._parts(views, flags, known.statistics, kept, is_item, is_expected)

    def encode(self, features: Mapping[str, Tensor], available: Mapping[str, Tensor]) -> Tensor:
        known = self._known(self._catalogue())
        rows = [
            space.encode(features[name], available[name])
            for name, space in zip(self.modalities, self._spaces(), strict=True)
        ]
        flags = torch.stack([available[name] for name in self.modalities])
        own, shared = self._split_rows(rows)
        views = Views(center(self.experts.read(own), known.output_means), shared)
        return self._parts(views, flags, known.statistics, (True,) * len(rows))

    def weights(self, part_seq: Sequence[Tensor], id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        return self.gate(part_seq, id_seq, padding_mask, self._amplitudes())

    def join(self, part_vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
        if weights is not None:
            amplitudes = self._amplitudes()
            loudness = amplitudes.sum() if self.is_free else self.loudness.abs()
            weights = weights * (loudness / amplitudes.clamp_min(MIN_SCALE))
        if self.is_summed:
            return added(part_vectors, weights)
        if weights is not None:
            weighed = torch.stack(list(part_vectors), dim=-2) * weights[..., None]
            part_vectors = [weighed.flatten(-2)]
        left_over = self.width - self.part_size * len(self.parts)
        side_by_side = torch.cat(list(part_vectors), dim=-1)
        return F.pad(side_by_side, (0, left_over)) if left_over else side_by_side

    def _catalogue(self, subset: Subset | None = None) -> Catalogue:
        """Gather what is known of the items: of all, or of a subset."""
        rows = torch.arange(len(self.is_item), device=self.is_item.device)
        counts = self.is_item[:, 0]
        whole = Catalogue(
            rows, self._own(), self.shared, self.available, self.is_item, counts, rows
        )
        return whole if subset is None else whole.of(subset)

    @property
    def available(self) -> Tensor:
        """Modalities each known item has: ``(M, N + 1)``, bool."""
        return torch.stack([space.available for space in self._spaces()])

    def _spaces(self) -> list[FeatureSpace]:
        return [cast(FeatureSpace, self.spaces[name]) for name in self.modalities]

    def _known(self, items: Catalogue) -> Known:
        """View items with every modality they have; measure and place their parts."""
        outputs, available = self.experts.read(items.own), items.available
        share = shares(available.T * items.counts)
        means = [share[:, m] @ said for m, said in enumerate(outputs)]
        views = Views(center(outputs, means), items.shared)
        raw = self.experts(views, available)
        roles = shares(roles_of(available) * items.counts)
        statistics = measure(raw, roles, self.is_centred)
        parts = self._place(raw, available, statistics, items.is_item)
        return Known(views, means, statistics, parts)

    def _know(self, items: Catalogue, read: Read) -> KnownLinear:
        """View items with every modality they have, for linear experts."""
        return know(self.experts, items, read, self.is_free, forms_unique=not self.is_summed)

    def _coded(
        self, items: Catalogue, known: KnownLinear, stand_ins: Sequence[Tensor | None] | None
    ) -> CodedParts:
        replaced = None
        if stand_ins is not None and any(stand_in is not None for stand_in in stand_ins):
            replaced = Replaced(self.experts, items, known, stand_ins)
        return coded_parts(self.experts, known, replaced, *self._loudness(known.spread))

    def _parts(
        self,
        views: Views,
        available: Tensor,
        statistics: Statistics,
        kept: Sequence[bool],
        is_item: Tensor | float = 1.0,
        expected: bool = True,
    ) -> Tensor:
        kept_mask = torch.tensor(kept, device=available.device)[:, None]
        raw = self.experts(views, available & kept_mask)
        parts = self._place(raw, available, statistics, is_item)
        return parts * self._is_left(kept_mask, available)[..., None] if expected else parts

    def _place(
        self, raw: Tensor, available: Tensor, statistics: Statistics, is_item: Tensor | float
    ) -> Tensor:
        """Bring raw parts ``(n, P, S)`` to their amplitudes; those an item cannot have are learned.

        Factors of parts are spread out to columns first: products of one shape are the fast ones.
        """
        gain, missing = self._loudness(statistics.spread)
        gain = gain.expand_as(statistics.center).contiguous()
        parts = raw * gain + (-statistics.center * gain)
        has_role = roles_of(available)[..., None].to(parts.dtype)
        return parts * has_role + (1 - has_role) * is_item * missing

    def _loudness(self, spread: Tensor) -> tuple[Tensor, Tensor]:
        """Say what centred parts are multiplied by ``(P, 1)``, and what stands where none can be.

        The latter are the learned vectors ``(P, S)``.

        Parameters
        ----------
        spread : Tensor (P, 1)
            Of the parts as the experts make them.
        """
        is_heard = (spread > MIN_SPREAD) & self.is_on[:, None]
        wanted = spread.detach() if self.is_free else self.scale.abs()[:, None]
        amplitudes = wanted * self.is_on[:, None]
        gain = torch.ones_like(spread) if self.is_free else amplitudes / spread
        missing = self.missing * self.is_centred * amplitudes
        return torch.where(is_heard, gain, 0.0), missing

    def _amplitudes(self) -> Tensor:
        """Spread of each part as a candidate: ``(P,)``; zero for a part that is not there."""
        return (self.spread if self.is_free else self.scale.abs()) * self.is_on

    def _reachable(self) -> list[bool]:
        """Say which parts the features can fill at all."""
        several = len(self.modalities) > 1
        return [*(True for _ in self.modalities), several, self.split.shares_something]

    def _split_rows(self, rows: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Split encoded features into own residuals ``(n, k)`` and shared ``(M, n, K)``."""
        named = list(zip(self.modalities, rows, strict=True))
        own = [self.split.own(name, r) for name, r in named]
        return own, torch.stack([self.split.shared(name, r) for name, r in named])

    def _own(self) -> list[Tensor]:
        return [self.get_buffer(f"own_{name}") for name in self.modalities]

    def _stand_ins(
        self, items: Catalogue, kept: Sequence[bool], generator: torch.Generator | None
    ) -> list[Tensor | None] | None:
        """Draw what stands in for each withheld modality, None for one that is kept.

        That is the donors ``(n,)``, or own residuals ``(n, k)`` or ``(1, k)``, as configured.
        Without a generator nothing is drawn: parts are expectations.
        """
        if generator is None:
            return None
        return [None if k else self._stand_in(items, m, generator) for m, k in enumerate(kept)]

    def _replaced(self, known: Known, stand_ins: Sequence[Tensor | None]) -> Views:
        """View the items with withheld modalities replaced."""
        outputs = list(known.views.outputs)
        for index, stand_in in enumerate(stand_ins):
            if stand_in is None:
                continue
            if self.withhold == "swap":
                outputs[index] = outputs[index].index_select(0, stand_in)
            else:
                said = self.experts.own[index](stand_in)
                outputs[index] = said - known.output_means[index]
                outputs[index] = outputs[index].expand_as(known.views.outputs[index])
        return Views(outputs, known.views.shared)

    def _stand_in(self, items: Catalogue, index: int, generator: torch.Generator) -> Tensor:
        rows, space = self._own()[index], self._spaces()[index]
        if self.withhold == "swap":
            return items.donors(index, len(self.is_item), generator)
        if self.withhold == "noise":
            return items.noise(rows, generator)
        if self.withhold == "zero":
            zero = space.encode(torch.zeros_like(space.mean)[None], space.available[-1:] | True)
            return self.split.own(self.modalities[index], zero.to(rows))
        return torch.zeros_like(rows[:1])

    def _is_left(self, kept: Tensor, available: Tensor) -> Tensor:
        """Say which parts ``(n, P)`` are more than an expectation when modalities are withheld."""
        readable = kept & (available | ~available.any(0))
        roles = roles_of(kept.expand_as(available))
        return torch.cat([roles[:, :-1], readable.any(0)[:, None]], dim=1)
