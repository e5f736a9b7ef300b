"""The step and the evaluation of the code that the method's authors released, written plainly.

Every history has 50 positions, padding included: feature tables that are trained, projected at each
position and pooled; four experts run three times each; one negative per position. STOSA has all of
it twice, for means and for covariances, and a second encoder whose result is not used.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.names import PAD
from tests.benchmarks.released_encoders import (
    GaussianEncoder,
    SelfAttentionEncoder,
    pairwise_distance,
)

NUM_PARTS: Final = 4
EXPERT_HIDDEN: Final = 128
TEMPERATURE: Final = 0.7
LOSS_WEIGHT: Final = 0.1
MARGIN_WEIGHT: Final = 0.005
LISTED: Final = 40


class Fusion(nn.Module):
    """Experts of the pooled modalities and a gate; added to every position with both modalities."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * width, EXPERT_HIDDEN), nn.GELU(), nn.Linear(EXPERT_HIDDEN, width)
            )
            for _ in range(NUM_PARTS)
        )
        self.gate = nn.Sequential(
            nn.Linear((NUM_PARTS + 1) * width, 2 * width),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(2 * width, NUM_PARTS),
        )

    def forward(self, ids: Tensor, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Give inputs ``(B, L, d)`` and the expert loss from three tensors ``(B, L, d)``."""
        full, loss = self._experts(image.mean(1), text.mean(1))
        weights = (self.gate(torch.cat([*full, ids.mean(1)], dim=-1)) / TEMPERATURE).softmax(-1)
        fused = (torch.stack(full, dim=1) * weights[..., None]).sum(1)
        return ids + fused[:, None] + image + text, loss

    def _experts(self, image: Tensor, text: Tensor) -> tuple[list[Tensor], Tensor]:
        full, no_image, no_text = [], [], []
        for expert in self.experts:
            full.append(expert(torch.cat([image, text], dim=-1)))
            no_image.append(expert(torch.cat([torch.randn_like(image), text], dim=-1)))
            no_text.append(expert(torch.cat([image, torch.randn_like(text)], dim=-1)))
        unique = F.triplet_margin_loss(full[0], no_text[0], no_image[0])
        unique = unique + F.triplet_margin_loss(full[1], no_image[1], no_text[1])
        agreements = [
            (F.cosine_similarity(full[i], no_image[i]) + F.cosine_similarity(full[i], no_text[i]))
            for i in (2, 3)
        ]
        return full, unique + agreements[0].mean() / 2 + 1 - agreements[1].mean() / 2


class Features(nn.Module):
    """Trained tables of image and text, and their projections."""

    def __init__(self, features: Sequence[Tensor], width: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(
            nn.Embedding.from_pretrained(f.clone(), freeze=False) for f in features
        )
        self.projections = nn.ModuleList(nn.Linear(f.shape[1], width) for f in features)

    def forward(self, item_seq: Tensor) -> list[Tensor]:
        """Project image and text at every position: two of ``(B, L, d)``."""
        pairs = zip(self.tables, self.projections, strict=True)
        return [project(table(item_seq)) for table, project in pairs]


class ReleasedSASRec(nn.Module):
    """Item ids, content and a post-normalised transformer."""

    def __init__(self, features: Sequence[Tensor], width: int, length: int) -> None:
        super().__init__()
        self.ids = nn.Embedding(len(features[0]), width)
        self.features = Features(features, width)
        self.fusion = Fusion(width)
        self.encoder = SelfAttentionEncoder(width, length)

    def forward(self, item_seq: Tensor) -> tuple[Tensor, Tensor]:
        """States ``(B, L, d)`` and the expert loss."""
        inputs, loss = self.fusion(self.ids(item_seq), *self.features(item_seq))
        return self.encoder(inputs, item_seq == PAD), loss

    def loss(self, item_seq: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
        """Binary cross-entropy of target and negative at every position, plus the expert loss."""
        states, expert_loss = self(item_seq)
        own, other = ((states * self.ids(items)).sum(-1) for items in (targets, negatives))
        ranking = -(F.logsigmoid(own) + F.logsigmoid(-other))
        return _mean(ranking, targets != PAD) + LOSS_WEIGHT * expert_loss

    def score(self, item_seq: Tensor) -> np.ndarray:
        """Scores ``(B, N + 1)`` of all items, on the host."""
        states, _ = self(item_seq)
        return (states[:, -1] @ self.ids.weight.T).cpu().numpy().copy()


class ReleasedSTOSA(nn.Module):
    """Means and covariances of ids and content, and stochastic self-attention."""

    def __init__(self, features: Sequence[Tensor], width: int, length: int) -> None:
        super().__init__()
        self.mean_ids, self.cov_ids = (nn.Embedding(len(features[0]), width) for _ in range(2))
        self.mean_features, self.cov_features = (Features(features, width) for _ in range(2))
        self.fusion = Fusion(width)
        self.encoder = GaussianEncoder(width, length)
        self.interests = GaussianEncoder(width, length)

    def forward(self, item_seq: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """States, as means and covariances ``(B, L, d)``, and the expert loss."""
        mean_ids, cov_ids = self.mean_ids(item_seq), self.cov_ids(item_seq)
        self.interests(mean_ids, cov_ids, item_seq == PAD)
        mean, mean_loss = self.fusion(mean_ids, *self.mean_features(item_seq))
        cov, cov_loss = self.fusion(cov_ids, *self.cov_features(item_seq))
        return self.encoder(mean, cov, item_seq == PAD), (mean_loss + cov_loss) / 2

    def loss(self, item_seq: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
        """BPR of distances, with the margin between target and negative, plus the expert loss."""
        states, expert_loss = self(item_seq)
        own, other = self._items(targets), self._items(negatives)
        to_own, to_other = _distance(states, own), _distance(states, other)
        real = targets != PAD
        ranking = _mean(-F.logsigmoid(to_other - to_own), real)
        margin = _mean((to_own - _distance(own, other)).clamp_min(0), real)
        return ranking + MARGIN_WEIGHT * margin + LOSS_WEIGHT * expert_loss

    def score(self, item_seq: Tensor) -> np.ndarray:
        """Scores ``(B, N + 1)`` of all items, on the host: minus the distances."""
        (mean, cov), _ = self(item_seq)
        deviations = (F.elu(self.cov_ids.weight) + 1).sqrt()
        distance = pairwise_distance(mean[:, -1], self.mean_ids.weight)
        distance = distance + pairwise_distance(cov[:, -1].sqrt(), deviations)
        return (-distance).cpu().numpy().copy()

    def _items(self, items: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean_ids(items), F.elu(self.cov_ids(items)) + 1


RELEASED: Final[dict[str, type[ReleasedSASRec | ReleasedSTOSA]]] = {
    "sasrec": ReleasedSASRec,
    "stosa": ReleasedSTOSA,
}


def _distance(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> Tensor:
    deviations = [x[1].clamp_min(1e-24).sqrt() for x in (a, b)]
    return (a[0] - b[0]).square().sum(-1) + (deviations[0] - deviations[1]).square().sum(-1)


def _mean(values: Tensor, real: Tensor) -> Tensor:
    return (values * real).sum() / real.sum()


def evaluate(
    scores: np.ndarray, users: np.ndarray, seen: csr_matrix, targets: np.ndarray
) -> dict[str, float]:
    """Recall and NDCG of some users: a dense mask of what was seen, metrics user by user."""
    scores[seen[users].toarray() > 0] = 0
    best = np.argpartition(scores, -LISTED)[:, -LISTED:]
    values = np.take_along_axis(scores, best, axis=1)
    ranked = np.take_along_axis(best, np.argsort(values, axis=1)[:, ::-1], axis=1)
    metrics: dict[str, float] = {}
    for k in (10, 20):
        recall, gain = 0.0, 0.0
        for items, target in zip(ranked, targets, strict=True):
            actual = {target}
            recall += len(actual & set(items[:k])) / len(actual)
            gain += sum((items[place] in actual) / math.log2(place + 2) for place in range(k))
        metrics |= {f"recall@{k}": recall, f"ndcg@{k}": gain}
    return metrics
