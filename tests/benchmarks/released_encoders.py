"""The encoders of the released code: one layer, four heads, attention written out."""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEADS: Final = 4
DROPOUT: Final = 0.3
HIDDEN_FACTOR: Final = 4
HIDDEN: Final = -10_000.0


class SelfAttentionEncoder(nn.Module):
    """Positions, attention and a feed-forward network four times as wide, norms after each."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.positions = nn.Embedding(length, width)
        self.norm, self.dropout = Norm(width), nn.Dropout(DROPOUT)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.attention_dropout = nn.Dropout(DROPOUT)
        self.out = Residual(width, nn.Linear(width, width))
        self.feed = Residual(width, feed_forward(width, Gelu()))

    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        """Map ``(B, L, d)`` to ``(B, L, d)``."""
        x = self.dropout(self.norm(inputs + _positions(self.positions, inputs)))
        query, key, value = (heads(p(x)) for p in (self.query, self.key, self.value))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = self.attention_dropout((scores + causal_mask(padding_mask)).softmax(-1))
        return self.feed.of(self.out(x, join(weights @ value)))


class GaussianEncoder(nn.Module):
    """The same for means and covariances: attention by their 2-Wasserstein distance."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.mean_positions, self.cov_positions = (nn.Embedding(length, width) for _ in range(2))
        self.norm, self.dropout = Norm(width), nn.Dropout(DROPOUT)
        self.mean_qkv = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.cov_qkv = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.attention_dropout = nn.Dropout(DROPOUT)
        self.mean_out = Residual(width, nn.Linear(width, width))
        self.cov_out = Residual(width, nn.Linear(width, width))
        self.mean_feed = Residual(width, feed_forward(width, nn.ELU()))
        self.cov_feed = Residual(width, feed_forward(width, nn.ELU()))

    def forward(self, mean: Tensor, cov: Tensor, padding_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map means and covariances ``(B, L, d)`` to the same."""
        mean = self.dropout(self.norm(mean + _positions(self.mean_positions, mean)))
        cov = self.dropout(self.norm(cov + _positions(self.cov_positions, cov)))
        mean, cov = F.elu(mean), F.elu(cov) + 1
        mean_q, mean_k, mean_v = (heads(p(mean)) for p in self.mean_qkv)
        cov_q, cov_k, cov_v = (heads(F.elu(p(cov)) + 1) for p in self.cov_qkv)
        distance = pairwise_distance(mean_q, mean_k)
        distance = distance + pairwise_distance(cov_q.sqrt(), cov_k.sqrt())
        scores = -distance / mean_q.shape[-1] ** 0.5 + causal_mask(padding_mask)
        weights = self.attention_dropout(scores.softmax(-1))
        mean = self.mean_feed.of(self.mean_out(mean, join(weights @ mean_v)))
        cov = self.cov_feed.of(self.cov_out(cov, join(weights.square() @ cov_v)))
        return mean, F.elu(cov) + 1


class Residual(nn.Module):
    """A network whose result is dropped out, added and normalised."""

    def __init__(self, width: int, network: nn.Module) -> None:
        super().__init__()
        self.network, self.norm, self.dropout = network, Norm(width), nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Add what the network makes of ``inputs`` to ``x``."""
        normalised: Tensor = self.norm(x + self.dropout(self.network(inputs)))
        return normalised

    def of(self, x: Tensor) -> Tensor:
        """Add what the network makes of ``x`` to it."""
        added: Tensor = self(x, x)
        return added


class Norm(nn.Module):
    """Layer normalisation written out, as the released code has it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``(..., d)``."""
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.pow(2).mean(-1, keepdim=True)
        return self.weight * (centred / torch.sqrt(variance + 1e-12)) + self.bias


class Gelu(nn.Module):
    """The activation written out, as the released code has it."""

    def forward(self, x: Tensor) -> Tensor:
        """Map any shape to the same."""
        return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


def feed_forward(width: int, activation: nn.Module) -> nn.Sequential:
    """Two layers, the inner one four times as wide."""
    inner = HIDDEN_FACTOR * width
    return nn.Sequential(nn.Linear(width, inner), activation, nn.Linear(inner, width))


def heads(vectors: Tensor) -> Tensor:
    """Split ``(B, L, d)`` into ``(B, heads, L, d / heads)``."""
    return vectors.unflatten(2, (HEADS, -1)).transpose(1, 2)


def join(mixed: Tensor) -> Tensor:
    """Put heads ``(B, heads, L, d / heads)`` back together: ``(B, L, d)``."""
    return mixed.transpose(1, 2).flatten(2)


def causal_mask(padding_mask: Tensor) -> Tensor:
    """What is added to scores ``(B, heads, L, L)``: a large negative number at what is hidden."""
    length = padding_mask.shape[1]
    future = torch.ones(length, length, dtype=torch.bool, device=padding_mask.device).triu(1)
    return HIDDEN * (future | padding_mask[:, None, :])[:, None].float()


def _positions(table: nn.Embedding, inputs: Tensor) -> Tensor:
    vectors: Tensor = table(torch.arange(inputs.shape[1], device=inputs.device))
    return vectors


def pairwise_distance(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances ``(..., A, B)`` of ``(..., A, d)`` and ``(..., B, d)``."""
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    return squares - 2 * a @ b.transpose(-1, -2)
