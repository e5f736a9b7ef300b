"""Items as vectors, and what stands in for players that are switched off."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from prism_core.models.part_tables import PartTable, is_item
from prism_core.models.partition import WHOLE, Partition
from prism_core.models.switches import Reference
from prism_core.names import PAD


class ItemVectors(NamedTuple):
    """Items as id vectors ``(..., W)`` and part vectors ``(..., S)``, part by part."""

    ids: Tensor
    parts: list[Tensor]

    def of(self, rows: Tensor) -> "ItemVectors":
        """Keep the vectors of some histories ``(b,)``."""
        ids, *parts = (vectors.index_select(0, rows) for vectors in (self.ids, *self.parts))
        return ItemVectors(ids, parts)

    def switched(
        self, players: Sequence[bool], ids: Tensor, parts: Tensor, is_item: Tensor
    ) -> "ItemVectors":
        """Put the same vectors in the place of players that are off, wherever there is an item.

        Parameters
        ----------
        players
            ``Q`` flags: the id path, then the parts.
        ids : Tensor (W,)
        parts : Tensor (P, S)
        is_item : Tensor (B, L), bool
        """
        fixed = [vector * is_item[..., None] for vector in (ids, *parts)]
        pairs = zip(players, (self.ids, *self.parts), fixed, strict=True)
        own_ids, *own_parts = (own if on else stand_in for on, own, stand_in in pairs)
        return ItemVectors(own_ids, own_parts)

    def replaced(
        self, rows: Tensor, others: "ItemVectors", is_touched: Sequence[bool]
    ) -> "ItemVectors":
        """Put other vectors in the place of some histories'.

        Parameters
        ----------
        rows : Tensor (b,), int64
            Which histories.
        others
            Their vectors, of ``b`` histories.
        is_touched
            ``Q`` flags: the players, id first, whose vectors are replaced; the rest stay.
        """
        ids, *parts = (
            own.index_copy(0, rows, other.to(own.dtype)) if touched else own
            for own, other, touched in zip(
                (self.ids, *self.parts), (others.ids, *others.parts), is_touched, strict=True
            )
        )
        return ItemVectors(ids, parts)


class ItemTable(NamedTuple):
    """Items as id vectors ``(N + 1, W)`` and part vectors, row 0 padding.

    With a partition, the id vectors are those of the rows it holds.
    """

    ids: Tensor
    content: PartTable
    partition: Partition = WHOLE

    @property
    def parts(self) -> Tensor:
        """Part vectors of all items: ``(N + 1, P, S)``."""
        return self.content.dense

    def of(self, items: Tensor) -> ItemVectors:
        """Look up the vectors of items ``(...)``."""
        return ItemVectors(self.partition.take(self.ids, items), self.content.of(items))

    def of_several(self, several: Sequence[Tensor]) -> list[ItemVectors]:
        """Look up several tensors of items at once.

        However few items are looked up, the gradient of a table is as large as the table: one for
        all of them is cheaper than one for each.
        """
        together = self.of(torch.cat([items.flatten() for items in several]))
        sizes = [items.numel() for items in several]
        found = []
        split = [vectors.split(sizes) for vectors in (together.ids, *together.parts)]
        for items, (ids, *parts) in zip(several, zip(*split, strict=True), strict=True):
            shaped = [some.view(*items.shape, -1) for some in parts]
            found.append(ItemVectors(ids.view(*items.shape, -1), shaped))
        return found

    def of_donors(self, item_seq: Tensor, donors: Tensor, players: Sequence[bool]) -> ItemVectors:
        """Look up histories whose switched-off players are those of other users' histories."""
        own, theirs, absent = self.of(item_seq), self.of(donors), (donors == PAD)[..., None]
        mean_ids, mean_parts = self.mean_item()
        ids = torch.where(absent, mean_ids, theirs.ids)
        parts = [
            torch.where(absent, mean, part)
            for part, mean in zip(theirs.parts, mean_parts, strict=True)
        ]
        id_is_on, *parts_on = players
        return ItemVectors(
            own.ids if id_is_on else ids,
            [a if on else b for a, b, on in zip(own.parts, parts, parts_on, strict=True)],
        )

    def switched(
        self,
        players: Sequence[bool],
        reference: Reference,
        item_weights: Tensor | None = None,
    ) -> "ItemTable":
        """Replace players that are off by their reference, at every item.

        Parameters
        ----------
        players
            ``Q`` flags: the id path, then the parts.
        reference
        item_weights : Tensor (N + 1,), optional
            How much each item counts in the mean.
        """
        if all(players):
            return self
        if reference == "zero":
            content = self.content.switched(players[1:])
            return self._replace(ids=self.ids * players[0], content=content)
        mean_ids, mean_parts = self.mean_item(item_weights)
        ids = self.ids if players[0] else mean_ids * is_item(self.ids)[:, None]
        return self._replace(ids=ids, content=self.content.switched(players[1:], mean_parts))

    def mean_item(self, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Average id vector ``(W,)`` and part vectors ``(P, S)``, items all alike or weighted."""
        if weights is None:
            return self.partition.mean(self.ids), self.content.mean()
        share = (weights[1:] / weights[1:].sum()).to(self.ids)
        return share @ self.ids[1:], self.content.mean(share)
