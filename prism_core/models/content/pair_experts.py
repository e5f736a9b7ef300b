"""The Interaction Expert Layer as published: every expert reads [image, text] (paper eq. 1-9)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.names import MODALITIES, PARTS


@dataclass(frozen=True, slots=True)
class ExpertOutputs:
    """What the experts say with both modalities and with one replaced.

    Attributes
    ----------
    full, without_image, without_text : Tensor (P, n, D)
    """

    full: Tensor
    without_image: Tensor
    without_text: Tensor


class PairExperts(nn.Module):
    """Four experts ``Linear(2 D, hidden), GELU, Linear(hidden, D)`` with separate weights.

    The weights of all experts are stacked, and the first layer is kept as one block per modality,
    so that the full pass and both withheld passes share their products: four half-width products
    and one grouped second layer instead of twelve forward passes.

    Parameters
    ----------
    size
        ``D``, the size of the projected image and text vectors and of the outputs.
    hidden_size
        Width of the hidden layer.
    dropout
        Applied to the hidden layer.
    """

    def __init__(self, size: int, hidden_size: int, dropout: float = 0.0) -> None:
        super().__init__()
        modalities, parts = len(MODALITIES), len(PARTS)
        self.w1 = nn.Parameter(torch.empty(modalities, parts, size, hidden_size))
        self.b1 = nn.Parameter(torch.empty(parts, 1, hidden_size))
        self.w2 = nn.Parameter(torch.empty(parts, hidden_size, size))
        self.b2 = nn.Parameter(torch.empty(parts, 1, size))
        self.dropout = nn.Dropout(dropout)
        self._reset((modalities * size) ** -0.5, hidden_size**-0.5)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Run every expert on vectors ``(..., D)``: ``(P, ..., D)``."""
        pair = torch.stack([image, text]).flatten(1, -2)
        hidden = torch.einsum("mnd,mpdh->pnh", pair, self.w1) + self.b1
        return self._second_layer(hidden).unflatten(1, image.shape[:-1])

    def with_replacements(self, image: Tensor, text: Tensor, noise: Tensor) -> ExpertOutputs:
        """Run every expert on both modalities and with either one replaced.

        Parameters
        ----------
        image, text : Tensor (n, D)
        noise : Tensor (P, M, n, D)
            Replacement of each modality, of its own for each expert.
        """
        image_kept, text_kept = torch.einsum("mnd,mpdh->mpnh", torch.stack([image, text]), self.w1)
        image_lost, text_lost = torch.einsum("pmnd,mpdh->mpnh", noise, self.w1)
        passes = [image_kept + text_kept, image_lost + text_kept, image_kept + text_lost]
        outputs = self._second_layer(torch.cat(passes, dim=1) + self.b1)
        return ExpertOutputs(*outputs.chunk(3, dim=1))

    def _second_layer(self, hidden: Tensor) -> Tensor:
        return torch.baddbmm(self.b2, self.dropout(F.gelu(hidden)), self.w2)

    def _reset(self, first_bound: float, second_bound: float) -> None:
        for parameter, bound in (
            (self.w1, first_bound),
            (self.b1, first_bound),
            (self.w2, second_bound),
            (self.b2, second_bound),
        ):
            nn.init.uniform_(parameter, -bound, bound)
