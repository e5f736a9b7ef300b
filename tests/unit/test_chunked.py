"""The chunked loss is the plain cross-entropy, in value and in both gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.models.chunked import CHUNK, chunked_cross_entropy


def inner(queries: Tensor, items: Tensor) -> Tensor:
    return queries @ items.T


def squared_distance(queries: Tensor, items: Tensor) -> Tensor:
    return -torch.cdist(queries, items).square()


@pytest.mark.parametrize("count", [1, CHUNK, 2 * CHUNK + 3])
@pytest.mark.parametrize("similarity", [inner, squared_distance])
def test_chunked_loss_equals_the_whole_one(count: int, similarity: object) -> None:
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    items = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(30, (count,), generator=generator)

    def gradients(loss: object) -> tuple[Tensor, ...]:
        leaves = (queries.clone().requires_grad_(), items.clone().requires_grad_())
        value = loss(*leaves) / 7
        return (value.detach(), *torch.autograd.grad(value, leaves))

    whole = gradients(lambda q, i: F.cross_entropy(similarity(q, i), targets, reduction="sum"))
    chunked = gradients(lambda q, i: chunked_cross_entropy(similarity, q, i, targets))
    for ours, theirs in zip(chunked, whole, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
