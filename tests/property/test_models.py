"""What holds for every recommender: no future, no padding, exact switches, live parameters."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from prism_core.config.model import (
    GATES,
    PART_PLACEMENTS,
    REDUNDANCY_EXPERTS,
    SYNERGY_FACTORS,
    WITHHOLD,
    ModelConfig,
)
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.build import build_model
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.switches import Switches
from prism_core.names import PAD

NUM_ITEMS, LENGTH = 40, 8
CONTENTS = ("none", "sum", "prism")
NETWORKS: dict[str, dict[str, object]] = {
    "networks": {"expert_hidden_size": 8},
    "networks, one for redundancy": {"expert_hidden_size": 8, "redundancy_expert": "own"},
}
"""Experts that are more than linear, by name."""


def features() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    shared = torch.randn(NUM_ITEMS + 1, 3, generator=generator)
    return {
        name: torch.cat([shared, torch.randn(NUM_ITEMS + 1, 6, generator=generator)], dim=1)
        for name in ("image", "text")
    }


def available() -> dict[str, Tensor]:
    lacking = {"image": torch.tensor([2, 3]), "text": torch.tensor([3, 4])}
    return {
        name: torch.ones(NUM_ITEMS + 1, dtype=torch.bool).index_fill(0, index, False)
        for name, index in lacking.items()
    }


def make(**changes: object) -> SequenceModel:
    torch.manual_seed(3)
    config = ModelConfig(
        **{"hidden_size": 16, "max_seq_len": 12, "feature_size": 9, "num_heads": 2, **changes}
    )
    model = build_model(config, NUM_ITEMS, features(), available())
    with torch.no_grad():
        model.ids.mul_(20)  # scores far apart, so that a leak cannot hide in rounding
    return model.eval()


def histories(seed: int, batch: int = 3, length: int = LENGTH) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    item_seq = torch.randint(1, NUM_ITEMS + 1, (batch, length), generator=generator)
    item_seq[0, : length // 2] = PAD
    return item_seq


EVERY_MODEL = [
    *itertools.product(sorted(BACKBONES), CONTENTS),
    *(("sasrec", kind) for kind in NETWORKS),
]


def of_kind(backbone: str, kind: str, **changes: object) -> SequenceModel:
    content = {"content": kind} if kind in CONTENTS else NETWORKS[kind]
    return make(backbone=backbone, **content, **changes)


MODELS = {key: of_kind(*key) for key in EVERY_MODEL}


@pytest.mark.parametrize("key", EVERY_MODEL)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), changed=st.integers(1, LENGTH - 1))
def test_a_later_item_leaves_earlier_states_and_weights(
    key: tuple[str, str], seed: int, changed: int
) -> None:
    model, item_seq = MODELS[key], histories(seed)
    other = item_seq.clone()
    other[:, changed:] = other[:, changed:] % NUM_ITEMS + 1
    table = model._table()
    first, second = model._read(item_seq, table), model._read(other, table)
    torch.testing.assert_close(first.states[:, :changed], second.states[:, :changed])
    torch.testing.assert_close(first.weights[:, :changed], second.weights[:, :changed])
    assert not torch.allclose(first.states[:, changed:], second.states[:, changed:])


@pytest.mark.parametrize("key", EVERY_MODEL)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), extra=st.integers(1, 4))
def test_left_padding_changes_nothing(key: tuple[str, str], seed: int, extra: int) -> None:
    model, item_seq = MODELS[key], histories(seed)
    padded = torch.nn.functional.pad(item_seq, (extra, 0), value=PAD)
    with torch.no_grad():
        torch.testing.assert_close(model.score(item_seq), model.score(padded))
        torch.testing.assert_close(model.fusion_weights(item_seq), model.fusion_weights(padded))


@pytest.mark.parametrize("key", EVERY_MODEL)
def test_padding_is_never_a_candidate_and_everything_else_is(key: tuple[str, str]) -> None:
    with torch.no_grad():
        scores = MODELS[key].score(histories(0))
    assert scores.shape == (3, NUM_ITEMS + 1)
    assert torch.isneginf(scores[:, PAD]).all()
    assert torch.isfinite(scores[:, 1:]).all()


@pytest.mark.parametrize("key", EVERY_MODEL)
def test_only_the_newest_items_are_read(key: tuple[str, str]) -> None:
    model, item_seq = MODELS[key], histories(1, length=20)
    with torch.no_grad():
        torch.testing.assert_close(model.score(item_seq), model.score(item_seq[:, -12:]))


@pytest.mark.parametrize("key", EVERY_MODEL)
def test_all_players_on_is_the_plain_score_exactly(key: tuple[str, str]) -> None:
    model, item_seq = MODELS[key], histories(2)
    players = torch.ones(3, len(model.players), dtype=torch.bool)
    modalities = torch.ones(len(model.modalities), dtype=torch.bool)
    with torch.no_grad():
        weights = model.fusion_weights(item_seq)
        switches = Switches(players=players, modalities=modalities, fusion_weights=weights)
        assert torch.equal(model.score(item_seq), model.score(item_seq, Switches()))
        on = Switches(players=players, modalities=modalities)
        assert torch.equal(model.score(item_seq), model.score(item_seq, on))
        assert model.score(item_seq, switches).shape == (3, NUM_ITEMS + 1)


@pytest.mark.parametrize("reference", ["mean", "zero"])
def test_coalitions_per_row_equal_coalitions_one_by_one(reference: str) -> None:
    model, item_seq = MODELS["sasrec", "prism"], histories(2)
    rows = list(itertools.product([True, False], repeat=len(model.players)))
    players = torch.tensor(rows)
    repeated = item_seq[1:2].expand(len(rows), -1)
    with torch.no_grad():
        together = model.score(repeated, Switches(players=players, reference=reference))
        for row in range(len(rows)):
            alone = Switches(players=players[row], reference=reference)
            torch.testing.assert_close(together[row], model.score(item_seq[1:2], alone)[0])


def test_with_every_player_off_no_item_is_favoured() -> None:
    model = MODELS["sasrec", "prism"]
    off = Switches(players=torch.zeros(len(model.players), dtype=torch.bool))
    with torch.no_grad():
        scores = model.score(histories(4), off)[:, 1:]
    torch.testing.assert_close(scores, scores[:, :1].expand_as(scores))


def test_a_score_splits_into_one_term_per_player() -> None:
    model, item_seq = MODELS["sasrec", "prism"], histories(6)
    with torch.no_grad():
        query, table = model.user_states(item_seq), model._table()
        terms = [query @ table.ids.T]
        for part in range(len(model.parts)):
            alone = torch.zeros_like(table.parts)
            alone[:, part] = table.parts[:, part]
            terms.append(query @ model.content.join(alone.unbind(1)).T)
        scores = model.score(item_seq)
    torch.testing.assert_close(torch.stack(terms).sum(0)[:, 1:], scores[:, 1:])


@pytest.mark.parametrize("withhold", WITHHOLD)
@pytest.mark.parametrize("key", EVERY_MODEL)
def test_gradients_reach_every_parameter(key: tuple[str, str], withhold: str) -> None:
    model = of_kind(*key, withhold=withhold).train()
    item_seq = histories(7, batch=8)
    targets = item_seq.roll(-1, 1)
    generator = torch.Generator().manual_seed(1)
    model.start_epoch(item_seq, generator)
    sum(model.losses(item_seq, targets, generator).values()).backward()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


@pytest.mark.parametrize("kind", SYNERGY_FACTORS)
@pytest.mark.parametrize("withhold", WITHHOLD)
def test_gradients_reach_every_kind_of_synergy_factor(kind: str, withhold: str) -> None:
    model = make(synergy_factors=kind, withhold=withhold).train()
    item_seq, generator = histories(7, batch=8), torch.Generator().manual_seed(1)
    sum(model.losses(item_seq, item_seq.roll(-1, 1), generator).values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
    assert any("gain" in name for name, _ in model.named_parameters()) is (kind != "plain")


@pytest.mark.parametrize("without", [(), ("redundancy",)])
@pytest.mark.parametrize("gate", GATES)
def test_summed_parts_are_as_wide_as_the_item_and_split_the_score(
    gate: str, without: tuple[str, ...]
) -> None:
    model, item_seq = make(part_placement="sum", gate=gate, without=without), histories(7)
    with torch.no_grad():
        vectors, ids = model.item_vectors(), model._table().ids
        queries, scores = model.user_states(item_seq), model.score(item_seq)
    terms = [queries @ rows.T for rows in (ids, *(vectors[part] for part in model.parts))]
    assert {vectors[part].shape for part in model.parts} == {ids.shape}
    torch.testing.assert_close(torch.stack(terms).sum(0)[:, 1:], scores[:, 1:])


@pytest.mark.parametrize("redundancy", REDUNDANCY_EXPERTS)
@pytest.mark.parametrize("width", [0, 8])
@pytest.mark.parametrize("factors", SYNERGY_FACTORS)
def test_gradients_reach_every_parameter_of_every_kind_of_expert(
    factors: str, width: int, redundancy: str
) -> None:
    model = make(
        expert_hidden_size=width, redundancy_expert=redundancy, synergy_factors=factors
    ).train()
    item_seq, generator = histories(7, batch=8), torch.Generator().manual_seed(1)
    sum(model.losses(item_seq, item_seq.roll(-1, 1), generator).values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("withhold", WITHHOLD)
@pytest.mark.parametrize("placement", PART_PLACEMENTS)
def test_gradients_reach_every_parameter_of_free_parts(placement: str, withhold: str) -> None:
    model = make(part_scale="free", part_placement=placement, withhold=withhold).train()
    item_seq, generator = histories(7, batch=8), torch.Generator().manual_seed(1)
    sum(model.losses(item_seq, item_seq.roll(-1, 1), generator).values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
    assert not {"content.scale", "content.loudness"} & {n for n, _ in model.named_parameters()}


@pytest.mark.parametrize("placement", PART_PLACEMENTS)
def test_an_indifferent_gate_lets_free_parts_into_histories_as_loud_as_candidates(
    placement: str,
) -> None:
    model = make(part_scale="free", part_placement=placement, gate="uniform").eval()
    with torch.no_grad():
        table, weights = model._table(), model.fusion_weights(histories(7))
        parts, weights = table.parts[1:].unbind(1), weights[:1].expand(len(table.ids) - 1, -1)
        in_history = model.content.join(parts, weights)
        torch.testing.assert_close(in_history, model.content.join(parts))
        spread = table.parts[1:].var(0, correction=0).mean(-1).sqrt()
    torch.testing.assert_close(weights[0], spread / spread.sum(), rtol=0.05, atol=1e-3)


@pytest.mark.parametrize("gate", GATES)
def test_free_parts_score_the_same_after_loading(gate: str) -> None:
    trained, other = (make(part_scale="free", gate=gate) for _ in range(2))
    item_seq, generator = histories(7, batch=8), torch.Generator().manual_seed(1)
    optimizer = torch.optim.SGD(trained.parameters(), lr=0.5)
    sum(trained.train().losses(item_seq, item_seq.roll(-1, 1), generator).values()).backward()
    optimizer.step()
    other.load_state_dict(trained.state_dict())
    with torch.no_grad():
        scores = [model.eval().score(item_seq) for model in (trained, other)]
    torch.testing.assert_close(*scores, rtol=0, atol=0)
    assert not torch.equal(scores[0], make(part_scale="free", gate=gate).score(item_seq))


@pytest.mark.parametrize("gate", GATES)
def test_a_seed_gives_the_same_losses_twice_under_every_gate(gate: str) -> None:
    def losses() -> dict[str, float]:
        model = make(gate=gate).train()
        item_seq = histories(8, batch=8)
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        named = model.losses(item_seq, item_seq.roll(-1, 1), generator)
        return {name: float(loss.detach()) for name, loss in named.items()}

    assert losses() == losses()
    assert next(iter(losses())) == "recommendation"


def test_a_removed_part_has_neither_vectors_nor_weight() -> None:
    model = make(without=("synergy",))
    index = model.parts.index("synergy")
    with torch.no_grad():
        assert not model.item_vectors()["synergy"].any()
        weights = model.fusion_weights(histories(9))
    assert not weights[:, index].any()
    torch.testing.assert_close(weights.sum(1), torch.ones(3))


def test_the_no_id_gate_ignores_ids_and_the_user_gate_does_not() -> None:
    off = (False, True, True, True, True)
    for gate, same in (("no_id", True), ("user", False)):
        model = make(gate=gate)
        with torch.no_grad():
            plain = model._read(histories(9), model._table()).weights
            without_id = model._read(histories(9), model._table().switched(off, "zero"))
        assert torch.equal(plain, without_id.weights) is same


def test_two_modalities_that_say_the_same_leave_finite_losses_and_gradients() -> None:
    config = ModelConfig(hidden_size=16, max_seq_len=12, feature_size=9)
    same = features()["image"]
    model = build_model(config, NUM_ITEMS, {"image": same, "text": same}).train()
    item_seq, generator = histories(7, batch=8), torch.Generator().manual_seed(1)
    losses = torch.stack(list(model.losses(item_seq, item_seq.roll(-1, 1), generator).values()))
    losses.sum().backward()
    assert losses.isfinite().all()
    assert losses.max() < 10
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("withhold", WITHHOLD)
@pytest.mark.parametrize("knocked_out", [("image",), ("text",), ("image", "text")])
def test_a_modality_that_no_item_has_can_still_be_withheld(
    knocked_out: tuple[str, ...], withhold: str
) -> None:
    model = make(knocked_out=knocked_out, withhold=withhold).train()
    item_seq, targets = histories(0, batch=10), histories(1, batch=10)
    for seed in range(8):
        losses = model.losses(item_seq, targets, torch.Generator().manual_seed(seed))
        total = torch.stack(list(losses.values())).sum()
        total.backward()
        assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
    assert model.eval().score(item_seq)[:, 1:].isfinite().all()
