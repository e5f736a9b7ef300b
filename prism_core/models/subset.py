"""The few items that a step needs, where its loss does not ask for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from prism_core.names import PAD


@dataclass(frozen=True, slots=True)
class Subset:
    """Rows of a small item table that stands for the whole one.

    Attributes
    ----------
    items : Tensor (n,), int64
        Item of each row, rising; row 0 is `PAD`.
    drawn : Tensor (s,), int64
        Rows of items drawn at random, with replacement: averages over all items are estimated
        on these.
    """

    items: Tensor
    drawn: Tensor

    @classmethod
    def of(cls, wanted: Iterable[Tensor], drawn: Tensor) -> Self:
        """Collect wanted items of any shapes and those drawn at random."""
        everything = [drawn.new_full((1,), PAD), drawn, *(items.flatten() for items in wanted)]
        items = torch.cat(everything).unique()
        return cls(items, torch.searchsorted(items, drawn))

    def rows(self, items: Tensor) -> Tensor:
        """Find the rows of items, all of which must be in the subset."""
        return torch.searchsorted(self.items, items)

    @property
    def counts(self) -> Tensor:
        """How often each row was drawn: ``(n,)``."""
        return torch.bincount(self.drawn, minlength=len(self.items))
