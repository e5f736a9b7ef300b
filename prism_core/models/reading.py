"""Histories read by a model: what the encoder is given, and the states it gives back."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from prism_core.models.batching import READ_AT_ONCE, map_by_length
from prism_core.models.dropout import sliced_dropout
from prism_core.models.exchange import is_split
from prism_core.models.items import ItemLayer
from prism_core.models.tables import ItemTable, ItemVectors
from prism_core.names import PAD


class Reading(NamedTuple):
    """What reading histories yields: ``(B, L, W)``, ``(B, L, W)``, ``(B, L, W)``, ``(B, L, P)``."""

    id_seq: Tensor
    inputs: Tensor
    states: Tensor
    weights: Tensor


class ReadingLayer(ItemLayer):
    """Fusion weights act on the parts of a history; the backbone turns it into states.

    The second layer of `SequenceModel`, which see.
    """

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

    def _window(self, item_seq: Tensor) -> Tensor:
        """Keep the newest positions; as many for everyone where padding makes a difference."""
        if not self.content.reads_padding:
            return item_seq[:, -self.max_seq_len :]
        return F.pad(item_seq, (self.max_seq_len - item_seq.shape[1], 0), value=PAD)

    def _read(
        self,
        item_seq: Tensor,
        table: ItemTable | ItemVectors,
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
            return sliced_dropout(*self.exchange.place(num_rows))
        return nullcontext()
