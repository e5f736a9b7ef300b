"""Recommendation losses against hand-computed values, and what may be drawn as a negative."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.config.objective import ObjectiveConfig
from prism_core.config.published import ReleasedConfig
from prism_core.errors import ConfigError
from prism_core.models.backbones.gru4rec import GRU4Rec
from prism_core.models.build import build_model
from prism_core.models.negatives import draw_unseen, split_prefixes
from prism_core.models.objectives import (
    Objective,
    bayesian_ranking,
    binary_cross_entropy,
    full_softmax,
    sampled_softmax,
)
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.shard import Shard
from prism_core.names import PAD

NUM_ITEMS, LENGTH = 30, 6
DOT = GRU4Rec(ModelConfig(hidden_size=4))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(**changes: Any) -> SequenceModel:
    torch.manual_seed(0)
    objective = ObjectiveConfig(**changes.pop("objective", {}))
    base = {"content": "none", "hidden_size": 16, "max_seq_len": LENGTH, "feature_size": 5}
    config = ModelConfig(objective=objective, **{**base, **changes})
    generator = seeded(1)
    shared = torch.randn(NUM_ITEMS + 1, 5, generator=generator)
    features = {
        m: shared + 0.3 * torch.randn(NUM_ITEMS + 1, 5, generator=generator)
        for m in config.modalities
    }
    known = torch.ones(NUM_ITEMS + 1, dtype=torch.bool)
    known[::4] = False
    return build_model(config, NUM_ITEMS, features, {"image": known, "text": known.roll(1)})


def histories() -> tuple[Tensor, Tensor]:
    events = torch.randint(1, NUM_ITEMS + 1, (8, LENGTH + 1), generator=seeded(2))
    item_seq, targets = events[:, :-1].clone(), events[:, 1:].clone()
    item_seq[:3, :2] = targets[:3, :2] = PAD
    return item_seq, targets


def recommendation(losses: dict[str, Tensor]) -> float:
    return losses["recommendation"].item()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=10), st.integers(0, 1))
def test_every_free_item_is_drawn_equally_often_and_no_other(known: list[int], first: int) -> None:
    free = sorted(set(range(first, 13)) - (set(known) - {PAD}))
    draws = (torch.arange(len(free)) + 0.5) / len(free)
    items = draw_unseen(torch.tensor([known], dtype=torch.long), draws[None], 12, first)
    assert items[0].tolist() == free


def test_prefixes_by_hand() -> None:
    item_seq = torch.tensor([[0, 0, 1, 2], [3, 4, 5, 6]])
    targets = torch.tensor([[0, 0, 2, 7], [4, 5, 6, 0]])
    rows, asked = split_prefixes(item_seq, targets)
    assert rows.tolist() == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 0, 3], [0, 0, 3, 4], [0, 3, 4, 5]]
    assert asked[:, -1].tolist() == [2, 7, 4, 5, 6]
    assert not asked[:, :-1].any()


def test_prefixes_cost_a_causal_model_the_same_as_positions() -> None:
    item_seq, targets = histories()
    first, second = (
        make(backbone="gru4rec", objective={"splitting": splitting}).eval()
        for splitting in ("positions", "prefixes")
    )
    losses = [recommendation(m.losses(item_seq, targets, seeded())) for m in (first, second)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_binary_cross_entropy_by_hand() -> None:
    items = torch.tensor([[0.0], [2.0], [-1.0]]).expand(-1, 4)
    query = torch.tensor([[0.25, 0.25, 0.25, 0.25]])
    loss = binary_cross_entropy(DOT, query, items, torch.tensor([1]), torch.tensor([2]))
    expected = -math.log(1 / (1 + math.exp(-2))) - math.log(1 - 1 / (1 + math.exp(1)))
    assert loss.item() == pytest.approx(expected)


def test_bayesian_ranking_and_its_margin_by_hand() -> None:
    items = torch.tensor([[0.0, 0], [1.0, 0], [3.0, 0]])
    query = torch.tensor([[1.0, 0]])
    target, negative = torch.tensor([1]), torch.tensor([2])
    plain = bayesian_ranking(DOT, query, items, target, negative, margin_weight=0.0)
    assert plain.item() == pytest.approx(math.log(1 + math.exp(2)))
    with_margin = bayesian_ranking(DOT, query, items, target, negative, margin_weight=0.5)
    assert with_margin.item() - plain.item() == pytest.approx(0.5 * (3 - 1))


def test_sampled_softmax_is_the_full_one_in_the_limit_under_any_sampler() -> None:
    generator = seeded()
    items = torch.randn(NUM_ITEMS + 1, 4, generator=generator)
    queries = torch.randn(5, 4, generator=generator)
    targets = torch.tensor([1, 7, 7, 20, 30])
    full = full_softmax(DOT, queries, items, targets)
    for skew in (0.0, 1.0):
        chance = torch.arange(NUM_ITEMS + 1.0).clamp_min(0) ** skew * (torch.arange(31) > 0)
        chance = chance / chance.sum()
        sampled = chance.multinomial(200_000, replacement=True, generator=generator)
        log_expected = (200_000 * chance[sampled]).log()
        estimate = sampled_softmax(DOT, queries, items, targets, sampled, log_expected)
        assert estimate.item() == pytest.approx(full.item(), rel=0.01)


def test_a_few_samples_estimate_the_partition_function_without_bias() -> None:
    generator = seeded()
    items = 0.7 * torch.randn(NUM_ITEMS + 1, 4, generator=generator)
    query, target = torch.randn(1, 4, generator=generator), torch.tensor([7])
    chance = torch.arange(NUM_ITEMS + 1.0) / torch.arange(NUM_ITEMS + 1.0).sum()
    draws = chance.multinomial(20_000 * 5, replacement=True, generator=generator).view(-1, 5)

    def mean_odds(log_expected: Callable[[Tensor], Tensor]) -> float:
        own = DOT.paired_similarity(query, items[target])
        others = DOT.similarity(query, items)[0][draws] - log_expected(draws)
        others = others.masked_fill(draws == target, float("-inf"))
        return float((1 + (others - own).exp().sum(1)).mean())

    one = sampled_softmax(DOT, query, items, target, draws[0], (5 * chance[draws[0]]).log())
    by_hand = DOT.similarity(query, items)[0][draws[0]] - (5 * chance[draws[0]]).log()
    by_hand = by_hand.masked_fill(draws[0] == target, float("-inf"))
    own = DOT.paired_similarity(query, items[target])
    assert one.item() == pytest.approx(float((1 + (by_hand - own).exp().sum()).log()), rel=1e-5)
    odds = math.exp(full_softmax(DOT, query, items, target).item())
    assert mean_odds(lambda drawn: (5 * chance[drawn]).log()) == pytest.approx(odds, rel=0.02)
    assert mean_odds(lambda drawn: torch.zeros(drawn.shape)) < 0.8 * odds


@pytest.mark.parametrize("content", ["sum", "prism"])
def test_features_are_frozen_buffers(content: str) -> None:
    model = make(content=content).train()
    frozen = {n: b.clone() for n, b in model.named_buffers() if n.endswith(".rows")}
    assert len(frozen) == 2
    assert not any(name.endswith("rows") for name, _ in model.named_parameters())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    torch.stack(list(model.losses(*histories(), seeded()).values())).sum().backward()
    optimizer.step()
    assert all(torch.equal(b, frozen[n]) for n, b in model.named_buffers() if n in frozen)


def test_a_sampled_target_is_no_negative_of_its_own() -> None:
    items, query = torch.randn(4, 4, generator=seeded()), torch.randn(1, 4, generator=seeded(1))
    target, zero = torch.tensor([2]), torch.zeros(3)
    only_itself = sampled_softmax(DOT, query, items, target, torch.tensor([2, 2, 2]), zero)
    assert only_itself.item() == pytest.approx(0.0)


def test_sampling_starts_above_the_stated_number_of_items() -> None:
    item_seq, targets = histories()
    for above, is_sampled in ((NUM_ITEMS, False), (NUM_ITEMS - 1, True)):
        model = make(objective={"sampled_above": above, "num_sampled": 20_000}).eval()
        model.start_epoch(item_seq, seeded())
        assert model.objective.is_sampled is is_sampled
        loss = recommendation(model.losses(item_seq, targets, seeded()))
        full = recommendation(make().eval().losses(item_seq, targets, seeded()))
        assert loss == pytest.approx(full, rel=0.01)
        assert (loss == full) is not is_sampled


def test_popular_items_are_sampled_more_often_and_padding_never() -> None:
    objective = Objective(ObjectiveConfig(sampled_above=1), NUM_ITEMS, LENGTH, False)
    objective.observe(torch.tensor([[PAD, 3, 3, 3], [PAD, PAD, 3, 4]]))
    assert objective.chance[3] > objective.chance[4] > objective.chance[5] > 0
    assert objective.chance[PAD] == 0
    assert objective.chance.sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize("loss", ["bce", "bpr"])
def test_negatives_are_neither_padding_nor_known(loss: str) -> None:
    item_seq, targets = histories()
    avoid = torch.full((8, 1), 5)
    objective = Objective(ObjectiveConfig(loss=loss), NUM_ITEMS, LENGTH, False)
    for seed in range(20):
        drawn = objective.draw(item_seq, targets, seeded(seed), Shard(), avoid).per_position
        assert drawn is not None
        for row in range(8):
            known = {*item_seq[row].tolist(), *targets[row].tolist(), PAD, 5}
            assert not known & set(drawn[row].tolist())


def test_shards_draw_what_the_whole_batch_draws() -> None:
    item_seq, targets = histories()
    objective = Objective(ObjectiveConfig(loss="bce"), NUM_ITEMS, 50, False)
    whole = objective.draw(item_seq, targets, seeded(), Shard()).per_position
    last = Shard(first_row=5)
    part = objective.draw(item_seq[5:], targets[5:], seeded(), last).per_position
    assert whole is not None
    assert part is not None
    assert torch.equal(whole[5:], part)


@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
@pytest.mark.parametrize(
    "objective",
    [
        {"loss": "bce"},
        {"loss": "bpr"},
        {"splitting": "prefixes"},
        {"loss": "bpr", "splitting": "prefixes"},
        {"sampled_above": 1, "num_sampled": 50},
    ],
)
def test_every_recipe_trains_every_parameter(backbone: str, objective: dict[str, Any]) -> None:
    model = make(backbone=backbone, content="prism", objective=objective).train()
    item_seq, targets = histories()
    torch.stack(list(model.losses(item_seq, targets, seeded()).values())).sum().backward()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


@pytest.mark.parametrize("on", [True, False])
def test_quirk_padding_candidates(on: bool) -> None:
    model = make(content="prism", mode="released", released=ReleasedConfig(padding_candidates=on))
    item_seq, _ = histories()
    with torch.no_grad():
        assert bool(model.eval().score(item_seq)[:, PAD].isfinite().all()) is on
    objective = Objective(ObjectiveConfig(loss="bce"), NUM_ITEMS, LENGTH, on)
    drawn = [objective.draw(*histories(), seeded(seed), Shard()).per_position for seed in range(20)]
    assert any(bool((d == PAD).any()) for d in drawn if d is not None) is on


@pytest.mark.parametrize(
    "wrong", [{"loss": "hinge"}, {"splitting": "none"}, {"num_sampled": 0}, {"margin_weight": -1}]
)
def test_a_wrong_recipe_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        ObjectiveConfig(**wrong)
