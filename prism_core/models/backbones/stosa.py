"""STOSA: sequential recommendation by stochastic self-attention (doi:10.1145/3485447.3512077)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.sasrec import attention_mask, project_newest
from prism_core.models.backbones.wasserstein import (
    Gaussian,
    elementwise_wasserstein,
    pairwise_wasserstein,
    wasserstein_keys,
    wasserstein_queries,
)
from prism_core.models.dropout import Dropout


class STOSA(Backbone):
    """Items and users as Gaussians with diagonal covariance, compared by 2-Wasserstein distance.

    An item vector holds a mean and a raw covariance in alternating columns, so that any block of
    columns, such as a part, says something of both; ``elu + 1`` makes covariances positive, and
    those of states are so already. Attention looks at what is near: minus the squared distance
    between Gaussian queries and keys.
    """

    num_streams = 2

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = self.num_streams * config.hidden_size
        self.mean_stream_bug = config.stosa.mean_stream_bug
        self.positions = nn.Parameter(torch.randn(config.max_seq_len, width) * 0.02)
        self.mean_norm = nn.LayerNorm(config.hidden_size)
        self.cov_norm = nn.LayerNorm(config.hidden_size)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))

    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        return self._encode(inputs, padding_mask, inputs.shape[1])

    def newest(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        return self._encode(inputs, padding_mask, 1)[:, 0]

    def _encode(self, inputs: Tensor, padding_mask: Tensor, wanted: int) -> Tensor:
        """Give the newest states ``(B, wanted, W)``; the last block computes no others."""
        mean, cov = split_streams(inputs + self.positions[-inputs.shape[1] :])
        mean = F.elu(self.dropout(self.mean_norm(mean)))
        cov = positive(self.dropout(self.cov_norm(cov)))
        visible = attention_mask(padding_mask)
        lengths = [inputs.shape[1]] * (len(self.blocks) - 1) + [wanted]
        for block, length in zip(self.blocks, lengths, strict=True):
            updated_mean, cov = block(mean, cov, visible, length)
            mean = mean[:, -length:] if self.mean_stream_bug else updated_mean
        return join_streams(mean, cov)

    def as_queries(self, states: Tensor) -> Tensor:
        return wasserstein_queries(Gaussian(*split_streams(states)))

    def as_keys(self, candidates: Tensor) -> Tensor:
        return wasserstein_keys(as_gaussian(candidates))

    def paired_similarity(self, states: Tensor, candidates: Tensor) -> Tensor:
        states = states.view(len(states), *(1,) * (candidates.ndim - 2), states.shape[-1])
        return -elementwise_wasserstein(Gaussian(*split_streams(states)), as_gaussian(candidates))

    def item_similarity(self, items: Tensor, others: Tensor) -> Tensor:
        return -elementwise_wasserstein(as_gaussian(items), as_gaussian(others))


class Block(nn.Module):
    """Wasserstein attention and a feed-forward network per stream, added and normalised."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.num_heads = config.num_heads
        self.mean_qkv, self.cov_qkv = nn.Linear(size, 3 * size), nn.Linear(size, 3 * size)
        self.mean_out, self.cov_out = nn.Linear(size, size), nn.Linear(size, size)
        self.mean_norm, self.cov_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.mean_feed, self.cov_feed = FeedForward(config), FeedForward(config)
        self.attention_dropout = Dropout(config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, mean: Tensor, cov: Tensor, visible: Tensor, wanted: int
    ) -> tuple[Tensor, Tensor]:
        """Map means and covariances ``(B, L, D)`` to the newest ``(B, wanted, D)``."""
        of_mean = project_newest(self.mean_qkv, mean, wanted)
        of_cov = project_newest(self.cov_qkv, cov, wanted, positive)
        mean_q, mean_k, mean_v = (self._heads(vectors) for vectors in of_mean)
        cov_q, cov_k, cov_v = (self._heads(vectors) for vectors in of_cov)
        mean, cov, visible = mean[:, -wanted:], cov[:, -wanted:], visible[:, :, -wanted:]
        distance = pairwise_wasserstein(Gaussian(mean_q, cov_q), Gaussian(mean_k, cov_k))
        logits = -distance / mean_q.shape[-1] ** 0.5
        weights = logits.masked_fill(~visible, float("-inf")).softmax(-1)
        weights = self.attention_dropout(weights)
        mean_mixed = self.mean_out(_join(weights @ mean_v))
        cov_mixed = self.cov_out(_join(weights.square() @ cov_v))
        mean = self.mean_feed(self.mean_norm(mean + self.dropout(mean_mixed)))
        cov = self.cov_feed(self.cov_norm(cov + self.dropout(cov_mixed)))
        return mean, positive(cov)

    def _heads(self, vectors: Tensor) -> Tensor:
        """Split ``(B, L, D)`` into heads ``(B, heads, L, D / heads)``."""
        return vectors.unflatten(2, (self.num_heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two layers, added to their input and normalised."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.network = nn.Sequential(
            nn.Linear(size, 4 * size),
            nn.ELU(),
            nn.Linear(4 * size, size),
            Dropout(config.dropout),
        )
        self.norm = nn.LayerNorm(size)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, L, D)`` to ``(B, L, D)``."""
        return self.norm(x + self.network(x))


def positive(raw: Tensor) -> Tensor:
    """Turn raw covariances into positive ones."""
    return F.elu(raw) + 1


def split_streams(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Take ``(..., 2 D)`` apart into mean and covariance ``(..., D)``."""
    return vectors[..., ::2], vectors[..., 1::2]


def join_streams(mean: Tensor, cov: Tensor) -> Tensor:
    """Put mean and covariance ``(..., D)`` into alternating columns ``(..., 2 D)``."""
    return torch.stack([mean, cov], dim=-1).flatten(-2)


def as_gaussian(items: Tensor) -> Gaussian:
    """Read item vectors ``(..., 2 D)`` as means and raw covariances."""
    mean, raw_cov = split_streams(items)
    return Gaussian(mean, positive(raw_cov))


def _join(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2).flatten(2)
