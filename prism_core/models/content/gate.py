"""The gate: how much each part counts, from the history read so far (paper eq. 10-11)."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.content.prefixes import layer_of_prefix_means, widen
from prism_core.models.dropout import Dropout
from prism_core.models.exchange import Connected

POOL = 256
SMALLEST = 1e-12


class Gate(Connected):
    """Softmax weights over the parts per position, from means over the history's prefix.

    Parameters
    ----------
    config
        ``gate`` chooses what it may read: ``user`` everything, ``no_id`` the parts only,
        ``uniform`` nothing, ``shuffled`` the history of another user. ``part_scale`` decides
        whether a uniform gate gives even weights or lets every part in as loud as it is.
    parts_size
        ``P * S``, the size of all part vectors side by side.
    id_size
        ``W``, the size of the id vector.
    is_on : Tensor (P,), bool
        Parts in the model; the others get weight 0.
    normalise
        Bring what is read to unit scale, and start near even weights, which overfits less; the
        published gate does neither.
    """

    def __init__(
        self,
        config: ModelConfig,
        parts_size: int,
        id_size: int,
        is_on: Tensor,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        self.kind, self.is_even = config.gate, config.part_scale == "unit"
        self.temperature = config.temperature
        self.register_buffer("is_on", is_on, persistent=False)
        if self.kind == "uniform":
            return
        size = parts_size if self.kind == "no_id" else parts_size + id_size
        self.norm = nn.LayerNorm(size) if normalise else None
        last = nn.Linear(config.gate_hidden_size, len(is_on))
        self.network = nn.Sequential(
            nn.Linear(size, config.gate_hidden_size),
            nn.GELU(),
            Dropout(config.dropout),
            last,
        )
        if normalise:
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)
        if self.kind == "shuffled":
            self.register_buffer("pool", torch.zeros(POOL, len(is_on)))

    is_on: Tensor
    pool: Tensor

    def forward(
        self,
        part_seq: Sequence[Tensor],
        id_seq: Tensor,
        padding_mask: Tensor,
        amplitudes: Tensor | None = None,
    ) -> Tensor:
        """Weigh the parts from histories: ``(B, L, P)``, non-negative, sum 1."""
        newest = id_seq[:, -1]
        if self.kind == "uniform":
            return self._weights(self._indifferent(id_seq), newest, amplitudes)
        read = part_seq if self.kind == "no_id" else [*part_seq, id_seq]
        first = cast(nn.Linear, self.network[0])
        hidden = layer_of_prefix_means(read, padding_mask, first, self.norm)
        return self._weights(self.network[1:](hidden), newest, amplitudes)

    def weigh(
        self, parts: Tensor, ids: Tensor, newest: Tensor, amplitudes: Tensor | None = None
    ) -> Tensor:
        """Weigh the parts from means already taken.

        Parameters
        ----------
        parts : Tensor (B, L, P * S)
        ids : Tensor (B, L, W)
        newest : Tensor (B, W)
            Id vector of the newest item, which tells users apart.
        amplitudes : Tensor (P,), optional
            How strongly each part speaks before the gate; the softmax is multiplied by them, so
            that a weight says how much of a part is let in, however faint the part was made.

        Returns
        -------
        Tensor (B, L, P)
        """
        if self.kind == "uniform":
            return self._weights(self._indifferent(ids), newest, amplitudes)
        seen = parts if self.kind == "no_id" else torch.cat([parts, ids], dim=-1)
        logits = self.network(seen if self.norm is None else self.norm(seen))
        return self._weights(logits, newest, amplitudes)

    def _indifferent(self, like: Tensor) -> Tensor:
        return like.new_zeros(*like.shape[:2], len(self.is_on))

    def _weights(self, logits: Tensor, newest: Tensor, amplitudes: Tensor | None) -> Tensor:
        if self.kind == "shuffled":
            logits = self._of_another_user(logits, newest)
        logits = widen(logits) / self.temperature
        if amplitudes is not None and not (self.kind == "uniform" and self.is_even):
            logits = logits + amplitudes.clamp_min(SMALLEST).log()
        return logits.masked_fill(~self.is_on, float("-inf")).softmax(-1)

    def _of_another_user(self, logits: Tensor, newest: Tensor) -> Tensor:
        if self.training:
            latest = self.exchange.gather(logits[:, -1].detach())
            self.pool.copy_(torch.cat([latest.to(self.pool.dtype), self.pool])[:POOL])
            return self.exchange.roll(logits)
        slot = (newest.float().abs().sum(-1) * 1e6).long() % POOL
        return self.pool[slot][:, None].expand_as(logits)
