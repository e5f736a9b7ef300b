"""SASRec: self-attentive sequential recommendation (doi:10.1109/ICDM.2018.00035)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.dropout import Dropout, attend


class SASRec(Backbone):
    """Causal transformer with pre-normalisation and positions counted from the newest item.

    Counting from the newest item makes the states of a left-padded history independent of how
    much padding precedes it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.positions = nn.Parameter(torch.randn(config.max_seq_len, size) * 0.02)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(size)

    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        return self._encode(inputs, padding_mask, inputs.shape[1])

    def newest(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        return self._encode(inputs, padding_mask, 1)[:, 0]

    def _encode(self, inputs: Tensor, padding_mask: Tensor, wanted: int) -> Tensor:
        """Give the newest states ``(B, wanted, W)``; the last block computes no others."""
        length = inputs.shape[1]
        x = inputs * inputs.shape[-1] ** 0.5 + self.positions[-length:]
        x = self.dropout(x).masked_fill(padding_mask[..., None], 0.0)
        visible = attention_mask(padding_mask)
        *earlier, last = self.blocks
        for block in earlier:
            x = block(x, visible, length)
        return self.norm(last(x, visible, wanted))


class Block(nn.Module):
    """Attention and feed-forward, each added to its normalised input."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.num_heads = config.num_heads
        self.attention_dropout = config.dropout
        self.attention_norm = nn.LayerNorm(size)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(size),
            nn.Linear(size, 2 * size),
            nn.GELU(),
            Dropout(config.dropout),
            nn.Linear(2 * size, size),
        )
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, visible: Tensor, wanted: int) -> Tensor:
        """Map ``(B, L, D)`` to the newest ``(B, wanted, D)``."""
        mixed = self._attend(self.attention_norm(x), visible[:, :, -wanted:], wanted)
        x = x[:, -wanted:] + self.dropout(mixed)
        return x + self.dropout(self.feed_forward(x))

    def _attend(self, x: Tensor, visible: Tensor, wanted: int) -> Tensor:
        projected = project_newest(self.qkv, x, wanted)
        query, key, value = (self._heads(vectors) for vectors in projected)
        dropout = self.attention_dropout if self.training else 0.0
        mixed = attend(query, key, value, visible, dropout)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, vectors: Tensor) -> Tensor:
        """Split ``(B, L, D)`` into heads ``(B, heads, L, D / heads)``."""
        return vectors.unflatten(2, (self.num_heads, -1)).transpose(1, 2)


def project_newest(
    qkv: nn.Linear,
    x: Tensor,
    wanted: int,
    activation: Callable[[Tensor], Tensor] = lambda projected: projected,
) -> tuple[Tensor, ...]:
    """Give queries of the newest ``(B, wanted, D)``, and keys and values of all ``(B, L, D)``."""
    if wanted == x.shape[1]:
        return activation(qkv(x)).chunk(3, dim=-1)
    size = x.shape[-1]
    of_queries, of_others = qkv.weight.split([size, 2 * size])
    for_queries, for_others = qkv.bias.split([size, 2 * size])
    query = activation(F.linear(x[:, -wanted:], of_queries, for_queries))
    return query, *activation(F.linear(x, of_others, for_others)).chunk(2, dim=-1)


def attention_mask(padding_mask: Tensor) -> Tensor:
    """Say who may look at whom: not the future, not padding, but always oneself.

    Parameters
    ----------
    padding_mask : Tensor (B, L)

    Returns
    -------
    Tensor (B, 1, L, L)
        True where the row's position reads the column's.
    """
    length = padding_mask.shape[1]
    past = torch.ones(length, length, dtype=torch.bool, device=padding_mask.device).tril()
    oneself = torch.eye(length, dtype=torch.bool, device=padding_mask.device)
    return (past & ~padding_mask[:, None, :] | oneself)[:, None]
