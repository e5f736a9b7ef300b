"""The gate: how much each part counts, from the history read so far (paper eq. 10-11)."""

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig

POOL = 256


class Gate(nn.Module):
    """Softmax weights over the parts per position, from means over the history's prefix.

    Parameters
    ----------
    config
        ``gate`` chooses what it may read: ``user`` everything, ``no_id`` the parts only,
        ``uniform`` nothing, ``shuffled`` the history of another user.
    parts_size
        ``P * S``, the size of all part vectors side by side.
    id_size
        ``W``, the size of the id vector.
    is_on : Tensor (P,), bool
        Parts in the model; the others get weight 0.
    """

    def __init__(self, config: ModelConfig, parts_size: int, id_size: int, is_on: Tensor) -> None:
        super().__init__()
        self.kind = config.gate
        self.temperature = config.temperature
        self.register_buffer("is_on", is_on, persistent=False)
        if self.kind == "uniform":
            return
        size = parts_size if self.kind == "no_id" else parts_size + id_size
        self.norm = nn.LayerNorm(size)
        self.network = nn.Sequential(
            nn.Linear(size, config.gate_hidden_size),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.gate_hidden_size, len(is_on)),
        )
        if self.kind == "shuffled":
            self.register_buffer("pool", torch.zeros(POOL, len(is_on)))

    is_on: Tensor
    pool: Tensor

    def forward(self, part_seq: Tensor, id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        """Weigh the parts: ``(B, L, P)``, non-negative, sum 1."""
        batch, length, num_parts, _ = part_seq.shape
        if self.kind == "uniform":
            return self._softmax(part_seq.new_zeros(batch, length, num_parts))
        logits = self.network(self.norm(self._read(part_seq.flatten(2), id_seq, padding_mask)))
        if self.kind == "shuffled":
            logits = self._of_another_user(logits, id_seq[:, -1])
        return self._softmax(logits)

    def _read(self, parts: Tensor, id_seq: Tensor, padding_mask: Tensor) -> Tensor:
        seen = parts if self.kind == "no_id" else torch.cat([parts, id_seq], dim=-1)
        return prefix_means(seen, padding_mask)

    def _softmax(self, logits: Tensor) -> Tensor:
        logits = logits.float().masked_fill(~self.is_on, float("-inf"))
        return (logits / self.temperature).softmax(-1)

    def _of_another_user(self, logits: Tensor, newest: Tensor) -> Tensor:
        if self.training:
            latest = logits[:, -1].detach()
            self.pool.copy_(torch.cat([latest.to(self.pool.dtype), self.pool])[:POOL])
            return logits.roll(1, 0)
        slot = (newest.float().abs().sum(-1) * 1e6).long() % POOL
        return self.pool[slot][:, None].expand_as(logits)


def prefix_means(values: Tensor, padding_mask: Tensor) -> Tensor:
    """Average ``(B, L, F)`` over the real positions up to each position."""
    real = (~padding_mask)[..., None]
    total = (values.float() * real).cumsum(1)
    return total / real.cumsum(1).clamp_min(1)
