"""Scores of items, with every player and modality on a switch."""

from collections.abc import Iterator

from torch import Tensor

from prism_core.models.batching import map_by_length
from prism_core.models.products import products, products_by_key
from prism_core.models.reading import Reading, ReadingLayer
from prism_core.models.switches import Switches, group_rows
from prism_core.models.tables import ItemTable
from prism_core.names import PAD


class ScoringLayer(ReadingLayer):
    """History in, a score per item out.

    The third layer of `SequenceModel`, which see.
    """

    def score(self, item_seq: Tensor, switches: Switches | None = None) -> Tensor:
        """Score every item as the next one.

        Parameters
        ----------
        item_seq : Tensor (B, L), int64
        switches
            Players, modalities or weights changed, per row or for all rows. Default: none.

        Returns
        -------
        Tensor (B, N + 1)
            Raw scores; `PAD` is at minus infinity, items already seen are not masked.
        """
        switches, item_seq = switches or Switches(), self._window(item_seq)
        found = []
        for rows, on in self._coalitions(len(item_seq), switches):
            table = self._switched(on, switches)
            reading = self._read_switched(item_seq[rows], rows, table, on, switches)
            items = self._candidates(table)
            found.append((rows, self.backbone.similarity(reading.states[:, -1], items)))
        scores = found[0][1] if len(found) == 1 else self._in_order(len(item_seq), found)
        if not self.content.padding_is_candidate:
            scores[:, PAD] = float("-inf")
        return scores

    def score_blocks(
        self, item_seq: Tensor, size: int, *, by_item: bool = False
    ) -> Iterator[Tensor]:
        """Score every item as the next one, for some of the histories after the others.

        Parameters
        ----------
        item_seq : Tensor (B, L), int64
            Read together.
        size
            Histories ``b`` scored at once.
        by_item
            Whether an item's scores may lie side by side in memory: quicker, unless they are
            sorted.

        Yields
        ------
        Tensor (b, N + 1)
            As `score` gives them.
        """
        reading = self._read(self._window(item_seq), self._table(), newest=True)
        queries, keys = self.backbone.as_queries(reading.states[:, -1]), self._keys()
        for block in queries.split(size):
            scores = (products_by_key if by_item else products)(block, keys)
            if not self.content.padding_is_candidate:
                scores[:, PAD] = float("-inf")
            yield scores

    def score_held(self, item_seq: Tensor) -> Tensor:
        """Score the items held by this process, after padding at minus infinity: ``(B, n + 1)``.

        Each process reads its share of the histories, which are the same in all of them.
        """
        count, size = len(item_seq), self.exchange.size
        share = slice(count * self.exchange.rank // size, count * (self.exchange.rank + 1) // size)
        states = self._read(self._window(item_seq[share]), self._table()).states[:, -1]
        candidates = self._candidates(self._table())
        scores = self.backbone.similarity(self.exchange.gather(states), candidates).float()
        scores[:, PAD] = float("-inf")
        return scores

    def score_lists(
        self, item_seq: Tensor, candidates: Tensor, switches: Switches, batch_size: int
    ) -> Tensor:
        """Score a few candidates of each history, under one setting for all rows.

        Parameters
        ----------
        item_seq : Tensor (B, L), int64
        candidates : Tensor (B, C), int64
        switches
        batch_size
            Histories read at once.

        Returns
        -------
        Tensor (B, C)
        """
        ((_, on),) = self._coalitions(len(item_seq), switches)
        table = self._switched(on, switches)
        items = self._candidates(table)

        def score(rows: Tensor, histories: Tensor) -> Tensor:
            reading = self._read_switched(self._window(histories), rows, table, on, switches)
            return self.backbone.paired_similarity(reading.states[:, -1], items[candidates[rows]])

        return map_by_length(score, item_seq, batch_size)

    def _in_order(self, batch: int, groups: list[tuple[Tensor | slice, Tensor]]) -> Tensor:
        scores = self.ids.new_empty(batch, self.num_items + 1)
        for rows, of_rows in groups:
            scores[rows] = of_rows.to(scores.dtype)
        return scores

    def _coalitions(
        self, batch: int, switches: Switches
    ) -> Iterator[tuple[Tensor | slice, Tensor]]:
        """Group the rows by coalition: each group's rows, and what is on in it."""
        on = switches.coalitions(batch, len(self.players), len(self.modalities))
        if on.ndim == 1:
            yield slice(None), on
            return
        for pattern, rows in group_rows(on):
            yield rows.to(self.ids.device), pattern

    def _switched(self, on: Tensor, switches: Switches) -> ItemTable:
        """Give the table in which candidates stand: donors change histories only."""
        players, kept = self._split(on)
        if switches.donors is not None:
            return self._table(kept)
        return self._table(kept).switched(players, switches.reference, switches.item_weights)

    def _read_switched(
        self,
        item_seq: Tensor,
        rows: Tensor | slice,
        table: ItemTable,
        on: Tensor,
        switches: Switches,
    ) -> Reading:
        """Read histories ``(b, l)``, which are some rows of the batch, under the switches."""
        weights, players = switches.weights_of(rows), self._split(on)[0]
        if switches.donors is None or all(players):
            return self._read(item_seq, table, weights, newest=True)
        donors = self._window(switches.donors[rows])[:, -item_seq.shape[1] :]
        vectors = table.of_donors(item_seq, donors, players)
        return self._read(item_seq, vectors, weights, newest=True)

    def _split(self, on: Tensor) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        """Take what is on apart into players and modalities."""
        flags = tuple(on.tolist())
        return flags[: len(self.players)], flags[len(self.players) :]
