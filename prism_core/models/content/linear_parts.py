"""Parts that linear experts make of all items, without forming them.

A linear expert's output is linear in what it reads, which never changes. If that is centred over
the items, so are the parts, and their spread follows from its covariance, estimated once; the parts
follow from a product of that with a map. Only what synergy multiplies is computed for every item at
every step, and, where parts are blocks of the item vector, unique parts in the same product.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from prism_core.models.content.catalogue import Catalogue, readable, shares, usable_mean
from prism_core.models.content.experts import MIN_SPREAD, Experts, products
from prism_core.models.content.losses import gram
from prism_core.models.part_tables import CodedParts, Codes, KnownCodes, LateCodes, Term


class Read(NamedTuple):
    """What linear experts read of ``n`` items.

    Codes ``(n, K)``: for each unique part and redundancy what is read ``(n, k)``, centred over the
    items that have the part and zero at the others, and whether an item is one of the others; the
    same laid out column by column, and its mean ``(K,)`` over the items, if they are kept; the
    means ``(k,)`` taken away and the covariances ``(k, k)``, part by part; and how much items count
    for synergy ``(n, 1)``, or what they all count where it is the same for all that have it; and
    the modalities that no item lacks.
    """

    codes: Tensor
    by_column: Tensor | None
    average: Tensor | None
    means: list[Tensor]
    covariances: list[Tensor]
    synergy_share: Tensor | float
    is_complete: tuple[bool, ...]

    @property
    def of_parts(self) -> list[Tensor]:
        """What is read for each part: ``(n, k)``."""
        codes = self.codes if self.by_column is None else self.by_column
        return _columns_of_parts(codes, self.means)

    @property
    def lacks(self) -> list[Tensor]:
        """Whether an item lacks what is read for each part: ``(n, 1)``, 1 or 0."""
        return list(self.codes.split(_sizes(self.means), dim=1)[1::2])


class KnownLinear(NamedTuple):
    """Items viewed with every modality they have.

    What is read; each expert's map ``(k, S)``; the unique parts ``(n, S)``, if they were formed
    beside the factors; the centred factors ``(n, F)`` of synergy by modality, what was taken away
    ``(F,)`` if that is not zero, their products ``(n, F)``, zero where an item lacks a modality;
    and the spread of the parts ``(P, 1)``.
    """

    read: Read
    maps: list[Tensor]
    unique: list[Tensor] | None
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
        self.register_buffer("average", read.codes[1:].mean(0), persistent=False)
        means = [*(torch.zeros_like(mean) for mean in read.means[:-1]), read.means[-1]]
        for index, (mean, covariance) in enumerate(zip(means, read.covariances, strict=True)):
            self.register_buffer(f"mean_{index}", mean, persistent=False)
            self.register_buffer(f"covariance_{index}", covariance, persistent=False)
        self.num_read = len(read.means)
        self.synergy_share = 1 / max(1, int(whole.available.all(0).sum()))
        self.is_complete = tuple(whole.available[:, 1:].all(1).tolist())

    codes: Tensor
    columns: Tensor
    average: Tensor

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
        kept = (self.codes, self.columns.T, self.average)
        return Read(*kept, means, covariances, self.synergy_share, self.is_complete)


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
    codes, unknown = _codes(items, rows, means), (False,) * len(items.own)
    return Read(codes, None, None, means, covariances, synergy_share, unknown)


def know(
    experts: Experts, items: Catalogue, read: Read, is_free: bool, forms_unique: bool
) -> KnownLinear:
    """View items with every modality they have, and measure their parts.

    Parameters
    ----------
    experts
    items
    read
        Of the same items.
    is_free
        Whether nothing is learned through the spread of the parts.
    forms_unique
        Whether unique parts are formed beside linear factors, in one product: quicker where parts
        are small and lie apart.
    """
    maps = [*experts.unique_maps(), experts.redundancy_map()]
    unique, means = None, None
    if experts.are_saturated:
        factors, means = _saturated_factors(experts, items)
    elif forms_unique:
        unique, factors = _unique_and_factors(experts, read)
    else:
        of_own = read.of_parts[:-1]
        factors = [own @ to for own, to in zip(of_own, experts.factor_maps(), strict=True)]
    multiplied = _products(items, factors, are_zero=means is None)
    with torch.set_grad_enabled(torch.is_grad_enabled() and not is_free):
        spread = _spread(experts, maps, read, multiplied)
    return KnownLinear(read, maps, unique, factors, means, multiplied, spread)


class Replaced(NamedTuple):
    """Items with withheld modalities replaced, as far as they are asked for.

    Redundancy reads the other modalities only. What stands in, by modality, are the rows of donors
    ``(n,)``, own residuals ``(n, k)`` or ``(1, k)``, or None where nothing is withheld.
    """

    experts: Experts
    items: Catalogue
    known: KnownLinear
    stand_ins: Sequence[Tensor | None]

    def codes(self, rows: Tensor) -> Tensor:
        """Give what linear experts read ``(m, K)`` of some items ``(m,)``."""
        some = self.items.choose(rows)
        own = [
            read if stand_in is None else self._read(index, stand_in, rows)
            for index, (read, stand_in) in enumerate(zip(some.own, self.stand_ins, strict=True))
        ]
        kept = torch.tensor([s is None for s in self.stand_ins], device=rows.device)
        shared = usable_mean(some.shared, some.available & kept[:, None])
        return _codes(some, [*own, shared], self.known.read.means)

    def products(self, rows: Tensor) -> Tensor:
        """Give what synergy is a map of ``(m, F)``, of some items ``(m,)``."""
        factors = [
            said[rows] if stand_in is None else self._say(index, stand_in, rows)
            for index, (said, stand_in) in enumerate(
                zip(self.known.factors, self.stand_ins, strict=True)
            )
        ]
        return products(factors) * self.items.available[:, rows].all(0)[:, None]

    def _read(self, index: int, stand_in: Tensor, rows: Tensor) -> Tensor:
        if stand_in.ndim == 1:
            return self.items.own[index][stand_in[rows]]
        return stand_in.expand(len(self.items.items), -1)[rows]

    def _say(self, index: int, stand_in: Tensor, rows: Tensor) -> Tensor:
        if stand_in.ndim == 1:
            return self.known.factors[index][stand_in[rows]]
        said = self.experts.factors(index, self._read(index, stand_in, rows))
        return said - _factor_mean(self.experts, self.known, index)


def coded_parts(
    experts: Experts,
    known: KnownLinear,
    replaced: Replaced | None,
    gain: Tensor,
    missing: Tensor,
) -> CodedParts:
    """Put parts together from codes and maps.

    Parameters
    ----------
    experts
    known
    replaced
        The items with what stands in for withheld modalities, if any is.
    gain : Tensor (P, 1)
        What centred parts are multiplied by.
    missing : Tensor (P, S)
        Vectors of parts that an item cannot have; that of synergy is zero.
    """
    synergy, redundancy = len(gain) - 2, len(gain) - 1
    terms = tuple(
        Term(part, len(to_part) + 1, torch.cat([to_part * gain[part], missing[part, None]]))
        for part, to_part in zip((*range(synergy), redundancy), known.maps, strict=True)
    )
    interaction = experts.interaction.weight.T * gain[synergy]
    spoken = (Term(synergy, len(interaction), interaction),)
    if replaced is not None:
        rows = torch.arange(len(known.multiplied), device=known.multiplied.device)
        late = (
            LateCodes(make=replaced.codes, terms=terms, items=rows),
            LateCodes(make=replaced.products, terms=spoken, items=rows),
        )
        return CodedParts(late, len(gain))
    products_known = KnownCodes(known=known.multiplied, terms=spoken)
    return CodedParts([*_linear_codes(known, terms, gain, missing), products_known], len(gain))


def _linear_codes(
    known: KnownLinear, terms: tuple[Term, ...], gain: Tensor, missing: Tensor
) -> list[Codes]:
    """Give the codes of all parts but synergy, of items viewed with every modality they have."""
    read = known.read
    if known.unique is None:
        whole = KnownCodes(
            known=read.codes, terms=terms, by_column=read.by_column, average=read.average
        )
        return [whole]
    codes: list[Codes] = []
    for part, (raw, lacks) in enumerate(zip(known.unique, read.lacks[:-1], strict=True)):
        placed = raw * gain[part]
        if not read.is_complete[part]:
            placed = placed + lacks * missing[part]
        codes.append(KnownCodes(known=placed, terms=(Term(part, placed.shape[1], None),)))
    size = terms[-1].num_columns
    average = None if read.average is None else read.average[-size:]
    codes.append(KnownCodes(known=read.codes[:, -size:], terms=terms[-1:], average=average))
    return codes


def _unique_and_factors(experts: Experts, read: Read) -> tuple[list[Tensor], list[Tensor]]:
    """Compute unique parts ``(n, S)`` and factors ``(n, F)``, centred as read is."""
    said = [own @ to for own, to in zip(read.of_parts[:-1], experts.own_maps(), strict=True)]
    sizes = [experts.part_size, experts.rank]
    unique, factors = zip(*(each.split(sizes, dim=1) for each in said), strict=True)
    return list(unique), list(factors)


def _saturated_factors(experts: Experts, items: Catalogue) -> tuple[list[Tensor], list[Tensor]]:
    """Compute factors ``(n, F)`` less their means ``(F,)``, and these."""
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
    return list(codes.split(_sizes(means), dim=1)[::2])


def _sizes(means: Sequence[Tensor]) -> list[int]:
    return [size for mean in means for size in (len(mean), 1)]


def _spread(experts: Experts, maps: Sequence[Tensor], read: Read, multiplied: Tensor) -> Tensor:
    """Measure by what is read how far parts spread, as `measure` does without forming them."""
    variances = [
        (to_part * (covariance @ to_part)).sum(0).mean()
        for to_part, covariance in zip(maps, read.covariances, strict=True)
    ]
    share = read.synergy_share
    if isinstance(share, Tensor):
        squares = gram(multiplied * share.sqrt())
    else:
        squares = gram(multiplied) * share
    interaction = experts.interaction.weight.T
    synergy = (interaction * (squares @ interaction)).sum(0).mean()
    spread = torch.stack([*variances[:-1], synergy, variances[-1]])[:, None]
    return spread.clamp_min(MIN_SPREAD**2 / 4).sqrt()
