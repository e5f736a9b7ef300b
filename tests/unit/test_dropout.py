"""Dropout drops what it says, as often as it says, whoever computes it."""

import pytest
import torch
from torch.nn import functional as F

from prism_core.models.dropout import Dropout, attend, drop, sliced_dropout


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.9])
def test_entries_are_dropped_at_the_rate_asked_for_and_the_rest_scaled(p: float) -> None:
    torch.manual_seed(0)
    dropped = drop(torch.ones(1000, 401), p)
    kept = dropped != 0
    error = (p * (1 - p) / kept.numel()) ** 0.5
    assert abs(float((~kept).float().mean()) - p) < 5 * error + 1e-5
    torch.testing.assert_close(dropped[kept], torch.full_like(dropped[kept], 1 / (1 - p)))
    rows = kept.float().mean(1)
    assert float(rows.std()) == pytest.approx((p * (1 - p) / 401) ** 0.5, rel=0.15)


def test_neighbours_are_dropped_independently() -> None:
    """Four entries share one draw."""
    torch.manual_seed(0)
    kept = (drop(torch.ones(200_000, 4), 0.5) != 0).float()
    assert float((torch.corrcoef(kept.T) - torch.eye(4)).abs().max()) < 0.02


def test_a_gradient_passes_where_the_value_did() -> None:
    x = torch.randn(50, 7, requires_grad=True)
    dropped = drop(x, 0.4)
    dropped.sum().backward()
    torch.testing.assert_close(x.grad, dropped.detach() / x.detach())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_precision_is_kept(dtype: torch.dtype) -> None:
    assert drop(torch.ones(8, 3, dtype=dtype), 0.5).dtype == dtype


def test_one_seed_drops_the_same_twice_and_another_does_not() -> None:
    x, masks = torch.ones(64, 5), []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        masks.append(drop(x, 0.5))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


@pytest.mark.parametrize("sizes", [(5, 6), (3, 1, 7)])
def test_slices_drop_what_the_whole_batch_drops(sizes: tuple[int, ...]) -> None:
    x = torch.randn(11, 3, 2)
    torch.manual_seed(0)
    whole, first, parts = drop(x, 0.3), 0, []
    for size in sizes:
        torch.manual_seed(0)
        with sliced_dropout(first, 11):
            parts.append(drop(x[first : first + size], 0.3))
        first += size
    assert torch.equal(torch.cat(parts), whole)
    torch.manual_seed(0)
    assert torch.equal(drop(x, 0.3), whole)


def test_nothing_is_dropped_in_evaluation_or_at_rate_zero() -> None:
    x = torch.randn(9, 4)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0).train()(x), x)


def test_attention_is_that_of_torch_on_average() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 2, 5, 8)
    visible = torch.ones(5, 5, dtype=torch.bool).tril()[None, None]
    exact = F.scaled_dot_product_attention(query, key, value, attn_mask=visible)
    torch.testing.assert_close(attend(query, key, value, visible, 0.0), exact)
    draws = torch.stack([attend(query, key, value, visible, 0.3) for _ in range(4000)])
    assert not torch.allclose(draws[0], exact)
    error = draws.std(0) / len(draws) ** 0.5
    assert bool(((draws.mean(0) - exact).abs() < 5 * error + 1e-6).all())
