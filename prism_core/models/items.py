"""Items of a model: their id vectors, their parts, and the tables in which both stand."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.content.base import Content
from prism_core.models.exchange import Connected
from prism_core.models.partition import WHOLE, Partition, Rowwise
from prism_core.models.tables import ItemTable
from prism_core.names import ID


class ItemLayer(Connected):
    """An item is its id vector plus its joined parts, which `content` makes of its features.

    The first layer of `SequenceModel`, which see.
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
        self.ids = nn.Parameter(torch.randn(num_items, self.width) * 0.02)
        self.partition: Partition = WHOLE
        self._cached: dict[tuple[bool, ...], ItemTable] = {}
        self._cached_keys: Tensor | None = None
        self._cached_version: tuple[object, ...] = ()

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

    def fused_items(self) -> Tensor:
        """Vectors ``(N + 1, W)`` of all items as they meet the users' states, row 0 zero."""
        return F.pad(self._candidates(self._table())[1:], (0, 0, 1, 0))

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
        self._forget()

    def _candidates(self, table: ItemTable) -> Tensor:
        return self.content.candidates(table.content.choose(table.partition.held), table.ids)

    def _table(self, kept: tuple[bool, ...] | None = None) -> ItemTable:
        kept = kept or (True,) * len(self.modalities)
        if torch.is_grad_enabled() or self.training:
            return self._new_table(kept)
        self._forget_outdated()
        if kept not in self._cached:
            self._cached[kept] = self._new_table(kept)
        return self._cached[kept]

    def _keys(self) -> Tensor:
        """Give what the queries of histories meet: ``(N + 1, V)``, kept while weights stay."""
        if torch.is_grad_enabled() or self.training:
            return self.backbone.as_keys(self._candidates(self._table()))
        self._forget_outdated()
        if self._cached_keys is None:
            self._cached_keys = self.backbone.as_keys(self._candidates(self._table()))
        return self._cached_keys

    def _forget_outdated(self) -> None:
        autocast = torch.is_autocast_enabled(self.ids.device.type)
        version = (self.ids.device, autocast, sum(p._version for p in self.parameters()))
        if version != self._cached_version:
            self._forget(version)

    def _forget(self, version: tuple[object, ...] = ()) -> None:
        self._cached, self._cached_keys, self._cached_version = {}, None, version

    def _new_table(self, kept: tuple[bool, ...]) -> ItemTable:
        content = self.content.item_tables([kept])[0]
        return ItemTable(self._id_table(), content, self.partition)

    def _id_table(self) -> Tensor:
        return F.pad(self.ids, (0, 0, 1, 0))
