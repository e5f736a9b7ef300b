"""The published losses that give each expert its role (paper eq. 3-9)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.models.content.pair_experts import ExpertOutputs
from prism_core.names import PARTS

Triplet = Callable[[Tensor, Tensor, Tensor], Tensor]

EPSILON = 1e-7


def euclidean_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Hinge on Euclidean distances over the last dimension, as in the released code: a scalar."""
    near = F.pairwise_distance(anchor, positive, eps=EPSILON)
    far = F.pairwise_distance(anchor, negative, eps=EPSILON)
    return F.relu(near - far + margin).mean()


def cosine_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Hinge on distances ``1 - cos`` over the last dimension, as in the paper: a scalar."""
    near = 1 - F.cosine_similarity(anchor, positive, dim=-1)
    far = 1 - F.cosine_similarity(anchor, negative, dim=-1)
    return F.relu(near - far + margin).mean()


def role_losses(outputs: ExpertOutputs, triplet: Triplet) -> Tensor:
    """Compute the loss of each role.

    A unique expert should change when its modality is replaced and not when the other one is;
    synergy should change with either, redundancy with neither.

    Parameters
    ----------
    outputs
        Expert vectors, or the predictions made from them, with and without replacement.
    triplet
        Called with anchor, positive and negative ``(n, D)``.

    Returns
    -------
    Tensor (P,)
        In the order of ``PARTS``, not weighted.
    """
    full, no_image, no_text = outputs.full, outputs.without_image, outputs.without_text
    image, text, synergy, redundancy = range(len(PARTS))
    return torch.stack(
        [
            triplet(full[image], no_text[image], no_image[image]),
            triplet(full[text], no_image[text], no_text[text]),
            _agreement(outputs, synergy),
            1 - _agreement(outputs, redundancy),
        ]
    )


def _agreement(outputs: ExpertOutputs, part: int) -> Tensor:
    replaced = torch.stack([outputs.without_image[part], outputs.without_text[part]])
    return F.cosine_similarity(outputs.full[part], replaced, dim=-1).mean()
