"""Auxiliary losses of mode ``anchored`` against what their names promise, computed at length."""

import pytest
import torch
from torch import Tensor

from prism_core.models.content.losses import cross_correlation, unexplained, variance_share


def vectors(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def share_at_length(queries: Tensor, part: Tensor, rest: Tensor, columns: slice) -> Tensor:
    whole = torch.zeros_like(rest)
    whole[:, columns] = part
    taken, left = ((queries @ v.T).var(1, correction=0) for v in (whole, rest))
    return (taken / (taken + left)).mean()


@pytest.mark.parametrize("columns", [slice(3, 6), slice(0, 9)])
def test_the_share_is_that_of_the_score_s_variance_and_so_are_its_gradients(columns: slice) -> None:
    size = columns.stop - columns.start
    arguments = vectors(7, 9), vectors(20, size, seed=1), vectors(20, 9, seed=2)
    share = variance_share(*arguments, columns, 7)
    expected = share_at_length(*arguments, columns)
    torch.testing.assert_close(share, expected)
    for found, wanted in zip(
        torch.autograd.grad(share, arguments), torch.autograd.grad(expected, arguments), strict=True
    ):
        torch.testing.assert_close(found, wanted)


def test_correlation_is_the_mean_square_over_pairs_of_different_parts_with_its_gradient() -> None:
    parts = vectors(40, 3, 2)
    found = cross_correlation(parts)
    scaled = parts / (parts.square().mean(0) + 1e-6).sqrt()
    squares = [
        (scaled[:, p, a] * scaled[:, q, b]).mean().square()
        for p in range(3)
        for q in range(3)
        for a in range(2)
        for b in range(2)
        if p != q
    ]
    expected = torch.stack(squares).mean()
    torch.testing.assert_close(found, expected)
    (gradient,), (wanted,) = (torch.autograd.grad(loss, parts) for loss in (found, expected))
    torch.testing.assert_close(gradient, wanted)


def test_what_is_missed_is_a_share_of_the_variance_of_what_is_known() -> None:
    original = [vectors(6, 5).detach(), vectors(6, 2, seed=1).detach(), torch.zeros(6, 1)]
    known = torch.tensor([[1, 1, 0, 1, 0, 1], [0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1]]).bool()
    variances = torch.tensor([4.0, 0.5, 0.0])
    decoded = [vectors(6, 5, seed=2), vectors(6, 2, seed=3), vectors(6, 1, seed=4)]
    found = unexplained(decoded, original, known, variances)
    missed = [
        (decoded[0] - original[0])[known[0]].square().sum(1).mean() / 4,
        (decoded[1] - original[1])[5].square().sum() / 0.5,
    ]
    torch.testing.assert_close(found, sum(missed) / 3, check_dtype=False)
    torch.testing.assert_close(
        unexplained(original, original, known, variances), torch.tensor(0.0), check_dtype=False
    )
