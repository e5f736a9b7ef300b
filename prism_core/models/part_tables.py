"""Part vectors of many items: as they are, or as codes of items and the maps that read them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional as F


class PartTable(ABC):
    """Vectors of size ``S`` of ``P`` parts of ``n`` items; row 0 is padding and zero."""

    @property
    def dense(self) -> Tensor:
        """All part vectors: ``(n, P, S)``."""
        return torch.stack(self.all, dim=1)

    @property
    @abstractmethod
    def all(self) -> list[Tensor]:
        """All part vectors, part by part: ``(n, S)`` each."""

    @abstractmethod
    def of(self, items: Tensor) -> list[Tensor]:
        """Look up the vectors of items ``(...)``, part by part: ``(..., S)`` each."""

    @abstractmethod
    def added_to(self, vectors: Tensor) -> Tensor:
        """Add all parts of every item to a vector ``(n, S)`` of its own: ``(n, S)``."""

    @abstractmethod
    def mean(self, share: Tensor | None = None) -> Tensor:
        """Average parts ``(P, S)`` of all items but padding, alike or by shares ``(n - 1,)``."""

    @abstractmethod
    def switched(self, is_on: Sequence[bool], stand_in: Tensor | None = None) -> "PartTable":
        """Give parts that are off the same vector at every item, or zero.

        Parameters
        ----------
        is_on
            ``P`` flags.
        stand_in : Tensor (P, S), optional
        """

    @abstractmethod
    def choose(self, rows_of: Callable[[Tensor], Tensor]) -> Self:
        """Keep the rows that a function keeps of any table ``(n, ...)``."""


class DenseParts(PartTable):
    """Part vectors as they are.

    Parameters
    ----------
    vectors : Tensor (n, P, S)
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors

    @property
    def dense(self) -> Tensor:
        return self.vectors

    @property
    def all(self) -> list[Tensor]:
        return list(self.vectors.unbind(1))

    def of(self, items: Tensor) -> list[Tensor]:
        vectors = F.embedding(items, self.vectors.flatten(1))
        return list(vectors.unflatten(-1, self.vectors.shape[1:]).unbind(-2))

    def added_to(self, vectors: Tensor) -> Tensor:
        return vectors + self.vectors.sum(1)

    def mean(self, share: Tensor | None = None) -> Tensor:
        vectors = self.vectors[1:]
        return vectors.mean(0) if share is None else torch.einsum("n,nps->ps", share, vectors)

    def switched(self, is_on: Sequence[bool], stand_in: Tensor | None = None) -> "DenseParts":
        on = torch.tensor(is_on, device=self.vectors.device)[:, None]
        if stand_in is None:
            return DenseParts(self.vectors * on)
        fixed = stand_in * is_item(self.vectors)[:, None, None]
        return DenseParts(torch.where(on, self.vectors, fixed))

    def choose(self, rows_of: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(rows_of(self.vectors))


class Term(NamedTuple):
    """What some columns of codes add to a part: which part, how many columns, map ``(k, S)``.

    Without a map the columns are the part.
    """

    part: int
    num_columns: int
    to_part: Tensor | None


@dataclass(frozen=True, kw_only=True)
class Codes(ABC):
    """Codes ``(n, K)`` of items, row 0 zero, and the terms that read their columns in turn."""

    terms: tuple[Term, ...]

    @property
    @abstractmethod
    def rows(self) -> Tensor:
        """Codes of all items: ``(n, K)``."""

    @property
    @abstractmethod
    def num_items(self) -> int:
        """``n``, padding included."""

    @property
    def all(self) -> Tensor:
        """The codes as they are quickest to multiply when all are wanted."""
        return self.rows

    @property
    def to_sum(self) -> Tensor:
        """The map ``(K, S)`` from codes to the sum of all terms."""
        return torch.cat([self._map(term) for term in self.terms])

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where they are."""

    def of(self, items: Tensor) -> Tensor:
        """Look up the codes of items ``(...)``: ``(..., K)``."""
        return F.embedding(items, self.rows)

    def mean(self, share: Tensor | None = None) -> Tensor:
        """Average the codes of all items but padding, alike or by shares ``(n - 1,)``: ``(K,)``."""
        return self.rows[1:].mean(0) if share is None else share @ self.rows[1:]

    def read(self, rows: Tensor) -> list[Tensor]:
        """Compute each term's ``(..., S)`` from some codes ``(..., K)``."""
        columns = rows.split([term.num_columns for term in self.terms], dim=-1)
        return [
            code if term.to_part is None else code @ term.to_part
            for code, term in zip(columns, self.terms, strict=True)
        ]

    def silenced(self, term: Term, is_on: Sequence[bool]) -> Term:
        """Give a term that adds nothing if its part is off."""
        if is_on[term.part]:
            return term
        return term._replace(to_part=torch.zeros_like(self._map(term)))

    def _map(self, term: Term) -> Tensor:
        if term.to_part is not None:
            return term.to_part
        return torch.eye(term.num_columns, dtype=self.rows.dtype, device=self.rows.device)


@dataclass(frozen=True, kw_only=True)
class KnownCodes(Codes):
    """Codes that are at hand.

    Attributes
    ----------
    known : Tensor (n, K)
    by_column : Tensor (n, K), optional
        Codes that never change may be at hand a second time, column by column in memory: so a CPU
        multiplies all of them quicker, while single items are looked up row by row.
    average : Tensor (K,), optional
        Their mean over all items but padding, if it is known.
    """

    known: Tensor
    by_column: Tensor | None = None
    average: Tensor | None = None

    @property
    def rows(self) -> Tensor:
        return self.known

    @property
    def num_items(self) -> int:
        return len(self.known)

    @property
    def device(self) -> torch.device:
        return self.known.device

    @property
    def all(self) -> Tensor:
        return self.known if self.by_column is None else self.by_column

    def mean(self, share: Tensor | None = None) -> Tensor:
        return super().mean(share) if share is not None or self.average is None else self.average


@dataclass(frozen=True, kw_only=True)
class LateCodes(Codes):
    """Codes that are made when they are asked for, of a few items as a rule.

    Attributes
    ----------
    make
        Makes the codes ``(m, K)`` of some items ``(m,)``.
    items : Tensor (n,)
        Row numbers of all items.
    """

    make: Callable[[Tensor], Tensor]
    items: Tensor

    @cached_property
    def rows(self) -> Tensor:
        return self.make(self.items)

    @property
    def num_items(self) -> int:
        return len(self.items)

    @property
    def device(self) -> torch.device:
        return self.items.device

    def of(self, items: Tensor) -> Tensor:
        wanted, places = items.unique(return_inverse=True)
        return F.embedding(places, self.make(wanted))


class CodedParts(PartTable):
    """Part vectors that are linear in codes of the items, computed only where they are asked for.

    A training step asks for the parts of the items in its histories and for the sum over the parts
    of every item, which is one product of all codes with all maps: vectors of every part of every
    item are never formed, nor are gradients of them. Products are never in half precision.

    Parameters
    ----------
    codes
        Each part has at least one term in them.
    num_parts
        ``P``.
    """

    def __init__(self, codes: Sequence[Codes], num_parts: int) -> None:
        self.codes, self.num_parts = tuple(codes), num_parts

    @property
    def all(self) -> list[Tensor]:
        return self._parts([codes.rows for codes in self.codes])

    def of(self, items: Tensor) -> list[Tensor]:
        return self._parts([codes.of(items) for codes in self.codes])

    def added_to(self, vectors: Tensor) -> Tensor:
        with torch.autocast(self._device, enabled=False):
            first, *others = self.codes
            summed = torch.addmm(vectors, first.all, first.to_sum)
            for codes in others:
                summed.addmm_(codes.all, codes.to_sum)
            return summed

    def mean(self, share: Tensor | None = None) -> Tensor:
        return torch.stack(self._parts([codes.mean(share) for codes in self.codes]))

    def switched(self, is_on: Sequence[bool], stand_in: Tensor | None = None) -> "CodedParts":
        fixed = [part for part, on in enumerate(is_on) if not on]
        spoken = [
            replace(codes, terms=tuple(codes.silenced(term, is_on) for term in codes.terms))
            for codes in self.codes
        ]
        if stand_in is None or not fixed:
            return CodedParts(spoken, self.num_parts)
        count = self.codes[0].num_items
        ones = (torch.arange(count, device=stand_in.device) > 0)[:, None].to(stand_in)
        ones = ones.expand(-1, len(fixed))
        terms = tuple(Term(part, 1, stand_in[part, None]) for part in fixed)
        constant = KnownCodes(known=ones, terms=terms)
        return CodedParts([*spoken, constant], self.num_parts)

    def choose(self, rows_of: Callable[[Tensor], Tensor]) -> Self:
        codes = [KnownCodes(known=rows_of(codes.rows), terms=codes.terms) for codes in self.codes]
        return type(self)(codes, self.num_parts)

    @property
    def _device(self) -> str:
        return self.codes[0].device.type

    def _parts(self, rows: Sequence[Tensor]) -> list[Tensor]:
        parts: dict[int, Tensor] = {}
        with torch.autocast(self._device, enabled=False):
            for codes, some in zip(self.codes, rows, strict=True):
                for term, said in zip(codes.terms, codes.read(some), strict=True):
                    known = parts.get(term.part)
                    parts[term.part] = said if known is None else known + said
            return [parts[part] for part in range(self.num_parts)]


def is_item(table: Tensor) -> Tensor:
    """Tell items from padding, row 0, in a table ``(n, ...)``: ``(n,)``, bool."""
    return torch.arange(len(table), device=table.device) > 0


def added(vectors: Sequence[Tensor], weights: Tensor | None = None) -> Tensor:
    """Add vectors ``(..., S)``, each times its weight ``(..., P)`` if given: ``(..., S)``."""
    first, *others = vectors
    if weights is None:
        return sum(others, first)
    own, *theirs = weights[..., None].unbind(-2)
    summed = first * own
    for vector, weight in zip(others, theirs, strict=True):
        summed.addcmul_(vector, weight)
    return summed
