"""GRU4Rec: a gated recurrent unit over the history (arXiv 1511.06939)."""

import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.dropout import Dropout


class GRU4Rec(Backbone):
    """GRU layers and a linear map back to item vectors.

    Histories are left padded; they are shifted to start at the first step, so that the state
    there is zero however much padding precedes it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.input_dropout = Dropout(config.dropout)
        self.between_layers = Dropout(config.dropout)
        self.layers = nn.ModuleList(
            nn.GRU(size, size, batch_first=True) for _ in range(config.num_layers)
        )
        self.out = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size)

    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        x = self.input_dropout(inputs * inputs.shape[-1] ** 0.5)
        num_padding = padding_mask.sum(1)
        states = shift(x, num_padding)
        for depth, layer in enumerate(self.layers):
            states, _ = layer(self.between_layers(states.contiguous()) if depth else states)
        states = self.norm(self.out(shift(states, -num_padding)))
        return states.masked_fill(padding_mask[..., None], 0.0)


def shift(values: Tensor, offset: Tensor) -> Tensor:
    """Rotate each row of ``(B, L, W)`` to the left by its own ``offset`` ``(B,)``."""
    length = values.shape[1]
    source = (torch.arange(length, device=values.device) + offset[:, None]) % length
    return values.gather(1, source[..., None].expand_as(values))
