"""One training step of every kind of model, cut into slices: the same losses and gradients."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from prism_core.config.backbones import IndirecConfig
from prism_core.config.model import ModelConfig
from prism_core.config.objective import ObjectiveConfig
from prism_core.config.published import ReleasedConfig
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.build import build_model
from prism_core.models.exchange import connect
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.shard import Shard
from prism_core.names import PAD
from prism_core.training.group import Group

NUM_ITEMS, LENGTH, USERS, SIZE = 30, 8, 7, 3
CAUSAL = ReleasedConfig(**dict.fromkeys(ReleasedConfig.__slots__, False))

CASES: dict[str, dict[str, Any]] = {
    **{f"{name}, {content}": {"backbone": name, "content": content}
       for name in sorted(BACKBONES) for content in ("none", "prism")},
    "networks": {"expert_hidden_size": 8},
    "paper": {"mode": "paper"},
    "released": {"mode": "released"},
    "released without quirks": {"mode": "released", "released": CAUSAL},
    "shuffled gate": {"gate": "shuffled"},
    "noise": {"withhold": "noise"},
    "one negative": {"objective": ObjectiveConfig(loss="bce")},
    "ranking": {"objective": ObjectiveConfig(loss="bpr")},
    "sampled": {"objective": ObjectiveConfig(sampled_above=1, num_sampled=20)},
    "prefixes": {"objective": ObjectiveConfig(splitting="prefixes")},
    "prefixes, released": {"mode": "released", "objective": ObjectiveConfig(splitting="prefixes")},
    "prefixes, indirec": {
        "backbone": "indirec", "objective": ObjectiveConfig(splitting="prefixes"),
    },
}  # fmt: skip

SPLIT = [
    *(f"{name}, prism" for name in sorted(BACKBONES)),
    "sasrec, none", "paper", "one negative", "sampled",
]  # fmt: skip
"""What can be trained with the items split over the processes."""


def histories() -> tuple[Tensor, Tensor]:
    item_seq = torch.randint(1, NUM_ITEMS + 1, (USERS, LENGTH), generator=seeded(2))
    item_seq[:3, :5] = PAD
    return item_seq, torch.where(item_seq != PAD, item_seq % NUM_ITEMS + 1, PAD)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(changes: dict[str, Any]) -> SequenceModel:
    torch.manual_seed(0)
    config = ModelConfig(
        **{
            "hidden_size": 16,
            "max_seq_len": 12,
            "feature_size": 6,
            "indirec": IndirecConfig(num_intents=3, diffusion_steps=4),
            **changes,
        }
    )
    generator = seeded(5)
    features = {m: torch.randn(NUM_ITEMS + 1, 6, generator=generator) for m in config.modalities}
    return build_model(config, NUM_ITEMS, features).train()


def step(changes: dict[str, Any], group: Group, split: bool = False) -> dict[str, Tensor]:
    """Losses and gradients of two steps, averaged over the group; dropout is on."""
    model, (item_seq, targets) = make(changes), histories()
    connect(model, group.exchange)
    if split:
        model.split_items()
    model.start_epoch(item_seq, seeded(1))
    rows, count = group.rows(USERS), float((targets != PAD).sum())
    shard = Shard(first_row=rows.start, total_rows=USERS, num_targets=count / group.size)
    found = {}
    for seed in range(2):
        torch.manual_seed(seed)
        losses = model(item_seq[rows], targets[rows], seeded(seed), shard)
        torch.stack(list(losses.values())).sum().backward()
        group.average_(means := [loss.detach() for loss in losses.values()])
        found |= {f"loss {name} {seed}": m for name, m in zip(losses, means, strict=True)}
    group.average_gradients_(model)
    group.clip_gradients_(model, 0.1)
    if split:
        assert len(model.ids) < NUM_ITEMS
        ids = model.exchange.gather(model.ids.grad)
        found["table"] = model.exchange.gather(model.ids.detach())
        model.join_items()
        model.ids.grad = ids
    else:
        found["table"] = model.ids.detach()
    return found | {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def work(rank: int, size: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/store{size}", rank=rank, world_size=size)
    group = Group(rank, size)
    results = {name: step(changes, group) for name, changes in CASES.items()}
    results |= {f"{name}, split": step(CASES[name], group, split=True) for name in SPLIT}
    if rank == size - 1:
        torch.save(results, f"{folder}/steps.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Tensor]]:
    folder: Path = tmp_path_factory.mktemp("steps")
    mp.spawn(work, (SIZE, str(folder)), nprocs=SIZE)
    found: dict[str, dict[str, Tensor]] = torch.load(folder / "steps.pt", weights_only=True)
    return found


@cache
def alone(case: str) -> dict[str, Tensor]:
    return step(CASES[case], Group())


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES, *(f"{name}, split" for name in SPLIT)])
def test_slices_add_up_to_the_whole(results: dict[str, dict[str, Tensor]], case: str) -> None:
    whole = alone(case.removesuffix(", split"))
    assert set(results[case]) >= set(whole)
    for name, value in results[case].items():
        expected = whole.get(name, torch.zeros_like(value))
        where = f"{name}: {value} instead of {expected}"
        torch.testing.assert_close(value, expected, atol=1e-6, rtol=1e-4, msg=where)
