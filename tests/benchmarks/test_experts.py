"""What one grouped product saves over running every expert on every input by itself."""

import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.models.content.pair_experts import PairExperts

USERS, SIZE, HIDDEN, REPEATS = 256, 64, 128, 20


def one_by_one(experts: PairExperts, pair: Tensor, replacement: Tensor) -> list[Tensor]:
    """Run four experts three times each, as twelve separate networks."""
    outputs = []
    for part in range(4):
        for image, text in (
            (pair[0], pair[1]),
            (replacement[part, 0], pair[1]),
            (pair[0], replacement[part, 1]),
        ):
            both = torch.cat([image, text], dim=-1)
            hidden = F.gelu(both @ experts.w1[:, part].flatten(0, 1) + experts.b1[part])
            outputs.append(hidden @ experts.w2[part] + experts.b2[part])
    return outputs


def seconds(step: Callable[[], Tensor]) -> float:
    """Give the shortest of some forward and backward passes."""
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        step().backward()
        best = min(best, time.perf_counter() - began)
    return best


@pytest.mark.benchmark
def test_grouped_passes_cost_less_than_twelve() -> None:
    torch.manual_seed(0)
    experts = PairExperts(SIZE, HIDDEN)
    pair, replacement = torch.randn(2, USERS, SIZE), torch.randn(4, 2, USERS, SIZE)

    def grouped() -> Tensor:
        outputs = experts.with_replacements(pair, replacement)
        return (outputs.full + outputs.without_image + outputs.without_text).sum()

    def separate() -> Tensor:
        return torch.stack(one_by_one(experts, pair, replacement)).sum()

    torch.testing.assert_close(grouped(), separate(), rtol=1e-4, atol=1e-2)
    ratio = seconds(grouped) / seconds(separate)
    print(f"grouped / separate expert passes: {ratio:.2f}")
    assert ratio < 1.1
