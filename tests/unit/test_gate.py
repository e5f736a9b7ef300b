"""What the gate averages, and what it does not look at."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from prism_core.config.model import ModelConfig
from prism_core.models.content.gate import Gate
from prism_core.models.content.prefixes import layer_of_prefix_means, prefix_means


def test_means_are_of_the_real_positions_so_far() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(5, 7, 3, generator=generator, dtype=torch.float64)
    padding_mask = torch.rand(5, 7, generator=generator) < 0.4
    padding_mask[0], padding_mask[1] = True, False
    found = prefix_means(values, padding_mask)
    for row in range(5):
        for position in range(7):
            real = ~padding_mask[row, : position + 1]
            seen = values[row, : position + 1][real]
            expected = seen.mean(0) if len(seen) else torch.zeros(3, dtype=torch.float64)
            torch.testing.assert_close(found[row, position], expected)


def test_means_in_half_precision_are_taken_in_single() -> None:
    values = torch.linspace(1, 2, 3000, dtype=torch.float64).view(1, 3000, 1)
    is_padding = torch.zeros(1, 3000, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = prefix_means(values.bfloat16(), is_padding)
    assert found.dtype == torch.float32
    expected = prefix_means(values.bfloat16().double(), is_padding)
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("is_normalised", [True, False])
def test_a_layer_of_means_is_that_of_means_once_formed_and_learns_alike(
    is_normalised: bool,
) -> None:
    torch.manual_seed(0)
    read = [torch.randn(5, 7, size, dtype=torch.float64, requires_grad=True) for size in (6, 3)]
    padding_mask = torch.rand(5, 7) < 0.4
    padding_mask[0], padding_mask[1] = True, False
    layer, norm = nn.Linear(9, 4).double(), nn.LayerNorm(9).double()
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    means = prefix_means(torch.cat(read, dim=-1), padding_mask)
    expected = layer(norm(means) if is_normalised else means)
    found = layer_of_prefix_means(read, padding_mask, layer, norm if is_normalised else None)
    torch.testing.assert_close(found, expected)
    weight, learned = torch.randn_like(found), [*read, *layer.parameters()]
    learned += norm.parameters() if is_normalised else []
    gradients = [torch.autograd.grad((said * weight).sum(), learned) for said in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_layer_of_means_is_computed_in_single_precision() -> None:
    torch.manual_seed(0)
    values, layer, norm = torch.randn(2, 300, 8), nn.Linear(8, 3), nn.LayerNorm(8)
    is_padding = torch.zeros(2, 300, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer_of_prefix_means([values.bfloat16()], is_padding, layer, norm)
    assert found.dtype == torch.float32
    means = prefix_means(values.bfloat16().double(), is_padding)
    expected = layer.double()(norm.double()(means))
    torch.testing.assert_close(found.double(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kind", "averaged"), [("uniform", []), ("no_id", [8]), ("user", [13])])
def test_only_what_the_gate_reads_is_averaged(
    kind: str, averaged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def record(read: Sequence[Tensor], *others: object) -> Tensor:
        seen.append(sum(values.shape[-1] for values in read))
        return layer_of_prefix_means(read, *others)

    monkeypatch.setattr("prism_core.models.content.gate.layer_of_prefix_means", record)
    torch.manual_seed(0)
    gate = Gate(ModelConfig(gate=kind), 8, 5, torch.ones(4, dtype=torch.bool)).eval()
    padding_mask = torch.zeros(2, 6, dtype=torch.bool)
    weights = gate(torch.randn(4, 2, 6, 2), torch.randn(2, 6, 5), padding_mask, torch.rand(4))
    assert seen == averaged
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 6))
    assert torch.equal(weights, weights[:1].expand_as(weights)) == (kind == "uniform")
