"""One recommender for every backbone and every kind of content."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.batching import READ_AT_ONCE, map_by_length
from prism_core.models.content.base import Content, StepContext
from prism_core.models.dropout import SlicedDropout
from prism_core.models.exchange import Connected, is_split
from prism_core.models.negatives import split_prefixes
from prism_core.models.objectives import Negatives, Objective
from prism_core.models.partition import WHOLE, Partition, Rowwise
from prism_core.models.shard import Shard
from prism_core.models.subset import Subset
from prism_core.models.switches import Switches, group_rows
from prism_core.models.tables import HistoryVectors, ItemTable
from prism_core.names import ID, PAD


class Reading(NamedTuple):
    """What reading histories yields: ``(B, L, W)``, ``(B, L, W)``, ``(B, L, W)``, ``(B, L, P)``."""

    id_seq: Tensor
    inputs: Tensor
    states: Tensor
    weights: Tensor


class AuxiliaryDraws(NamedTuple):
    """What auxiliary losses draw from, the divisor of those summed over targets, and the items."""

    generator: torch.Generator
    num_targets: Tensor | float
    subset: Subset | None


class Recommender(Connected):
    """History in, a score per item out, with every player and modality on a switch.

    An item is described by its id vector plus its joined parts, in histories, where the user's
    fusion weights act on the parts, and as a candidate; the backbone turns a history into states.
    Parameters are drawn from torch's global generator; seed it before building.

    Parameters
    ----------
    config
    num_items
        ``N``; item indices run from 1, `PAD` is never a candidate.
    backbone, content
        The encoder, and what makes parts of item features.

    Attributes
    ----------
    parts, modalities, players
        Names of the ``P`` parts, ``M`` modalities and ``Q = P + 1`` players (id, then parts).
    """

    def __init__(
        self, config: ModelConfig, num_items: int, backbone: Backbone, content: Content
    ) -> None:
        super().__init__()
        self.num_items, self.max_seq_len = num_items, config.max_seq_len
        self.width = config.hidden_size * backbone.num_streams
        self.parts, self.modalities = content.parts, content.modalities
        self.players = (ID, *self.parts)
        self.backbone, self.content = backbone, content
        self.player_dropout = config.player_dropout if content.has_player_dropout else 0.0
        self.reads_prefixes = config.objective.splitting == "prefixes"
        self.objective = Objective(
            config.objective, num_items, config.max_seq_len, content.padding_is_candidate
        )
        self.ids = nn.Parameter(torch.randn(num_items, self.width) * 0.02)
        self.partition: Partition = WHOLE
        self._cached: dict[tuple[bool, ...], ItemTable] = {}
        self._cached_version: tuple[object, ...] = ()

    def forward(
        self,
        item_seq: Tensor,
        targets: Tensor,
        generator: torch.Generator,
        shard: Shard | None = None,
        avoid: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute `losses`; the entry through which wrappers such as DDP call the model."""
        return self.losses(item_seq, targets, generator, shard, avoid)

    def losses(
        self,
        item_seq: Tensor,
        targets: Tensor,
        generator: torch.Generator,
        shard: Shard | None = None,
        avoid: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute every loss of a training step, weights applied; their sum is minimised.

        Parameters
        ----------
        item_seq : Tensor (B, L), int64
            Left padded, newest last.
        targets : Tensor (B, L), int64
            Next item at each position, `PAD` where there is none.
        generator : torch.Generator
            Source of every draw but dropout, which uses torch's global generator.
        shard
            Where the batch lies in the global batch. Default: it is the global batch.
        avoid : Tensor (B, A), int64, optional
            Items beyond the histories that are not drawn as negatives.

        Returns
        -------
        dict of str to Tensor ()
            ``recommendation`` first, then the auxiliary losses by name.
        """
        shard = shard or Shard()
        item_seq, targets = self._window(item_seq), self._window(targets)
        whole, dropped = shard.chosen_rows(len(item_seq), self.player_dropout)
        coalition = self._draw_coalition(generator)
        count = shard.num_targets or (targets != PAD).sum()
        negatives = self.objective.draw(item_seq, targets, generator, shard, avoid)
        subset = self._subset([item_seq, targets, *negatives.items], generator)
        if subset is not None:
            item_seq, targets = subset.rows(item_seq), subset.rows(targets)
            negatives = negatives.within(subset)
        of_whole = negatives.of(whole, targets[whole] != PAD)
        is_any_dropped = shard.is_any_chosen(len(whole) + len(dropped), self.player_dropout)
        tables = self._step_tables(coalition if is_any_dropped else None, generator, subset)
        of_step = AuxiliaryDraws(generator, count * (1 - self.player_dropout), subset)
        total, auxiliary = self._step(item_seq[whole], targets[whole], tables[0], of_whole, of_step)
        if is_any_dropped:
            of_dropped = negatives.of(dropped, targets[dropped] != PAD)
            total += self._step(item_seq[dropped], targets[dropped], tables[1], of_dropped)[0]
        return {"recommendation": total / count, **auxiliary}

    def _step(
        self,
        item_seq: Tensor,
        targets: Tensor,
        table: ItemTable,
        negatives: Negatives,
        auxiliary: AuxiliaryDraws | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Sum the next-item loss over positions, and compute auxiliary losses if asked to."""
        if self.reads_prefixes:
            item_seq, targets = split_prefixes(item_seq, targets)
        reading = self._read(item_seq, table)
        places = (targets != PAD).flatten().nonzero().squeeze(1)
        queries = reading.states.flatten(0, 1).index_select(0, places)
        wanted, items = targets.flatten()[places], self._candidates(table)
        total = self.objective(self.backbone, queries, items, wanted, negatives, table.partition)
        if auxiliary is None:
            return total, {}
        padding_mask = item_seq == PAD
        context = StepContext(
            item_seq, padding_mask, reading.id_seq, partial(table.partition.take, table.ids),
            table.parts, reading.weights, queries, wanted, auxiliary.num_targets,
            auxiliary.generator, auxiliary.subset,
        )  # fmt: skip
        vectors_of = partial(table.partition.take, items)
        own = self.backbone.auxiliary_losses(queries, vectors_of, wanted, auxiliary.generator)
        return total, {**self.content.auxiliary_losses(context), **own}

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

    def fusion_weights(self, item_seq: Tensor, batch_size: int = READ_AT_ONCE) -> Tensor:
        """Weights ``(B, P)`` of the parts after the whole history."""
        return self._after_histories(lambda reading: reading.weights, item_seq, batch_size)

    def user_states(self, item_seq: Tensor, batch_size: int = READ_AT_ONCE) -> Tensor:
        """States ``(B, W)`` that meet the candidates after the whole history."""
        return self._after_histories(lambda reading: reading.states, item_seq, batch_size)

    def _after_histories(
        self, pick: Callable[[Reading], Tensor], item_seq: Tensor, batch_size: int
    ) -> Tensor:
        table = self._table()

        def read(_: Tensor, histories: Tensor) -> Tensor:
            return pick(self._read(self._window(histories), table, newest=True))[:, -1]

        return map_by_length(read, item_seq, batch_size)

    def fused_items(self) -> Tensor:
        """Vectors ``(N + 1, W)`` of all items as they meet the users' states, row 0 zero."""
        return F.pad(self._candidates(self._table())[1:], (0, 0, 1, 0))

    def item_vectors(self, withhold: str | None = None) -> dict[str, Tensor]:
        """Part vectors of all items by part, ``(N + 1, S)`` each, row 0 zero.

        Parameters
        ----------
        withhold
            A modality replaced by its expectation over the items.
        """
        kept = tuple(name != withhold for name in self.modalities)
        vectors = self.content.part_vectors(self._table(kept).parts)
        return dict(zip(self.parts, vectors.unbind(1), strict=True))

    def new_item_vectors(
        self, features: Mapping[str, Tensor], available: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Part vectors ``(n, S)`` by part of items the model was not built with.

        Parameters
        ----------
        features : mapping of str to Tensor (n, d_m)
        available : mapping of str to Tensor (n,), bool, optional
            Default: every item has every modality.
        """
        everything = {name: torch.ones(len(rows)).bool() for name, rows in features.items()}
        parts = self.content.encode(features, {**everything, **(available or {})})
        return dict(zip(self.parts, parts.unbind(1), strict=True))

    def start_epoch(self, item_seq: Tensor, generator: torch.Generator) -> None:
        """Let the backbone refresh its once-per-epoch estimates from histories ``(R, L)``."""
        item_seq = self._window(item_seq)
        self.objective.observe(item_seq)
        was_training = self.training
        self.eval()
        with torch.no_grad():
            states = self._read(item_seq, self._table()).states
        self.train(was_training)
        self.backbone.start_epoch(states[item_seq != PAD], generator)

    def _window(self, item_seq: Tensor) -> Tensor:
        """Keep the newest positions; as many for everyone where padding makes a difference."""
        if not self.content.reads_padding:
            return item_seq[:, -self.max_seq_len :]
        return F.pad(item_seq, (self.max_seq_len - item_seq.shape[1], 0), value=PAD)

    def _read(
        self,
        item_seq: Tensor,
        table: ItemTable | HistoryVectors,
        fusion_weights: Tensor | None = None,
        newest: bool = False,
    ) -> Reading:
        """Read histories; with ``newest``, states are those of the newest items, ``(B, 1, W)``."""
        padding_mask = item_seq == PAD
        id_seq, part_seq = table.of(item_seq) if isinstance(table, ItemTable) else table
        with self._dropout(len(item_seq)):
            vectors, weights = self.content.read(part_seq, id_seq, padding_mask, fusion_weights)
            inputs = (id_seq + vectors).masked_fill(padding_mask[..., None], 0.0)
            if newest:
                states = self.backbone.newest(inputs, padding_mask)[:, None]
            else:
                states = self.backbone(inputs, padding_mask)
            return Reading(id_seq, inputs, states, weights)

    def _dropout(self, num_rows: int) -> AbstractContextManager[object]:
        """Give the context in which dropout is that of the global batch."""
        if self.training and is_split(self.exchange, self.ids.device):
            return SlicedDropout(*self.exchange.place(num_rows))
        return nullcontext()

    def _in_order(self, batch: int, groups: list[tuple[Tensor | slice, Tensor]]) -> Tensor:
        scores = self.ids.new_empty(batch, self.num_items + 1)
        for rows, of_rows in groups:
            scores[rows] = of_rows.to(scores.dtype)
        return scores

    def _candidates(self, table: ItemTable) -> Tensor:
        return table.ids + self.content.candidates(table.partition.held(table.parts))

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

    def _subset(self, wanted: list[Tensor], generator: torch.Generator) -> Subset | None:
        """Collect the items a step needs, if these are far from all."""
        size = self.content.sample_size
        if size is None or self.objective.asks_all_items or self.num_items < 2 * size:
            return None
        drawn = torch.randint(
            1, self.num_items + 1, (size,), generator=generator, device=generator.device
        )
        return Subset.of(wanted, drawn.to(self.ids.device))

    def split_items(self) -> None:
        """Keep the id vectors of this process's items only; all processes call it together."""
        partition = Rowwise(self.num_items, self.exchange)
        self._set_ids(self.ids.detach()[partition.own].clone())
        self.partition = partition

    def join_items(self) -> None:
        """Bring all id vectors together again, in every process."""
        if self.partition.is_split:
            self.partition = WHOLE
            self._set_ids(self.exchange.gather(self.ids.detach()))

    def _set_ids(self, ids: Tensor) -> None:
        self.ids = nn.Parameter(ids)
        self._cached, self._cached_version = {}, ()

    def _step_tables(
        self,
        coalition: tuple[tuple[bool, ...], tuple[bool, ...]] | None,
        generator: torch.Generator,
        subset: Subset | None,
    ) -> list[ItemTable]:
        """Give the whole item table and the one a coalition of players and modalities sees."""
        everything = (True,) * len(self.modalities)
        players, kept = coalition or (None, everything)
        parts = self.content.item_tables([everything, kept], generator, subset)
        ids = self._id_table()
        partition = self.partition
        if subset is not None:
            ids, partition = partition.take(ids, subset.items), WHOLE
        whole, other = (ItemTable(ids, table, partition) for table in parts)
        if players is None:
            return [whole]
        counts = None if subset is None else subset.counts.to(ids)
        return [whole, other.switched(players, "mean", counts)]

    def _table(self, kept: tuple[bool, ...] | None = None) -> ItemTable:
        kept = kept or (True,) * len(self.modalities)
        if torch.is_grad_enabled() or self.training:
            return self._new_table(kept)
        version = (self.ids.device, sum(p._version for p in self.parameters()))
        if version != self._cached_version:
            self._cached, self._cached_version = {}, version
        if kept not in self._cached:
            self._cached[kept] = self._new_table(kept)
        return self._cached[kept]

    def _new_table(self, kept: tuple[bool, ...]) -> ItemTable:
        return ItemTable(self._id_table(), self.content.item_parts(kept), self.partition)

    def _id_table(self) -> Tensor:
        return F.pad(self.ids, (0, 0, 1, 0))

    def _draw_coalition(
        self, generator: torch.Generator
    ) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        """Draw players on (at least one) and modalities kept (at most one withheld)."""
        device = generator.device
        draws = torch.rand(len(self.players), generator=generator, device=device)
        keep = int(torch.randint(len(self.players), (), generator=generator, device=device))
        players = [draw < 0.5 or i == keep for i, draw in enumerate(draws.tolist())]
        options = 2 * max(len(self.modalities), 1)
        withheld = int(torch.randint(options, (), generator=generator, device=device))
        return tuple(players), tuple(i != withheld for i in range(len(self.modalities)))
