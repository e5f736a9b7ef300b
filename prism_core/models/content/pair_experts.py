"""The Interaction Expert Layer as published: every expert reads [image, text] (paper eq. 1-9)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prism_core.models.dropout import Dropout

NUM_MODALITIES = 2
NUM_PARTS = 4


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
        self.w1 = nn.Parameter(torch.empty(NUM_MODALITIES, NUM_PARTS, size, hidden_size))
        self.b1 = nn.Parameter(torch.empty(NUM_PARTS, 1, hidden_size))
        self.w2 = nn.Parameter(torch.empty(NUM_PARTS, hidden_size, size))
        self.b2 = nn.Parameter(torch.empty(NUM_PARTS, 1, size))
        self.dropout = Dropout(dropout)
        self._reset((NUM_MODALITIES * size) ** -0.5, hidden_size**-0.5)

    def forward(self, pair: Tensor) -> Tensor:
        """Run every expert on pairs of its own ``(P, M, n, D)``: ``(P, n, D)``."""
        return self._second_layer(torch.einsum("pmnd,mpdh->pnh", pair, self.w1) + self.b1)

    def with_replacements(self, pair: Tensor, replacement: Tensor) -> ExpertOutputs:
        """Run every expert on both modalities and with either one replaced.

        Parameters
        ----------
        pair : Tensor (M, n, D)
            Image and text, the same for all experts.
        replacement : Tensor (P, M, n, D)
            What stands in for each modality, of its own for each expert.
        """
        image_kept, text_kept = torch.einsum("mnd,mpdh->mpnh", pair, self.w1)
        image_lost, text_lost = torch.einsum("pmnd,mpdh->mpnh", replacement, self.w1)
        passes = [image_kept + text_kept, image_lost + text_kept, image_kept + text_lost]
        outputs = self._second_layer(torch.cat(passes, dim=1) + self.b1)
        return ExpertOutputs(*outputs.chunk(3, dim=1))

    def _second_layer(self, hidden: Tensor) -> Tensor:
        return self.dropout(F.gelu(hidden)) @ self.w2 + self.b2

    def _reset(self, first_bound: float, second_bound: float) -> None:
        for parameter, bound in (
            (self.w1, first_bound),
            (self.b1, first_bound),
            (self.w2, second_bound),
            (self.b2, second_bound),
        ):
            nn.init.uniform_(parameter, -bound, bound)


class Predictions(nn.Module):
    """Predictions ``y_j = P_j(S_j(e_id, e_j))`` of each expert beside the id (paper eq. 3).

    The paper gives neither ``S_j`` nor ``P_j``; here ``S_j`` is a linear map of [e_id, e_j] with
    a GELU and ``P_j`` a linear map to the space of item vectors.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.from_id = nn.Parameter(torch.randn(NUM_PARTS, size, size) * (2 * size) ** -0.5)
        self.from_expert = nn.Parameter(torch.randn(NUM_PARTS, size, size) * (2 * size) ** -0.5)
        self.hidden_bias = nn.Parameter(torch.zeros(NUM_PARTS, 1, size))
        self.out = nn.Parameter(torch.randn(NUM_PARTS, size, size) * size**-0.5)
        self.out_bias = nn.Parameter(torch.zeros(NUM_PARTS, 1, size))

    def forward(self, outputs: ExpertOutputs, id_vectors: Tensor) -> ExpertOutputs:
        """Predict from expert vectors and ids ``(n, D)``, all three passes at once."""
        passes = torch.cat([outputs.full, outputs.without_image, outputs.without_text], dim=1)
        ids = (id_vectors @ self.from_id).repeat(1, 3, 1)
        hidden = F.gelu(passes @ self.from_expert + ids + self.hidden_bias)
        return ExpertOutputs(*(hidden @ self.out + self.out_bias).chunk(3, dim=1))


def replacements(pair: Tensor, how: str, generator: torch.Generator) -> Tensor:
    """Draw what stands in for a withheld modality, anew for each expert.

    Parameters
    ----------
    pair : Tensor (M, n, D)
        Image and text vectors.
    how
        ``swap``: another row's vector; ``mean``: that over rows; ``zero``; ``noise``: normal with
        the rows' own mean and spread; ``unscaled``: standard normal.
    generator

    Returns
    -------
    Tensor (P, M, n, D)
    """
    shape = (NUM_PARTS, *pair.shape)
    mean, spread = pair.mean(1, keepdim=True), pair.std(1, correction=0, keepdim=True)
    if how == "zero":
        return pair.new_zeros(shape)
    if how == "mean":
        return mean.expand(shape)
    if how == "swap":
        return _other_rows(pair, generator)
    noise = torch.randn(shape, generator=generator, device=generator.device).to(pair)
    return noise if how == "unscaled" else mean + spread * noise


def _other_rows(pair: Tensor, generator: torch.Generator) -> Tensor:
    modalities, count, size = pair.shape
    shape = (NUM_PARTS, modalities, count, 1)
    step = torch.randint(1, max(count, 2), shape, generator=generator, device=generator.device)
    other = (torch.arange(count, device=pair.device)[:, None] + step.to(pair.device)) % count
    return pair.expand(NUM_PARTS, -1, -1, -1).gather(2, other.expand(-1, -1, -1, size))
