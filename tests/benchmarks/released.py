"""The step and the evaluation of the code that the method's authors released, written plainly.

Image and text of every position, padding included, are looked up in trained tables and projected;
four experts run three times each; every history has 50 positions; one negative per position. The
encoder is the project's own, so that what is compared is everything around it.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.models.backbones.base import Backbone
from prism_core.names import PAD

NUM_PARTS, EXPERT_HIDDEN, TEMPERATURE = 4, 128, 0.7


class ReleasedModel(nn.Module):
    """Id, image and text tables, experts of the pooled modalities, a gate and an encoder."""

    def __init__(self, features: list[Tensor], width: int, backbone: Backbone) -> None:
        super().__init__()
        self.ids = nn.Embedding(len(features[0]), width)
        self.tables = nn.ModuleList(nn.Embedding.from_pretrained(f, freeze=False) for f in features)
        self.projections = nn.ModuleList(nn.Linear(f.shape[1], width) for f in features)
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
        self.backbone = backbone

    def forward(self, item_seq: Tensor) -> tuple[Tensor, Tensor]:
        """States ``(B, L, W)`` and the expert loss."""
        ids = self.ids(item_seq)
        pair = zip(self.tables, self.projections, strict=True)
        image, text = (project(table(item_seq)).mean(1) for table, project in pair)
        full, loss = self._experts(image, text)
        weights = (self.gate(torch.cat([*full, ids.mean(1)], dim=-1)) / TEMPERATURE).softmax(-1)
        fused = (torch.stack(full, dim=1) * weights[..., None]).sum(1)
        inputs = ids + (fused + image + text)[:, None]
        return self.backbone(inputs, item_seq == PAD), loss

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

    def loss(self, item_seq: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
        """Loss of one step: one negative per position, plus the expert loss."""
        states, expert_loss = self(item_seq)
        own, other = (
            self.backbone.paired_similarity(states.flatten(0, 1), self.ids(items).flatten(0, 1))
            for items in (targets, negatives)
        )
        real = (targets != PAD).flatten()
        ranking = -(F.logsigmoid(own) + F.logsigmoid(-other))
        return (ranking * real).sum() / real.sum() + 0.1 * expert_loss

    def score(self, item_seq: Tensor) -> np.ndarray:
        """Scores ``(B, N + 1)`` of all items, on the host."""
        states, _ = self(item_seq)
        return self.backbone.similarity(states[:, -1], self.ids.weight).cpu().numpy().copy()


def evaluate(
    scores: np.ndarray, seen: list[np.ndarray], targets: np.ndarray, k: int = 20
) -> tuple[float, float]:
    """Recall and NDCG of some users: seen items masked and metrics summed user by user."""
    for row, items in zip(scores, seen, strict=True):
        row[items] = 0
    best = np.argpartition(scores, -k)[:, -k:]
    values = np.take_along_axis(scores, best, axis=1)
    ranked = np.take_along_axis(best, np.argsort(-values, axis=1), axis=1)
    recall, gain = 0.0, 0.0
    for items, target in zip(ranked.tolist(), targets.tolist(), strict=True):
        if target in items:
            recall += 1
            gain += 1 / np.log2(items.index(target) + 2)
    return recall, gain
