"""Modes ``paper`` and ``released``: what they share with every model, and what each quirk does."""

from typing import Any

import pytest
import torch
from torch import Tensor

from prism_core.config.model import GATES, ModelConfig
from prism_core.config.published import PaperConfig, ReleasedConfig
from prism_core.config.run import RunConfig
from prism_core.data.sequences import Sequences
from prism_core.errors import ConfigError
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.build import build_model
from prism_core.models.content.pair_experts import replacements
from prism_core.models.sequence_model import SequenceModel
from prism_core.names import PAD, PARTS
from prism_core.scoring import make_model
from prism_core.store.datasets import Dataset
from prism_core.training.recording import rank_split

NUM_ITEMS, LENGTH = 30, 8
NO_QUIRKS = dict.fromkeys(ReleasedConfig.__slots__, False)
CAUSAL = [
    {"mode": "paper"},
    {"mode": "released", "released": ReleasedConfig(**NO_QUIRKS)},
]


def make(**changes: Any) -> SequenceModel:
    torch.manual_seed(0)
    config = ModelConfig(
        **{"mode": "released", "hidden_size": 16, "max_seq_len": 12, "feature_size": 9, **changes}
    )
    generator = torch.Generator().manual_seed(5)
    features = {m: torch.randn(NUM_ITEMS + 1, 9, generator=generator) for m in config.modalities}
    model = build_model(config, NUM_ITEMS, features)
    with torch.no_grad():
        model.ids.mul_(20)
    return model.eval()


def quirky(name: str, on: bool, **changes: Any) -> SequenceModel:
    """Make a model in which one quirk is set and all others are off."""
    return make(released=ReleasedConfig(**{**NO_QUIRKS, name: on}), **changes)


def histories(seed: int = 0, batch: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    item_seq = torch.randint(1, NUM_ITEMS + 1, (batch, LENGTH), generator=generator)
    item_seq[0, :5] = PAD
    return item_seq


def states(model: SequenceModel, item_seq: Tensor) -> Tensor:
    with torch.no_grad():
        return model._read(item_seq, model._table()).states


def losses(model: SequenceModel, seed: int = 1) -> dict[str, Tensor]:
    item_seq = histories(batch=8)
    targets = torch.where(item_seq != PAD, item_seq.roll(-1, 1), PAD)
    torch.manual_seed(seed)
    return model.losses(item_seq, targets, torch.Generator().manual_seed(seed))


def sees_the_future(model: SequenceModel) -> bool:
    item_seq = histories()
    other = item_seq.clone()
    other[:, -1] = other[:, -1] % NUM_ITEMS + 1
    before, after = states(model, item_seq)[:, :-1], states(model, other)[:, :-1]
    real = (item_seq != PAD)[:, :-1]
    return not torch.allclose(before[real], after[real], atol=1e-6)


def padded_by(count: int, item_seq: Tensor) -> Tensor:
    return torch.nn.functional.pad(item_seq, (count, 0), value=PAD)


def sees_padding(model: SequenceModel) -> bool:
    item_seq = histories()
    plain, longer = states(model, item_seq), states(model, padded_by(3, item_seq))
    return not torch.allclose(plain[:, -1], longer[:, -1], atol=1e-5)


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
@pytest.mark.parametrize("changes", CAUSAL, ids=["paper", "no quirks"])
def test_without_quirks_neither_future_nor_padding_is_seen(changes: dict, backbone: str) -> None:
    model = make(backbone=backbone, **changes)
    assert not sees_the_future(model)
    assert not sees_padding(model)


def test_quirk_future_pooling_shows_training_positions_their_target() -> None:
    assert sees_the_future(quirky("future_pooling", True))


@pytest.mark.parametrize("padded_means", [True, False])
def test_scores_do_not_depend_on_the_padding_of_the_batch(padded_means: bool) -> None:
    model, item_seq = quirky("padded_means", padded_means), histories()
    with torch.no_grad():
        plain, longer = (model.score(seq)[:, 1:] for seq in (item_seq, padded_by(3, item_seq)))
        alone = model.score(item_seq[:1, 5:])[:, 1:]
    torch.testing.assert_close(plain, longer)
    torch.testing.assert_close(plain[:1], alone)


def test_quirk_padded_means_makes_users_alike() -> None:
    assert sees_padding(quirky("padded_means", True))
    item_seq = padded_by(4, histories()[1:3])
    item_seq[:, :-2] = PAD

    def similarity(on: bool) -> float:
        model = quirky("padded_means", on)
        mask = item_seq == PAD
        with torch.no_grad():
            parts = torch.nn.functional.embedding(item_seq, model._table().parts[:, 0].contiguous())
            pooled = model.content._pool(
                model.content._pad(parts[:, :, None], mask)[:, :, 0], mask
            )[:, -1]
        return float(torch.cosine_similarity(pooled[0], pooled[1], dim=0))

    assert similarity(True) > 0.95
    assert similarity(False) < 0.9


def test_quirk_unscaled_noise_is_far_larger_than_what_it_replaces() -> None:
    with torch.no_grad():
        both = make(hidden_size=64).content.item_parts()[1:, 0]
    pair, generator = torch.stack(both.chunk(2, dim=-1)), torch.Generator().manual_seed(0)
    size = pair.norm(dim=-1).mean()
    assert replacements(pair, "unscaled", generator).norm(dim=-1).mean() > 3 * size
    for how in ("noise", "swap", "mean"):
        assert replacements(pair, how, generator).norm(dim=-1).mean() < 1.2 * size


def test_a_swap_is_always_another_row() -> None:
    pair = torch.arange(10.0).view(1, 5, 2).expand(2, -1, -1)
    swapped = replacements(pair, "swap", torch.Generator().manual_seed(0))
    assert not (swapped == pair).any()
    assert set(swapped.flatten().tolist()) <= set(range(10))


def test_quirk_losses_on_vectors_ignores_ids_and_predictions_do_not() -> None:
    for on in (True, False):
        model = quirky("losses_on_vectors", on)
        expert = [loss for name, loss in losses(model.train()).items() if "expert" in name]
        (gradient,) = torch.autograd.grad(
            torch.stack(expert).sum(), model.ids, allow_unused=True, materialize_grads=True
        )
        assert bool(gradient.any()) is not on


def test_constant_experts_satisfy_redundancy() -> None:
    model = make()
    with torch.no_grad():
        model.content.experts.w1.zero_()
    assert float(losses(model)["expert_redundancy"].detach()) == pytest.approx(0.0, abs=1e-6)


def test_quirk_raw_content_reaches_the_input_with_dead_experts() -> None:
    for on in (True, False):
        model = quirky("raw_content_input", on)
        with torch.no_grad():
            model.content.experts.w2.zero_()
            model.content.experts.b2.zero_()
            model.ids.zero_()
            inputs = model._read(histories(), model._table()).inputs
        assert bool(inputs.any()) is on


def test_quirk_losses_at_evaluation() -> None:
    for on in (True, False):
        named = losses(quirky("losses_at_evaluation", on).eval())
        assert ("expert_synergy" in named) is on


def test_quirk_no_expert_dropout() -> None:
    for on in (True, False):
        model = quirky("no_expert_dropout", on, expert_dropout=0.5).train()
        pair = torch.randn(len(PARTS), 2, 3, 16)
        same = torch.equal(model.content.experts(pair), model.content.experts(pair))
        assert same is on


def test_quirk_trained_features() -> None:
    for on in (True, False):
        names = [n for n, _ in quirky("trained_features", on).named_parameters()]
        assert any("tables" in name for name in names) is on


def losses_read_ids(model: SequenceModel) -> bool:
    expert = [loss for name, loss in losses(model.train()).items() if "expert" in name]
    (gradient,) = torch.autograd.grad(
        torch.stack(expert).sum(), model.ids, allow_unused=True, materialize_grads=True
    )
    return bool(gradient.any())


def losses_are_drawn(model: SequenceModel) -> bool:
    """Say whether withheld vectors are random although the configuration says zero."""
    model.train()
    first, second = (losses(model, seed)["expert_synergy"] for seed in (1, 2))
    return not torch.equal(first, second)


def content_without_experts(model: SequenceModel) -> bool:
    with torch.no_grad():
        for name in ("w2", "b2"):
            getattr(model.content.experts, name).zero_()
        model.ids.zero_()
        return bool(model._read(histories(), model._table()).inputs.any())


def padding_has_a_score(model: SequenceModel) -> bool:
    with torch.no_grad():
        return bool(model.eval().score(histories())[:, PAD].isfinite().all())


def experts_drop(model: SequenceModel) -> bool:
    pair = torch.randn(len(PARTS), 2, 3, 16)
    experts = model.train().content.experts
    return not torch.equal(experts(pair), experts(pair))


OBSERVED = {
    "future_pooling": sees_the_future,
    "padded_means": sees_padding,
    "unscaled_noise": losses_are_drawn,
    "losses_on_vectors": lambda model: not losses_read_ids(model),
    "raw_content_input": content_without_experts,
    "padding_candidates": padding_has_a_score,
    "losses_at_evaluation": lambda model: "expert_synergy" in losses(model.eval()),
    "no_expert_dropout": lambda model: not experts_drop(model),
    "trained_features": lambda model: any("tables" in n for n, _ in model.named_parameters()),
}
"""What tells each quirk from outside. Two more act outside of the model."""


@pytest.mark.parametrize("quirk", ReleasedConfig.__slots__)
def test_a_quirk_changes_what_it_names_and_nothing_else(quirk: str) -> None:
    def seen(name: str) -> bool:
        dropout = 0.5 if name == "no_expert_dropout" else 0.0
        return OBSERVED[name](quirky(quirk, True, withhold="zero", expert_dropout=dropout))

    assert set(OBSERVED) == set(NO_QUIRKS) - {"zero_seen_scores", "negatives_avoid_targets"}
    assert {name for name in OBSERVED if seen(name)} == {quirk} & set(OBSERVED)


def test_quirk_zero_seen_scores_is_how_a_run_is_ranked(tiny_dataset: Dataset) -> None:
    sequences = Sequences(tiny_dataset)
    for on in (True, False):
        released = ReleasedConfig(**{**NO_QUIRKS, "zero_seen_scores": on})
        config = RunConfig(model=ModelConfig(mode="released", hidden_size=16, released=released))
        model = make_model(config.model, tiny_dataset)
        with torch.no_grad():
            model.ids.mul_(20)
        ranking = rank_split(model, sequences, "test", config, top_k=tiny_dataset.num_items)
        rows, items = sequences.seen("test", ranking.users)
        listed = [item in ranking.listed_items[row] for row, item in zip(rows, items, strict=True)]
        assert all(listed) if on else not any(listed)


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
@pytest.mark.parametrize("mode", ["paper", "released"])
def test_gradients_reach_every_parameter(mode: str, backbone: str) -> None:
    model = make(mode=mode, backbone=backbone).train()
    model.start_epoch(histories(batch=8), torch.Generator().manual_seed(0))
    torch.stack(list(losses(model).values())).sum().backward()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("mode", ["paper", "released"])
def test_a_seed_gives_the_same_losses_twice(mode: str, gate: str) -> None:
    def run() -> dict[str, float]:
        named = losses(make(mode=mode, gate=gate).train())
        return {name: float(loss.detach()) for name, loss in named.items()}

    assert run() == run()
    assert {f"expert_{part}" for part in PARTS} < set(run())


@pytest.mark.parametrize("mode", ["paper", "released"])
def test_a_removed_part_has_no_weight_and_no_loss(mode: str) -> None:
    model = make(mode=mode, without=("synergy",))
    index = model.parts.index("synergy")
    with torch.no_grad():
        assert not model.fusion_weights(histories())[:, index].any()
        assert not model.item_vectors()["synergy"].any()
    assert not losses(model.train())["expert_synergy"].any()


@pytest.mark.parametrize("mode", ["paper", "released"])
def test_new_items_get_the_vectors_known_items_have(mode: str) -> None:
    model = make(mode=mode)
    generator = torch.Generator().manual_seed(5)
    features = {m: torch.randn(NUM_ITEMS + 1, 9, generator=generator) for m in model.modalities}
    with torch.no_grad():
        known, new = model.item_vectors(), model.new_item_vectors(features)
    for part in model.parts:
        torch.testing.assert_close(known[part][1:], new[part][1:], atol=1e-5, rtol=1e-4)


def test_a_wider_margin_raises_the_paper_losses() -> None:
    narrow, wide = (
        losses(make(mode="paper", paper=PaperConfig(margin=m)))["expert_unique_image"].item()
        for m in (0.1, 0.6)
    )
    assert wide == pytest.approx(narrow + 0.1 * 0.5, rel=0.3)


@pytest.mark.parametrize("mode", ["paper", "released"])
def test_published_experts_are_networks_as_wide_as_items_unless_told(mode: str) -> None:
    assert make(mode=mode, expert_hidden_size=0).content.experts.w2.shape[1:] == (16, 16)
    assert make(mode=mode, expert_hidden_size=5).content.experts.w2.shape[1:] == (5, 16)
    with pytest.raises(ConfigError, match="expert_hidden_size is -1; give at least 0"):
        ModelConfig(mode=mode, expert_hidden_size=-1)


@pytest.mark.parametrize("modalities", [("text",), ("image", "text", "audio")])
def test_only_two_modalities_are_accepted(modalities: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="two modalities"):
        ModelConfig(mode="paper", modalities=modalities)
    ModelConfig(mode="anchored", modalities=modalities)
