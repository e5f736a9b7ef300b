"""Parts that linear experts make of all items, without forming them.

A linear expert's output is linear in what it reads, which never changes. If that is centred over
the items, so are the parts, and their spread follows from its covariance, estimated once; the parts
follow from a product of that with a map. Only what synergy multiplies is computed for every item at
every step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from prism_core.models.content.catalogue import Catalogue, readable, shares, usable_mean
from prism_core.models.content.experts import MIN_SPREAD, Experts, products
from prism_core.models.part_tables import CodedParts, Codes, Term


class Read(NamedTuple):
    """What linear experts read of ``n`` items.

    Codes ``(n, K)``: for each unique part and redundancy what is read ``(n, k)``, centred over the
    items that have the part and zero at the others, and whether an item is one of the others; the
    same laid out column by column, if it is kept; the means ``(k,)`` taken away and the covariances
    ``(k, k)``, part by part; and how much items count for synergy ``(n, 1)``, or what they all
    count where it is the same for all that have it.
    """

    codes: Tensor
    by_column: Tensor | None
    means: list[Tensor]
    covariances: list[Tensor]
    synergy_share: Tensor | float

    @property
    def of_parts(self) -> list[Tensor]:
        """What is read for each part: ``(n, k)``."""
        codes = self.codes if self.by_column is None else self.by_column
        return _columns_of_parts(codes, self.means)


class KnownLinear(NamedTuple):
    """Items viewed with every modality they have.

    What is read; each expert's map ``(k, S)``; the centred factors ``(n, F)`` of synergy by
    modality, what was taken away ``(F,)`` if that is not zero, their products ``(n, F)``, zero
    where an item lacks a modality; and the spread of the parts ``(P, 1)``.
    """

    read: Read
    maps: list[Tensor]
    factors: list[Tensor]
    factor_means: list[Tensor] | None
    multiplied: Tensor
    spread: Tensor


class LinearParts(nn.Module):
    """What linear experts read of a whole catalogue, kept.

    Parameters
    ----------
    whole
        Every known item.
    """

    def __init__(self, whole: Catalogue) -> None:
        super().__init__()
        read = read_items(whole)
        self.register_buffer("codes", read.codes, persistent=False)
        self.register_buffer("columns", read.codes.T.contiguous(), persistent=False)
        means = [*(torch.zeros_like(mean) for mean in read.means[:-1]), read.means[-1]]
        for index, (mean, covariance) in enumerate(zip(means, read.covariances, strict=True)):
            self.register_buffer(f"mean_{index}", mean, persistent=False)
            self.register_buffer(f"covariance_{index}", covariance, persistent=False)
        self.num_read = len(read.means)
        self.synergy_share = 1 / max(1, int(whole.available.all(0).sum()))

    codes: Tensor
    columns: Tensor

    @property
    def own(self) -> list[Tensor]:
        """Own residuals ``(n, k)`` by modality, which are centred in the codes and stay there."""
        return _columns_of_parts(self.codes, self.read.means)[:-1]

    @property
    def read(self) -> Read:
        """What is read of every known item; own residuals are `own`, whose means are zero."""
        means, covariances = (
            [self.get_buffer(f"{kind}_{index}") for index in range(self.num_read)]
            for kind in ("mean", "covariance")
        )
        return Read(self.codes, self.columns.T, means, covariances, self.synergy_share)


def read_items(items: Catalogue) -> Read:
    """Collect what linear experts read of items."""
    rows, known = items.read()
    of_parts = shares(known.T * items.counts).unbind(1)
    means = [of_part @ read for of_part, read in zip(of_parts, rows, strict=True)]
    covariances = [
        (read - mean).T @ ((read - mean) * of_part[:, None])
        for read, mean, of_part in zip(rows, means, of_parts, strict=True)
    ]
    synergy_share = shares(items.available.all(0)[:, None] * items.counts)
    return Read(_codes(items, rows, means), None, means, covariances, synergy_share)


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
    maps = [*experts.unique_maps(), experts.redundancy_map()]
    factors, means = _centred_factors(experts, items, read)
    multiplied = _products(items, factors, are_zero=means is None)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not is_free):
        spread = _spread(experts, maps, read, multiplied)
    return KnownLinear(read, maps, factors, means, multiplied, spread)


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
            said = experts.factors(index, stand_in) - _factor_mean(experts, known, index)
            factors[index] = said.expand_as(factors[index])
    kept = torch.tensor([s is None for s in stand_ins], device=items.available.device)
    shared = usable_mean(items.shared, items.available & kept[:, None])
    codes = _codes(items, [*own, shared], known.read.means)
    return codes, _products(items, factors, are_zero=False)


def coded_parts(
    experts: Experts,
    known: KnownLinear,
    codes: Tensor,
    by_column: Tensor | None,
    multiplied: Tensor,
    gain: Tensor,
    missing: Tensor,
) -> CodedParts:
    """Put parts together from codes and maps.

    Parameters
    ----------
    experts
    known
    codes, by_column : Tensor (n, K)
        The latter, if at hand, laid out column by column.
    multiplied : Tensor (n, F)
        What synergy is a map of.
    gain : Tensor (P, 1)
        What centred parts are multiplied by.
    missing : Tensor (P, S)
        Vectors of parts that an item cannot have; that of synergy is zero.
    """
    synergy, redundancy = len(gain) - 2, len(gain) - 1
    terms = [
        Term(part, len(to_part) + 1, torch.cat([to_part * gain[part], missing[part, None]]))
        for part, to_part in zip((*range(synergy), redundancy), known.maps, strict=True)
    ]
    interaction = experts.interaction.weight.T * gain[synergy]
    spoken = Codes(multiplied, (Term(synergy, len(interaction), interaction),))
    return CodedParts([Codes(codes, tuple(terms), by_column), spoken], len(gain))


def _centred_factors(
    experts: Experts, items: Catalogue, read: Read
) -> tuple[list[Tensor], list[Tensor] | None]:
    """Compute factors ``(n, F)`` less their means ``(F,)``; linear ones are centred as read is."""
    of_own = read.of_parts[:-1]
    if not experts.are_saturated:
        return [own @ to for own, to in zip(of_own, experts.factor_maps(), strict=True)], None
    said = [experts.factors(index, rows) for index, rows in enumerate(items.own)]
    share = shares(items.available.T * items.counts)
    means = [share[:, index] @ factors for index, factors in enumerate(said)]
    return [factors - mean for factors, mean in zip(said, means, strict=True)], means


def _factor_mean(experts: Experts, known: KnownLinear, index: int) -> Tensor:
    if known.factor_means is not None:
        return known.factor_means[index]
    return known.read.means[index] @ experts.factor_maps()[index]


def _products(items: Catalogue, factors: Sequence[Tensor], are_zero: bool) -> Tensor:
    """Multiply factors; which may be zero already where an item lacks their modality."""
    multiplied = products(factors)
    if are_zero and len(factors) == 2:
        return multiplied
    return multiplied * items.available.all(0)[:, None]


def _codes(items: Catalogue, read: Sequence[Tensor], means: Sequence[Tensor]) -> Tensor:
    has, item = readable(items.available)[..., None].to(items.shared), items.is_item[:, 0]
    columns = []
    for rows, mean, flag in zip(read, means, has, strict=True):
        columns += [(rows - mean) * flag, item - flag]
    return torch.cat(columns, dim=1)


def _columns_of_parts(codes: Tensor, means: Sequence[Tensor]) -> list[Tensor]:
    sizes = [size for mean in means for size in (len(mean), 1)]
    return list(codes.split(sizes, dim=1)[::2])


def _spread(experts: Experts, maps: Sequence[Tensor], read: Read, multiplied: Tensor) -> Tensor:
    """Measure by what is read how far parts spread, as `measure` does without forming them."""
    variances = [
        (to_part * (covariance @ to_part)).sum(0).mean()
        for to_part, covariance in zip(maps, read.covariances, strict=True)
    ]
    share = read.synergy_share
    if isinstance(share, Tensor):
        squares = multiplied.T @ (multiplied * share)
    else:
        squares = multiplied.T @ multiplied * share
    interaction = experts.interaction.weight.T
    synergy = (interaction * (squares @ interaction)).sum(0).mean()
    spread = torch.stack([*variances[:-1], synergy, variances[-1]])[:, None]
    return spread.clamp_min(MIN_SPREAD**2 / 4).sqrt()
