"""The chunked loss is the plain cross-entropy, in value and in both gradients."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models import chunked
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.gru4rec import GRU4Rec
from prism_core.models.backbones.stosa import STOSA
from prism_core.models.objectives import full_softmax

NUM_ITEMS, CHUNK = 30, 8


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunked, "MIN_CHUNK", CHUNK)
    monkeypatch.setattr(chunked, "CPU_LOGITS", CHUNK * NUM_ITEMS)


def drawn(count: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(count, 8, generator=generator, dtype=dtype)
    items = torch.randn(NUM_ITEMS + 1, 8, generator=generator, dtype=dtype)
    return queries.abs(), items, torch.randint(1, NUM_ITEMS + 1, (count,), generator=generator)


def gradients(loss: Callable[..., Tensor], *leaves: Tensor) -> tuple[Tensor, ...]:
    leaves = tuple(leaf.clone().requires_grad_() for leaf in leaves)
    value = loss(*leaves) / 7
    return (value.detach(), *torch.autograd.grad(value, leaves))


@pytest.mark.parametrize("count", [1, CHUNK, 2 * CHUNK + 3])
@pytest.mark.parametrize("backbone", [GRU4Rec, STOSA])
def test_chunked_loss_equals_the_whole_one(
    count: int, backbone: Callable[[ModelConfig], Backbone]
) -> None:
    model = backbone(ModelConfig(hidden_size=4, num_heads=2))
    queries, items, targets = drawn(count, torch.float64)

    def whole(q: Tensor, i: Tensor) -> Tensor:
        return F.cross_entropy(model.similarity(q, i)[:, 1:], targets - 1, reduction="sum")

    expected = gradients(whole, queries, items)
    found = gradients(lambda q, i: full_softmax(model, q, i, targets), queries, items)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_large_logits_do_not_overflow() -> None:
    queries, items, targets = drawn(CHUNK, torch.float32)
    loss = chunked.chunked_cross_entropy(300 * queries, items, targets)
    expected = F.cross_entropy(300 * queries @ items.T, targets, reduction="sum")
    torch.testing.assert_close(loss, expected)


def test_loss_under_bfloat16_autocast_is_near_the_exact_one() -> None:
    queries, items, targets = drawn(64, torch.float32)
    model = GRU4Rec(ModelConfig(hidden_size=8))
    exact = gradients(lambda q, i: full_softmax(model, q, i, targets), queries, items)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = gradients(lambda q, i: full_softmax(model, q, i, targets), queries, items)
    for ours, theirs in zip(rounded, exact, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=0.05, atol=0.02)
