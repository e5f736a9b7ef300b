"""Items as vectors, and what stands in for players that are switched off."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from prism_core.models.part_tables import PartTable, is_item
from prism_core.models.partition import WHOLE, Partition
from prism_core.models.switches import Reference
from prism_core.names import PAD


class HistoryVectors(NamedTuple):
    """Histories as id vectors ``(B, L, W)`` and part vectors ``(B, L, S)``, part by part."""

    ids: Tensor
    parts: list[Tensor]

    def switched(
        self, players: Sequence[bool], ids: Tensor, parts: Tensor, is_item: Tensor
    ) -> "HistoryVectors":
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
        return HistoryVectors(own_ids, own_parts)

    def replaced(
        self, rows: Tensor, others: "HistoryVectors", is_touched: Sequence[bool]
    ) -> "HistoryVectors":
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
        return HistoryVectors(ids, parts)


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

    def of(self, item_seq: Tensor) -> HistoryVectors:
        """Look up the vectors of histories ``(B, L)``."""
        return HistoryVectors(self.partition.take(self.ids, item_seq), self.content.of(item_seq))

    def of_donors(
        self, item_seq: Tensor, donors: Tensor, players: Sequence[bool]
    ) -> HistoryVectors:
        """Look up histories whose switched-off players are those of other users' histories."""
        own, theirs, absent = self.of(item_seq), self.of(donors), (donors == PAD)[..., None]
        mean_ids, mean_parts = self.mean_item()
        ids = torch.where(absent, mean_ids, theirs.ids)
        parts = [
            torch.where(absent, mean, part)
            for part, mean in zip(theirs.parts, mean_parts, strict=True)
        ]
        id_is_on, *parts_on = players
        return HistoryVectors(
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
