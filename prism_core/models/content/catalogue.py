"""What is known of items before any expert reads them, and what stands in for what is withheld."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from prism_core.models.subset import Subset


class Catalogue(NamedTuple):
    """What is known of ``n`` items.

    Which they are ``(n,)``, their own residuals ``(n, k)`` by modality, shared variates
    ``(M, n, K)``, available modalities ``(M, n)``, 0 at padding ``(n, 1, 1)``, how much they count
    in averages ``(n, 1)``, and rows from which donors are drawn.
    """

    items: Tensor
    own: list[Tensor]
    shared: Tensor
    available: Tensor
    is_item: Tensor
    counts: Tensor
    drawn: Tensor

    def of(self, subset: Subset) -> "Catalogue":
        """Keep the items of a subset; those drawn count, as often as they were."""
        counts = subset.counts[:, None].to(self.shared)
        return self.choose(subset.items)._replace(counts=counts, drawn=subset.drawn)

    def choose(self, rows: Tensor) -> "Catalogue":
        """Keep some rows ``(m,)``; donors are those drawn from before."""
        own = [read.index_select(0, rows) for read in self.own]
        shared, available = self.shared.index_select(1, rows), self.available[:, rows]
        counts = self.counts[rows]
        return Catalogue(
            self.items[rows], own, shared, available, self.is_item[rows], counts, self.drawn
        )

    def read(self) -> tuple[list[Tensor], Tensor]:
        """Give what unique parts and redundancy read ``(n, k)``, and where it is known.

        The latter is ``(M + 1, n)``, bool: each modality's own residual, then what is shared.
        """
        return [*self.own, usable_mean(self.shared, self.available)], readable(self.available)

    def donors(self, index: int, num_rows: int, generator: torch.Generator) -> Tensor:
        """Draw for every item the row ``(n,)`` of one that has a modality, any if none has.

        Draws are made for ``num_rows`` items, those known, so that an item's does not depend on
        which others are looked at.
        """
        donors = self.drawn[self.available[index, self.drawn]]
        if not len(donors):
            donors = self.drawn
        draws = torch.rand(num_rows, generator=generator, device=generator.device)
        return donors[(draws.to(donors.device)[self.items] * len(donors)).long()]

    def noise(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Draw residuals ``(n, k)`` that spread as those of all known items ``(N + 1, k)`` do."""
        drawn = torch.randn(rows.shape, generator=generator, device=generator.device)
        return drawn.to(rows.device)[self.items] * rows.std(0)


def roles_of(available: Tensor) -> Tensor:
    """Say which parts items can have: ``(n, P)`` from available modalities ``(M, n)``."""
    return torch.stack([*available, available.all(0), available.any(0)], dim=1)


def readable(available: Tensor) -> Tensor:
    """Say for which items unique parts and redundancy have something to read: ``(M + 1, n)``."""
    return torch.cat([available, available.any(0, keepdim=True)])


def usable_mean(values: Tensor, usable: Tensor) -> Tensor:
    """Average ``(M, n, K)`` over the modalities each item has, ``(M, n)``; zero if none."""
    return (values * usable[..., None]).sum(0) / usable.sum(0).clamp_min(1)[:, None]


def shares(mask: Tensor) -> Tensor:
    """Let the items of a mask ``(n, F)`` count alike, column by column."""
    return mask / mask.sum(0).clamp_min(1)


def center(outputs: Sequence[Tensor], means: Sequence[Tensor]) -> list[Tensor]:
    """Take the means ``(F,)`` away from outputs ``(n, F)``."""
    return [said + (-mean) for said, mean in zip(outputs, means, strict=True)]
