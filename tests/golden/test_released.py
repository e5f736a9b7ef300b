"""The released layers, value by value, in float64."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.config.model import LossWeights, ModelConfig
from prism_core.models.backbones.wasserstein import (
    Gaussian,
    elementwise_wasserstein,
    pairwise_wasserstein,
)
from prism_core.models.content.base import StepContext
from prism_core.models.content.expert_losses import euclidean_triplet, role_losses
from prism_core.models.content.gate import Gate
from prism_core.models.content.pair_experts import ExpertOutputs, PairExperts
from prism_core.models.content.released import ReleasedContent
from prism_core.models.features import FeatureSpace
from prism_core.models.part_tables import DenseParts
from prism_core.names import PARTS

close = partial(torch.testing.assert_close, rtol=0.0, atol=1e-9)
LAMBDA = 0.1
LAYERS = ("w1", "b1", "w2", "b2")


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    with np.load(Path(__file__).with_name("prism_released.npz")) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def outputs(golden: dict[str, Tensor]) -> ExpertOutputs:
    return _experts(golden).with_replacements(_pair(golden), golden["noise"])


def test_expert_outputs(golden, outputs):
    close(outputs.full, golden["expert_outputs"])


def test_masked_outputs(golden, outputs):
    close(outputs.without_image, golden["masked_outputs"][:, 0])
    close(outputs.without_text, golden["masked_outputs"][:, 1])


def test_plain_pass_equals_the_batched_one(golden, outputs):
    plain = _experts(golden)(_pair(golden).expand(len(PARTS), -1, -1, -1))
    close(plain, outputs.full)


def test_losses(golden, outputs):
    losses = role_losses(outputs, partial(euclidean_triplet, margin=1.0))
    close(losses, torch.stack([golden[f"loss_{part}"] for part in PARTS]))
    close(LAMBDA * losses.sum(), golden["loss_total"])


def test_fusion(golden, outputs):
    parts = outputs.full.transpose(0, 1)
    ids = golden["item_id"].mean(1)
    weights = _gate(golden).weigh(parts.flatten(1)[:, None], ids[:, None], ids)[:, 0]
    close(weights, golden["fusion_weights"])
    close((weights[..., None] * parts).sum(1), golden["fused"])


def test_wasserstein(golden):
    a = Gaussian(golden["w2_mean_a"], golden["w2_cov_a"])
    b = Gaussian(golden["w2_mean_b"], golden["w2_cov_b"])
    close(pairwise_wasserstein(a, b), golden["w2_pairwise"])
    first = Gaussian(b.mean[:5], b.cov[:5])
    close(elementwise_wasserstein(a, first), golden["w2_elementwise"])


@pytest.fixture(scope="module")
def content(golden: dict[str, Tensor]) -> ReleasedContent:
    """The whole module with the golden weights: every position of a history is an item."""
    config = ModelConfig(
        mode="released",
        hidden_size=8,
        expert_hidden_size=16,
        gate_hidden_size=16,
        temperature=float(golden["temperature"]),
        losses=LossWeights(experts=LAMBDA),
    )
    rows = {name: F.pad(golden[name].flatten(0, 1), (0, 0, 1, 0)) for name in ("image", "text")}
    known = torch.arange(len(rows["image"])) > 0
    spaces = {name: FeatureSpace(values.float(), known, 8) for name, values in rows.items()}
    made = ReleasedContent(config, spaces, 8).double().eval()
    made.experts.load_state_dict(_experts(golden).state_dict())
    made.gate.load_state_dict(_gate(golden).state_dict())
    with torch.no_grad():
        for table, values, layer in zip(made.tables, rows.values(), made.projections, strict=True):
            table.copy_(values)
            layer.weight.copy_(torch.eye(8))
            layer.bias.zero_()
    return made


def _histories(golden: dict[str, Tensor]) -> Tensor:
    users, length = golden["image"].shape[:2]
    return torch.arange(1, users * length + 1).view(users, length)


def test_the_whole_module_gives_the_golden_weights_and_the_fused_vector(golden, content):
    item_seq, ids = _histories(golden), golden["item_id"]
    part_seq = content.item_parts()[item_seq].unbind(2)
    vectors, weights = content.read(part_seq, ids, torch.zeros_like(item_seq, dtype=torch.bool))
    raw = golden["image"] + golden["text"]
    for position in range(item_seq.shape[1]):
        close(weights[:, position], golden["fusion_weights"])
    close(vectors, golden["fused"][:, None] + raw)


def test_the_whole_module_gives_the_golden_losses(golden, content, monkeypatch):
    drawn = lambda pair, how, generator: golden["noise"]  # noqa: E731
    monkeypatch.setattr("prism_core.models.content.released.replacements", drawn)
    item_seq, ids = _histories(golden), golden["item_id"]
    nothing = torch.zeros(0)
    context = StepContext(
        item_seq, torch.zeros_like(item_seq, dtype=torch.bool), ids, lambda items: ids,
        DenseParts(content.item_parts()), nothing, nothing, nothing, 1.0, torch.Generator(),
    )  # fmt: skip
    losses = content.auxiliary_losses(context)
    for part in PARTS:
        close(losses[f"expert_{part}"], LAMBDA * golden[f"loss_{part}"])
    close(sum(losses.values()), golden["loss_total"])


def _experts(golden: dict[str, Tensor]) -> PairExperts:
    experts = PairExperts(size=8, hidden_size=16).double()
    stacked = {name: torch.stack([golden[f"{part}.{name}"] for part in PARTS]) for name in LAYERS}
    image, text = stacked["w1"].transpose(1, 2).chunk(2, dim=1)
    experts.load_state_dict(
        {
            "w1": torch.stack([image, text]),
            "b1": stacked["b1"][:, None],
            "w2": stacked["w2"].transpose(1, 2),
            "b2": stacked["b2"][:, None],
        }
    )
    return experts


def _pair(golden: dict[str, Tensor]) -> Tensor:
    return torch.stack([golden["image"].mean(1), golden["text"].mean(1)])


def _gate(golden: dict[str, Tensor]) -> Gate:
    config = ModelConfig(gate_hidden_size=16, temperature=float(golden["temperature"]))
    is_on = torch.ones(len(PARTS), dtype=torch.bool)
    gate = Gate(config, parts_size=4 * 8, id_size=8, is_on=is_on, normalise=False)
    gate.double().eval()
    first, last = gate.network[0], gate.network[-1]
    first.load_state_dict({"weight": golden["gate.w1"], "bias": golden["gate.b1"]})
    last.load_state_dict({"weight": golden["gate.w2"], "bias": golden["gate.b2"]})
    return gate
