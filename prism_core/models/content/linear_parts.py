"""Parts that linear experts make of all items, without forming them.

A linear expert's output is linear in what it reads, which never changes. Its mean and its spread
over the items follow from the mean and covariance of that, estimated once; its parts follow from a
product of that with a map. Only what synergy multiplies is computed for every item at every step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from prism_core.models.content.catalogue import Catalogue, center, roles_of, shares, usable_mean
from prism_core.models.content.experts import MIN_SPREAD, Experts, Statistics, products
from prism_core.models.part_tables import CodedParts, Codes, Term


class Moments(NamedTuple):
    """Mean ``(k,)`` and covariance ``(k, k)`` of codes over the items that have a part."""

    mean: Tensor
    covariance: Tensor


class Read(NamedTuple):
    """What linear experts read of ``n`` items.

    Codes ``(n, K)``: for each unique part and redundancy what is read, whether the item has the
    part, and whether it is an item without; how much items count for each part ``(n, P)``; and the
    moments of what is read.
    """

    codes: Tensor
    share: Tensor
    moments: list[Moments]


class KnownLinear(NamedTuple):
    """Items viewed with every modality they have.

    What is read, the centred factors ``(n, F)`` of synergy by modality, their means ``(F,)``, their
    products ``(n, F)``, zero where an item lacks a modality, and the statistics of the parts.
    """

    read: Read
    factors: list[Tensor]
    factor_means: list[Tensor]
    multiplied: Tensor
    statistics: Statistics


class LinearParts(nn.Module):
    """What linear experts read of a whole catalogue, and its moments, kept.

    Parameters
    ----------
    whole
        Every known item.
    """

    def __init__(self, whole: Catalogue) -> None:
        super().__init__()
        read = read_items(whole)
        self.register_buffer("codes", read.codes, persistent=False)
        self.register_buffer("share", read.share, persistent=False)
        for index, (mean, covariance) in enumerate(read.moments):
            self.register_buffer(f"mean_{index}", mean, persistent=False)
            self.register_buffer(f"covariance_{index}", covariance, persistent=False)
        self.num_read = len(read.moments)

    codes: Tensor
    share: Tensor

    @property
    def read(self) -> Read:
        """What is read of every known item."""
        kept = [
            Moments(self.get_buffer(f"mean_{index}"), self.get_buffer(f"covariance_{index}"))
            for index in range(self.num_read)
        ]
        return Read(self.codes, self.share, kept)


def read_items(items: Catalogue) -> Read:
    """Collect what linear experts read of items, and its moments."""
    share = shares(roles_of(items.available) * items.counts)
    read = [*items.own, usable_mean(items.shared, items.available)]
    of_parts = [*range(len(items.own)), len(items.own) + 1]
    moments = [_moments(rows, share[:, part]) for rows, part in zip(read, of_parts, strict=True)]
    return Read(_codes(items, items.own, items.available), share, moments)


def know(experts: Experts, items: Catalogue, read: Read, is_free: bool) -> KnownLinear:
    """View items with every modality they have, and measure their parts.

    Parameters
    ----------
    experts
    items
    read
        Of the same items.
    is_free
        Whether nothing is learned through the spread of the parts.
    """
    factors, means = _centred_factors(experts, items, read)
    multiplied = _products(items, factors)
    statistics = _statistics(experts, read.moments, multiplied, read.share[:, -2], is_free)
    return KnownLinear(read, factors, means, multiplied, statistics)


def with_stand_ins(
    experts: Experts, items: Catalogue, known: KnownLinear, stand_ins: Sequence[Tensor | None]
) -> tuple[Tensor, Tensor]:
    """Give codes ``(n, K)`` and products ``(n, F)`` of items with withheld modalities replaced.

    Redundancy reads the other modalities only.

    Parameters
    ----------
    experts, items, known
    stand_ins
        By modality: the rows of donors ``(n,)``, own residuals ``(n, k)`` or ``(1, k)``, or None.
    """
    own, factors = list(items.own), list(known.factors)
    for index, stand_in in enumerate(stand_ins):
        if stand_in is None:
            continue
        if stand_in.ndim == 1:
            own[index] = own[index].index_select(0, stand_in)
            factors[index] = factors[index].index_select(0, stand_in)
        else:
            own[index] = stand_in.expand_as(own[index])
            said = experts.factors(index, stand_in) - known.factor_means[index]
            factors[index] = said.expand_as(factors[index])
    kept = torch.tensor([s is None for s in stand_ins], device=items.available.device)
    return _codes(items, own, items.available & kept[:, None]), _products(items, factors)


def coded_parts(
    experts: Experts,
    codes: Tensor,
    multiplied: Tensor,
    statistics: Statistics,
    gain: Tensor,
    missing: Tensor,
) -> CodedParts:
    """Put parts together from codes and maps.

    Parameters
    ----------
    experts
    codes : Tensor (n, K)
    multiplied : Tensor (n, F)
        What synergy is a map of.
    statistics
    gain : Tensor (P, 1)
        What centred parts are multiplied by.
    missing : Tensor (P, S)
        Vectors of parts that an item cannot have; that of synergy is zero.
    """
    shift, terms = -statistics.center * gain, []
    for part, to_part in _maps(experts):
        rows = [to_part * gain[part], shift[part, None], missing[part, None]]
        terms.append(Term(part, len(to_part) + 2, torch.cat(rows)))
    synergy = len(gain) - 2
    interaction = experts.interaction.weight.T * gain[synergy]
    spoken = Codes(multiplied, (Term(synergy, len(interaction), interaction),))
    return CodedParts([Codes(codes, tuple(terms)), spoken], len(gain))


def _centred_factors(
    experts: Experts, items: Catalogue, read: Read
) -> tuple[list[Tensor], list[Tensor]]:
    """Compute factors ``(n, F)`` less their means ``(F,)``, known before where they are linear."""
    if experts.are_saturated:
        said = [experts.factors(m, rows) for m, rows in enumerate(items.own)]
        means = [read.share[:, m] @ factors for m, factors in enumerate(said)]
        return center(said, means), means
    maps = experts.factor_maps()
    of_own = read.moments[: len(maps)]
    means = [known.mean @ to_own for known, to_own in zip(of_own, maps, strict=True)]
    factors = [
        torch.addmm(-mean, rows, to_factors)
        for rows, to_factors, mean in zip(items.own, maps, means, strict=True)
    ]
    return factors, means


def _products(items: Catalogue, factors: Sequence[Tensor]) -> Tensor:
    return products(factors) * items.available.all(0)[:, None]


def _maps(experts: Experts) -> list[tuple[int, Tensor]]:
    """Give the maps ``(k, S)`` of unique parts and redundancy with the parts they make."""
    unique = experts.unique_maps()
    return [*enumerate(unique), (len(unique) + 1, experts.redundancy_map())]


def _codes(items: Catalogue, own: Sequence[Tensor], usable: Tensor) -> Tensor:
    has, item = roles_of(items.available), items.is_item[:, 0]
    flags = torch.stack([has.to(item), item - has.to(item)], dim=2)
    columns = []
    for index, rows in enumerate(own):
        columns += [rows * flags[:, index, :1], flags[:, index]]
    columns += [usable_mean(items.shared, usable), flags[:, -1]]
    return torch.cat(columns, dim=1)


def _moments(rows: Tensor, share: Tensor) -> Moments:
    mean = share @ rows
    centred = rows - mean
    return Moments(mean, centred.T @ (centred * share[:, None]))


def _statistics(
    experts: Experts,
    moments: Sequence[Moments],
    multiplied: Tensor,
    share: Tensor,
    is_free: bool,
) -> Statistics:
    """Measure parts by what is read: as `measure` does, without forming them."""
    centers, variances = [], []
    for (_, to_part), (mean, covariance) in zip(_maps(experts), moments, strict=True):
        centers.append(mean @ to_part)
        seen = to_part.detach() if is_free else to_part
        variances.append((seen * (covariance @ seen)).sum(0).mean())
    interaction = experts.interaction.weight.T
    if is_free:
        interaction, multiplied = interaction.detach(), multiplied.detach()
    squares = multiplied.T @ (multiplied * share[:, None])
    synergy = (interaction * (squares @ interaction)).sum(0).mean()
    spread = torch.stack([*variances[:-1], synergy, variances[-1]])[:, None]
    middle = torch.stack([*centers[:-1], torch.zeros_like(centers[0]), centers[-1]])
    return Statistics(middle, spread.clamp_min(MIN_SPREAD**2 / 4).sqrt())
