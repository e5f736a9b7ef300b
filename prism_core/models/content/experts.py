"""The expert networks of mode ``anchored`` and the statistics that centre their outputs."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.content.catalogue import usable_mean
from prism_core.models.dropout import Dropout
from prism_core.models.features import SharedSplit

MIN_SPREAD = 1e-4
"""A raw part that spreads less holds rounding errors only."""

INITIAL_GAIN: Final = 2.0
SATURATED_SHARE: Final = {"plain": 0.0, "saturated": 1.0, "both": 0.5}


class Expert(nn.Module):
    """Two-layer network beside a linear path: what is linear in the input is easily kept.

    With ``expert_hidden_size`` 0 there is the linear path alone.
    """

    def __init__(self, config: ModelConfig, size_in: int, size_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size_in, size_out, bias=False)
        self.network = _network(config, size_in, size_out) if config.expert_hidden_size else None
        nn.init.normal_(self.linear.weight, std=size_in**-0.5)

    def forward(self, rows: Tensor) -> Tensor:
        said = self.linear(rows)
        return said if self.network is None else said + self.network(rows)


def _network(config: ModelConfig, size_in: int, size_out: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(size_in, config.expert_hidden_size),
        nn.GELU(),
        Dropout(config.expert_dropout),
        nn.Linear(config.expert_hidden_size, size_out),
    )


class Saturation(nn.Module):
    """Squash columns to between -1 and 1, each by a gain of its own that is learned.

    A product of such columns finds interactions of signs (XOR), of which a product of columns
    that grow without bound holds no more than the bilinear shadow.

    Parameters
    ----------
    size
        Columns squashed: the last ones.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((size,), INITIAL_GAIN))

    def forward(self, said: Tensor) -> Tensor:
        """Map ``(n, F)`` to ``(n, F)``."""
        size = len(self.gain)
        return torch.cat([said[:, :-size], torch.tanh(self.gain * said[:, -size:])], dim=1)


class Views(NamedTuple):
    """What each network says, centred ``(n, S + F)``, and shared variates ``(M, n, K)``."""

    outputs: list[Tensor]
    shared: Tensor


class Statistics(NamedTuple):
    """Over the known items: means of parts ``(P, S)``, and their spread ``(P, 1)``."""

    center: Tensor
    spread: Tensor


class Experts(nn.Module):
    """Raw parts of items from what each modality says alone and what they share.

    One network per modality reads its own residual and says two things: the unique part, ``S``
    columns, and the ``F`` factors that synergy multiplies, of which some saturate if the
    configuration says so. Redundancy has an expert of its own, or is what the experts of the unique
    parts say of the features that the shared variates stand for: if these are linear, unique parts
    and redundancy together are one projection of each modality, as in summed content, but for what
    the modalities' estimates of the shared variates differ by.

    Parameters
    ----------
    config
    own_sizes
        Columns of each modality's own residual, by name in array order.
    split
        How features were split into own residuals and shared variates.
    part_size
        Size ``S`` of one part.
    """

    def __init__(
        self,
        config: ModelConfig,
        own_sizes: Mapping[str, int],
        split: SharedSplit,
        part_size: int,
    ) -> None:
        super().__init__()
        self.part_size, self.rank = part_size, config.synergy_rank or 2 * part_size
        self.are_linear = config.expert_hidden_size == 0
        num_saturated = int(self.rank * SATURATED_SHARE[config.synergy_factors])
        self.are_saturated = num_saturated > 0
        self.own = nn.ModuleList(
            _reader(Expert(config, size, part_size + self.rank), num_saturated)
            for size in own_sizes.values()
        )
        self.interaction = nn.Linear(self.rank, part_size, bias=False)
        self.redundancy: Expert | None = None
        if config.redundancy_expert == "own":
            self.redundancy = Expert(config, split.num_shared, part_size)
        else:
            loadings = [split.loadings(name) for name in own_sizes]
            self.own_sizes = list(own_sizes.values())
            self.register_buffer("loadings", torch.cat(loadings, dim=1), persistent=False)

    loadings: Tensor

    @torch.no_grad()
    def shrink(self, factor: float) -> None:
        """Multiply the weights of the networks that read the modalities.

        Factors that saturate are multiplied by the inverse before they are squashed, so that they
        begin as they would have.
        """
        for module in self.modules():
            if isinstance(module, Expert):
                for parameter in module.parameters():
                    parameter.mul_(factor)
            elif isinstance(module, Saturation):
                module.gain.div_(factor)

    def read(self, own: Sequence[Tensor]) -> list[Tensor]:
        """Let each network read its own residual ``(n, k)``: ``(n, S + F)`` each, not centred."""
        return [net(rows) for net, rows in zip(self.own, own, strict=True)]

    def forward(self, views: Views, usable: Tensor) -> Tensor:
        """Compute raw parts ``(n, P, S)``; redundancy reads the usable modalities ``(M, n)``."""
        sizes = [self.part_size, self.rank]
        unique, factors = zip(*(said.split(sizes, dim=1) for said in views.outputs), strict=True)
        synergy = self.interaction(products(factors))
        redundancy = self._redundancy(usable_mean(views.shared, usable))
        return torch.stack([*unique, synergy, redundancy], dim=1)

    def _redundancy(self, shared: Tensor) -> Tensor:
        """Map shared variates ``(n, K)`` to raw redundancy ``(n, S)``."""
        if self.redundancy is not None:
            said: Tensor = self.redundancy(shared)
            return said
        if self.are_linear:
            return shared @ self.redundancy_map()
        stood_for = (shared @ self.loadings).split(self.own_sizes, dim=1)
        of_each = [rows[:, : self.part_size] for rows in self.read(stood_for)]
        return sum(of_each[1:], of_each[0])

    def own_maps(self) -> list[Tensor]:
        """Give the linear maps from own residuals to unique part and factors: ``(k, S + F)``."""
        return [self._linear(m).T for m in range(len(self.own))]

    def unique_maps(self) -> list[Tensor]:
        """Give the linear maps from own residuals to unique parts, ``(k, S)`` each."""
        return [self._linear(m)[: self.part_size].T for m in range(len(self.own))]

    def redundancy_map(self) -> Tensor:
        """Give the linear map from shared variates to redundancy: ``(K, S)``."""
        if self.redundancy is not None:
            return self.redundancy.linear.weight.T
        return self.loadings @ torch.cat(self.unique_maps())

    def factor_maps(self) -> list[Tensor]:
        """Give the linear maps from own residuals to the factors of synergy, ``(k, F)`` each."""
        return [self._linear(m)[self.part_size :].T for m in range(len(self.own))]

    def factors(self, index: int, rows: Tensor) -> Tensor:
        """Let one linear expert read residuals ``(n, k)`` for synergy only: ``(n, F)``."""
        said = rows @ self.factor_maps()[index]
        saturations = [m for m in self.own[index].modules() if isinstance(m, Saturation)]
        return saturations[0](said) if saturations else said

    def _linear(self, index: int) -> Tensor:
        """Give the weight ``(S + F, k)`` of the linear path that reads a modality."""
        expert = next(m for m in self.own[index].modules() if isinstance(m, Expert))
        return expert.linear.weight


def _reader(expert: Expert, num_saturated: int) -> nn.Module:
    return nn.Sequential(expert, Saturation(num_saturated)) if num_saturated else expert


def products(factors: Sequence[Tensor]) -> Tensor:
    """Sum the products of every two modalities' factors ``(n, F)``: ``(n, F)``."""
    pairs = [a * b for a, b in combinations(factors, 2)]
    return sum(pairs[1:], pairs[0]) if pairs else torch.zeros_like(factors[0])


def measure(raw: Tensor, share: Tensor, centred: Tensor) -> Statistics:
    """Measure centre and spread of raw parts ``(n, P, S)`` over the items that have them.

    Parameters
    ----------
    raw
    share : Tensor (n, P)
        How much an item counts for a part; every column sums to 1, or is 0.
    centred : Tensor (P, 1)
        1 for parts whose mean is taken away, 0 for the others.
    """
    middle = torch.einsum("np,nps->ps", share, raw) * centred
    squares = (raw - middle.detach()).square()  # a spread does not change as its centre moves
    variance = torch.einsum("np,nps->ps", share, squares).mean(1, keepdim=True)
    return Statistics(middle, variance.clamp_min(MIN_SPREAD**2 / 4).sqrt())
