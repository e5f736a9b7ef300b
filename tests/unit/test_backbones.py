"""What makes each backbone the method it is named after."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from prism_core.config.backbones import IndirecConfig, StosaConfig
from prism_core.config.model import ModelConfig
from prism_core.errors import ConfigError
from prism_core.models.backbones.diffusion import IntentDiffusion, variance_schedule
from prism_core.models.backbones.gru4rec import shift
from prism_core.models.backbones.indirec import info_nce
from prism_core.models.backbones.intents import Intents
from prism_core.models.backbones.stosa import STOSA, join_streams, split_streams
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.backbones.wasserstein import Gaussian, pairwise_wasserstein
from prism_core.models.build import build_model

NUM_ITEMS, SIZE = 30, 8


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stosa(**settings: bool) -> STOSA:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=SIZE, dropout=0.0, stosa=StosaConfig(**settings))
    return STOSA(config)


def encode(model: STOSA) -> tuple[Tensor, Tensor]:
    inputs = torch.randn(2, 5, 2 * SIZE, generator=seeded())
    mean, cov = split_streams(model(inputs, torch.zeros(2, 5, dtype=torch.bool)))
    return mean, cov


def test_stosa_means_of_the_past_reach_the_mean_stream_unless_the_bug_is_on() -> None:
    for bug in (False, True):
        model = stosa(mean_stream_bug=bug)
        inputs = torch.randn(1, 5, 2 * SIZE, generator=seeded(), requires_grad=True)
        mean, _ = split_streams(model(inputs, torch.zeros(1, 5, dtype=torch.bool)))
        (gradient,) = torch.autograd.grad(mean[0, -1].square().sum(), inputs)
        assert bool(gradient[0, 0].any()) is not bug


def test_stosa_bug_leaves_the_documented_tensors_without_gradient() -> None:
    model = stosa(mean_stream_bug=True)
    mean, cov = encode(model)
    (mean.square().sum() + cov.square().sum()).backward()
    dead = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    block = {n for n, _ in model.blocks[0].named_parameters()}
    unused = {n for n in block if n.startswith(("mean_out", "mean_norm", "mean_feed"))}
    assert len(unused) == 10
    assert dead == {f"blocks.{i}.{n}" for i, n in itertools.product(range(2), unused)}
    for layer in model.blocks:
        values = slice(2 * SIZE, None)
        assert not layer.mean_qkv.weight.grad[values].any()


def test_a_block_of_columns_says_something_of_both_streams() -> None:
    vectors = torch.zeros(1, 2 * SIZE)
    vectors[:, :4] = 1.0
    assert [float(stream.sum()) for stream in split_streams(vectors)] == [2.0, 2.0]
    assert torch.equal(join_streams(*split_streams(vectors)), vectors)


def test_stosa_covariances_are_positive_and_near_items_score_higher() -> None:
    model = stosa()
    mean, cov = encode(model)
    assert (cov > 0).all()
    mean, cov = mean[:, -1], cov[:, -1]
    state = join_streams(mean, cov)
    itself = join_streams(mean, torch.where(cov > 1, cov - 1, cov.log()))
    scores = model.similarity(state, torch.cat([itself, itself + 1.0]))
    torch.testing.assert_close(scores.diagonal()[:2], torch.zeros(2), atol=1e-4, rtol=0)
    assert (scores[:, 2:] < -1).all()
    paired = model.paired_similarity(state, torch.stack([itself, itself + 1.0], dim=1))
    torch.testing.assert_close(paired[:, 1], scores[:, 2:].diagonal())


def test_distances_are_as_exact_under_bfloat16_autocast() -> None:
    near = Gaussian(torch.full((3, SIZE), 10.0), torch.ones(3, SIZE))
    far = Gaussian(near.mean + 0.01, near.cov)
    plain = pairwise_wasserstein(near, far)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(pairwise_wasserstein(near, far), plain)


def test_shift_moves_each_row_to_its_first_real_step_and_back() -> None:
    values = torch.tensor([[0, 0, 1, 2], [3, 4, 5, 6]])[..., None]
    padding = torch.tensor([2, 0])
    assert shift(values, padding)[..., 0].tolist() == [[1, 2, 0, 0], [3, 4, 5, 6]]
    assert torch.equal(shift(shift(values, padding), -padding), values)


def test_intents_find_planted_clusters_and_guide_within_them() -> None:
    centers = torch.tensor([[9.0, 0.0], [-9.0, 0.0], [0.0, 9.0]])
    planted = torch.arange(60) % 3
    states = centers[planted] + torch.randn(60, 2, generator=seeded())
    intents = Intents(num_intents=3, width=2)
    intents.fit(states, seeded())
    found = intents.assign(states)
    assert len(set(zip(planted.tolist(), found.tolist(), strict=True))) == 3
    guide = intents.guide(states, found, seeded())
    assert torch.equal(intents.assign(guide), found)
    assert not (guide == states).all(1).any()


def test_an_intent_that_stands_alone_is_guided_by_its_prototype() -> None:
    states = torch.tensor([[9.0, 0.0], [8.0, 0.0], [-9.0, 1.0]])
    intents = Intents(num_intents=2, width=2)
    intents.fit(states, seeded())
    guide = intents.guide(states, intents.assign(states), seeded())
    torch.testing.assert_close(guide, states[[1, 0, 2]])


def test_guided_sampling_equals_two_passes_of_the_denoiser() -> None:
    torch.manual_seed(0)
    diffusion = IntentDiffusion(SIZE, num_steps=1, guidance=2.0, intent_dropout=0.0)
    intent = torch.randn(4, SIZE, generator=seeded())
    noise = torch.randn(4, SIZE, generator=seeded(7))
    step = torch.zeros(4, dtype=torch.long)
    with_intent = diffusion.denoise(noise, intent, step)
    without = diffusion.denoise(noise, diffusion.no_intent.expand(4, -1), step)
    torch.testing.assert_close(diffusion.sample(intent, seeded(7)), 3 * with_intent - 2 * without)


def test_noising_ends_near_pure_noise() -> None:
    kept = (1 - variance_schedule(200)).cumprod(0)
    assert kept[0] > 0.99
    assert kept[-1] < 0.01


def test_diffusion_learns_to_generate_what_an_intent_asks_for() -> None:
    torch.manual_seed(0)
    diffusion = IntentDiffusion(4, num_steps=20, guidance=1.0, intent_dropout=0.1)
    intents = torch.eye(4).repeat(16, 1)
    optimizer = torch.optim.Adam(diffusion.parameters(), lr=0.03)
    generator = seeded()
    for _ in range(150):
        optimizer.zero_grad()
        diffusion.loss(3 * intents, intents, generator).backward()
        optimizer.step()
    generated = diffusion.sample(intents, generator)
    assert (generated.argmax(1) == intents.argmax(1)).all()


def test_info_nce_by_hand_and_rows_of_one_label_are_no_negatives() -> None:
    anchors, views = torch.eye(2), torch.eye(2)
    e = torch.e
    apart = info_nce(anchors, views, torch.tensor([1, 2]), temperature=1.0)
    assert float(apart) == pytest.approx(float(torch.log(torch.tensor((e + 2) / e))))
    assert float(info_nce(anchors, views, torch.tensor([1, 1]), 1.0)) == pytest.approx(0.0)


def walks(count: int, generator: torch.Generator) -> Tensor:
    """Histories ``(count, 9)`` in which the next item mostly follows from the last."""
    start = torch.randint(1, 12, (count, 1), generator=generator)
    steps = 1 + (torch.rand(count, 8, generator=generator) < 0.1).long()
    path = torch.cat([start, start + steps.cumsum(1)], dim=1)
    return (path - 1) % NUM_ITEMS + 1


def popularity_loss(known: Tensor, targets: Tensor) -> float:
    """Cross-entropy of targets under how often items stand in known histories."""
    counts = torch.bincount(known.flatten(), minlength=NUM_ITEMS + 1)[1:] + 1.0
    return float(-(counts / counts.sum()).log()[targets.flatten() - 1].mean())


@pytest.mark.parametrize(
    ("backbone", "changes"),
    [
        *itertools.product(sorted(BACKBONES), [{"content": c} for c in ("none", "sum", "prism")]),
        *itertools.product(["sasrec"], [{"mode": "paper"}, {"mode": "released"}]),
    ],
)
def test_every_model_learns_more_than_popularity(backbone: str, changes: dict[str, Any]) -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        backbone=backbone,
        hidden_size=16,
        max_seq_len=8,
        feature_size=6,
        indirec=IndirecConfig(num_intents=4, diffusion_steps=5),
        **changes,
    )
    generator = seeded(3)
    features = {m: torch.randn(NUM_ITEMS + 1, 6, generator=generator) for m in config.modalities}
    model = build_model(config, NUM_ITEMS, features).train()
    known, new = walks(48, generator), walks(200, generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    model.start_epoch(known[:, :-1], generator)
    for _ in range(50):
        losses = model.losses(known[:, :-1], known[:, 1:], generator)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    assert ("contrast" in losses) is (backbone == "indirec")
    with torch.no_grad():
        scores = model.eval().score(new[:, :-1])[:, 1:]
    found = float(torch.nn.functional.cross_entropy(scores, new[:, -1] - 1))
    assert found < popularity_loss(known, new[:, -1]) - 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_intents": 0},
        {"guidance": -1.0},
        {"intent_dropout": 1.0},
        {"contrast_similarity": "euclidean"},
        {"contrast_temperature": 0.0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        IndirecConfig(**wrong)


def test_intents_are_estimated_without_dropout_and_training_goes_on() -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        backbone="indirec",
        content="none",
        hidden_size=SIZE,
        dropout=0.5,
        indirec=IndirecConfig(num_intents=3),
    )
    model = build_model(config, NUM_ITEMS).train()
    item_seq = torch.randint(1, NUM_ITEMS + 1, (6, 5), generator=seeded())
    found = []
    for _ in range(2):
        model.start_epoch(item_seq, seeded())
        found.append(model.backbone.intents.prototypes)
    assert torch.equal(*found)
    assert model.training


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_the_newest_state_alone_is_the_last_of_all(name: str) -> None:
    torch.manual_seed(0)
    model = BACKBONES[name](ModelConfig(hidden_size=SIZE, num_layers=2)).eval()
    inputs = torch.randn(3, 7, SIZE * model.num_streams)
    padding_mask = torch.zeros(3, 7, dtype=torch.bool)
    padding_mask[0, :4] = True
    inputs = inputs.masked_fill(padding_mask[..., None], 0.0)
    whole = model(inputs, padding_mask)[:, -1]
    torch.testing.assert_close(model.newest(inputs, padding_mask), whole)


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
def test_histories_are_read_for_an_epoch_only_where_estimates_are_made_of_them(
    backbone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ModelConfig(backbone=backbone, content="none", hidden_size=16, max_seq_len=8)
    model, reads = build_model(config, NUM_ITEMS), []
    read = model._read
    monkeypatch.setattr(model, "_read", lambda *given: reads.append(1) or read(*given))
    model.start_epoch(walks(300, seeded(3)), seeded(4))
    assert bool(reads) is (backbone == "indirec")
