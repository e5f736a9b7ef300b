"""The gate: how much each part counts, from the history read so far (paper eq. 10-11)."""

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
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
        self.norm = nn.LayerNorm(size) if normalise else nn.Identity()
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
        part_seq: Tensor,
        id_seq: Tensor,
        padding_mask: Tensor,
        amplitudes: Tensor | None = None,
    ) -> Tensor:
        """Weigh the parts from histories: ``(B, L, P)``, non-negative, sum 1."""
        parts, ids = part_seq.flatten(2), id_seq
        if self.kind == "no_id":
            parts = prefix_means(parts, padding_mask)
        elif self.kind != "uniform":
            means = prefix_means(torch.cat([parts, ids], dim=-1), padding_mask)
            parts, ids = means.split([parts.shape[-1], ids.shape[-1]], dim=-1)
        return self.weigh(parts, ids, id_seq[:, -1], amplitudes)

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
        weights = self._softmax(self._logits(parts, ids, newest))
        if amplitudes is None or (self.kind == "uniform" and self.is_even):
            return weights
        weights = weights * amplitudes
        return weights / weights.sum(-1, keepdim=True).clamp_min(SMALLEST)

    def _logits(self, parts: Tensor, ids: Tensor, newest: Tensor) -> Tensor:
        if self.kind == "uniform":
            return parts.new_zeros(*parts.shape[:2], len(self.is_on))
        seen = parts if self.kind == "no_id" else torch.cat([parts, ids], dim=-1)
        logits: Tensor = self.network(self.norm(seen))
        return self._of_another_user(logits, newest) if self.kind == "shuffled" else logits

    def _softmax(self, logits: Tensor) -> Tensor:
        logits = widen(logits).masked_fill(~self.is_on, float("-inf"))
        return (logits / self.temperature).softmax(-1)

    def _of_another_user(self, logits: Tensor, newest: Tensor) -> Tensor:
        if self.training:
            latest = self.exchange.gather(logits[:, -1].detach())
            self.pool.copy_(torch.cat([latest.to(self.pool.dtype), self.pool])[:POOL])
            return self.exchange.roll(logits)
        slot = (newest.float().abs().sum(-1) * 1e6).long() % POOL
        return self.pool[slot][:, None].expand_as(logits)


def prefix_means(values: Tensor, padding_mask: Tensor) -> Tensor:
    """Average ``(B, L, F)`` over the real positions up to each position."""
    length, values = padding_mask.shape[1], widen(values)
    counted = values.new_ones(length, length).tril() * ~padding_mask[:, None]
    shares = counted / counted.sum(-1, keepdim=True).clamp_min(1)
    with torch.autocast(values.device.type, enabled=False):
        return shares @ values


def widen(values: Tensor) -> Tensor:
    """Bring half precision to float32 and leave float32 and float64 alone."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
