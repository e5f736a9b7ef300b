"""The Adaptive Fusion Layer as released: one weight per expert and user (paper eq. 10-11)."""

import torch
from torch import Tensor, nn


class FusionGate(nn.Module):
    """Softmax weights from the expert vectors and the id vector.

    Parameters
    ----------
    size
        ``D``.
    num_parts
        ``P``.
    hidden_size
        Width of the hidden layer.
    temperature
        Divides the logits; the released code uses 0.7, the paper prints none.
    dropout
        Applied to the hidden layer.
    """

    def __init__(
        self,
        size: int,
        num_parts: int,
        hidden_size: int,
        temperature: float = 0.7,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.network = nn.Sequential(
            nn.Linear((num_parts + 1) * size, hidden_size),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_size, num_parts),
        )

    def forward(self, expert_outputs: Tensor, id_vectors: Tensor) -> Tensor:
        """Weigh the experts.

        Parameters
        ----------
        expert_outputs : Tensor (P, ..., D)
        id_vectors : Tensor (..., D)

        Returns
        -------
        Tensor (..., P)
            Non-negative, sum 1.
        """
        seen = torch.cat([*expert_outputs, id_vectors], dim=-1)
        return (self.network(seen) / self.temperature).softmax(-1)


def fuse(expert_outputs: Tensor, weights: Tensor) -> Tensor:
    """Add expert vectors ``(P, ..., D)`` by weights ``(..., P)``: ``(..., D)``."""
    return torch.einsum("p...d,...p->...d", expert_outputs, weights)
