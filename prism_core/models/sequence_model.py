"""One model for every backbone and every kind of content, and the losses of its training."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.content.base import Content, Sample, StepContext
from prism_core.models.negatives import split_prefixes
from prism_core.models.objectives import Objective
from prism_core.models.partition import WHOLE
from prism_core.models.shard import Shard
from prism_core.models.subset import Subset
from prism_core.models.switched import ScoringLayer
from prism_core.models.tables import ItemTable, ItemVectors
from prism_core.names import PAD


class Coalition(NamedTuple):
    """Players that are on, id first, and modalities kept: what some histories are read with."""

    players: tuple[bool, ...]
    kept: tuple[bool, ...]

    @property
    def is_touched(self) -> list[bool]:
        """Say which players are off, or may have changed since a modality is withheld."""
        id_is_on, *parts_on = self.players
        return [not id_is_on, *(not on or self.withholds for on in parts_on)]

    @property
    def withholds(self) -> bool:
        """Say whether a modality is withheld."""
        return not all(self.kept)


class SequenceModel(ScoringLayer):
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
        super().__init__(config, num_items, backbone, content)
        self.player_dropout = config.player_dropout if content.has_player_dropout else 0.0
        self.reads_prefixes = config.objective.splitting == "prefixes"
        self.objective = Objective(
            config.objective, num_items, config.max_seq_len, content.padding_is_candidate
        )

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
        coalition, is_dropped = self._draw_coalition(len(item_seq), shard, generator)
        count = shard.num_targets or (targets != PAD).sum()
        negatives = self.objective.draw(item_seq, targets, generator, shard, avoid)
        subset = self._subset([item_seq, targets, *negatives.items], generator)
        if subset is not None:
            item_seq, targets = subset.rows(item_seq), subset.rows(targets)
            negatives = negatives.within(subset)
        negatives = negatives.at(targets != PAD)
        if self.reads_prefixes:
            is_dropped = is_dropped[(targets != PAD).nonzero(as_tuple=True)[0]]
            item_seq, targets = split_prefixes(item_seq, targets)
        table, vectors, sample = self._seen(item_seq, coalition, is_dropped, generator, subset)
        reading = self._read(item_seq, vectors)
        places = (targets != PAD).flatten().nonzero().squeeze(1)
        queries = reading.states.flatten(0, 1).index_select(0, places)
        wanted, items = targets.flatten()[places], self._candidates(table)
        total = self.objective(self.backbone, queries, items, wanted, negatives, table.partition)
        is_direct = self.backbone.meets_candidates
        context = StepContext(
            item_seq, item_seq == PAD, reading.id_seq, partial(table.partition.take, table.ids),
            table.content, reading.weights,
            queries if is_direct else self.backbone.as_queries(queries), wanted, count, generator,
            sample, subset, None if is_direct else self.backbone.as_keys,
        )  # fmt: skip
        vectors_of = partial(table.partition.take, items)
        own = self.backbone.auxiliary_losses(queries, vectors_of, wanted, generator)
        return {"recommendation": total / count, **self.content.auxiliary_losses(context), **own}

    def start_epoch(self, item_seq: Tensor, generator: torch.Generator) -> None:
        """Let the backbone refresh its once-per-epoch estimates from histories ``(R, L)``."""
        item_seq = self._window(item_seq)
        self.objective.observe(item_seq)
        if not self.backbone.has_epoch_estimates:
            return
        was_training = self.training
        self.eval()
        with torch.no_grad():
            states = self._read(item_seq, self._table()).states
        self.train(was_training)
        self.backbone.start_epoch(states[item_seq != PAD], generator)

    def _subset(self, wanted: list[Tensor], generator: torch.Generator) -> Subset | None:
        """Collect the items a step needs, if these are far from all."""
        size = self.content.sample_size
        if size is None or self.objective.asks_all_items or self.num_items < 2 * size:
            return None
        drawn = torch.randint(
            1, self.num_items + 1, (size,), generator=generator, device=generator.device
        )
        return Subset.of(wanted, drawn.to(self.ids.device))

    def _seen(
        self,
        item_seq: Tensor,
        coalition: Coalition | None,
        is_dropped: Tensor,
        generator: torch.Generator,
        subset: Subset | None,
    ) -> tuple[ItemTable, ItemVectors, Sample | None]:
        """Look up what a step needs.

        Returns
        -------
        table
            Of all items, everything on.
        vectors
            Of histories, of which some show a coalition only.
        sample
            Of items for auxiliary losses, if these ask for one.
        """
        everything = (True,) * len(self.modalities)
        patterns = [everything]
        if coalition is not None and coalition.withholds:
            patterns.append(coalition.kept)
        parts = self.content.item_tables(patterns, generator, subset)
        drawn = self.content.draw_sample(self.num_items, subset, generator)
        ids = self._id_table()
        partition = self.partition
        if subset is not None:
            ids, partition = partition.take(ids, subset.items), WHOLE
        whole = ItemTable(ids, parts[0], partition)
        vectors, *others = whole.of_several([item_seq] if drawn is None else [item_seq, drawn])
        sample = None if drawn is None else Sample(drawn, others[0])
        if coalition is None:
            return whole, vectors, sample
        counts = None if subset is None else subset.counts.to(ids)
        rows = is_dropped.nonzero().squeeze(1)
        chosen = item_seq[rows]
        theirs = vectors.of(rows)
        if coalition.withholds:
            theirs = theirs._replace(parts=parts[1].of(chosen))
        if not all(coalition.players):
            means = whole.mean_item(counts)
            theirs = theirs.switched(coalition.players, *means, chosen != PAD)
        return whole, vectors.replaced(rows, theirs, coalition.is_touched), sample

    def _draw_coalition(
        self, num_rows: int, shard: Shard, generator: torch.Generator
    ) -> tuple[Coalition | None, Tensor]:
        """Draw players on (at least one) and modalities kept (at most one withheld), and for whom.

        Candidates stay whole: all of them would have to be put together a second time, and the
        histories be read apart.

        Returns
        -------
        coalition : Coalition or None
            None if no history of the global batch is read with one.
        is_dropped : Tensor (B,), bool
            Which histories are.
        """
        device, share = generator.device, self.player_dropout
        draws = torch.rand(len(self.players), generator=generator, device=device)
        keep = int(torch.randint(len(self.players), (), generator=generator, device=device))
        players = tuple(draw < 0.5 or i == keep for i, draw in enumerate(draws.tolist()))
        options = 2 * max(len(self.modalities), 1)
        withheld = int(torch.randint(options, (), generator=generator, device=device))
        kept = tuple(i != withheld for i in range(len(self.modalities)))
        is_dropped = torch.tensor(shard.chosen_rows(num_rows, share), device=self.ids.device)
        is_any = shard.is_any_chosen(num_rows, share)
        return Coalition(players, kept) if is_any else None, is_dropped.bool()
