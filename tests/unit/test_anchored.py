"""The roles of mode ``anchored`` hold before any training: they are built in."""

import pytest
import torch
from torch import Tensor

from prism_core.config.model import PART_SCALES, LossWeights, ModelConfig
from prism_core.config.run import load_run_config
from prism_core.models.build import build_model
from prism_core.models.content.experts import INITIAL_GAIN
from prism_core.models.content.losses import cross_correlation
from prism_core.models.features import FeatureSpace, SharedSplit
from prism_core.models.sequence_model import SequenceModel

NUM_ITEMS = 60


def features(seed: int, num_shared: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shared = torch.randn(NUM_ITEMS + 1, num_shared, generator=generator)
    own = torch.randn(2, NUM_ITEMS + 1, 4, generator=generator)
    return {n: torch.cat([shared, own[i]], dim=1) for i, n in enumerate(("image", "text"))}


@pytest.fixture(scope="module", params=[0, 8], ids=["linear", "networks"])
def model(request: pytest.FixtureRequest) -> SequenceModel:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, expert_hidden_size=request.param)
    return build_model(config, NUM_ITEMS, features(0)).eval()


def test_known_items_encoded_as_new_ones_get_the_same_parts(model: SequenceModel) -> None:
    with torch.no_grad():
        known, new = model.item_vectors(), model.new_item_vectors(features(0))
    for part in model.parts:
        torch.testing.assert_close(known[part][1:], new[part][1:], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("reads", "ignores"), [("image", "text"), ("text", "image")])
def test_a_unique_part_reads_its_modality_only(
    model: SequenceModel, reads: str, ignores: str
) -> None:
    items, others = features(1), features(2)
    with torch.no_grad():
        before = model.new_item_vectors(items)[f"unique_{reads}"]
        ignored = model.new_item_vectors({**items, ignores: others[ignores]})
        read = model.new_item_vectors({**items, reads: others[reads]})
    assert torch.equal(ignored[f"unique_{reads}"], before)
    assert not torch.allclose(read[f"unique_{reads}"], before)


def test_tied_parts_of_modalities_that_agree_are_one_projection_of_each() -> None:
    torch.manual_seed(0)
    config = load_run_config(preset="wide-parts", overrides=["model.hidden_size=16"]).model
    both = {"image": features(0)["image"], "text": features(0)["image"]}
    model = build_model(config, NUM_ITEMS, both).eval()
    experts, spaces = model.content.experts, model.content.spaces
    projected = sum(
        spaces[name].rows @ expert.linear.weight[:16].T
        for name, expert in zip(("image", "text"), experts.own, strict=True)
    )
    with torch.no_grad():
        parts = model.item_vectors()
    linear = parts["unique_image"] + parts["unique_text"] + parts["redundancy"]
    centred = projected[1:] - projected[1:].mean(0)
    torch.testing.assert_close(linear[1:], centred, atol=1e-5, rtol=1e-4)
    assert float(parts["redundancy"].abs().max()) > 0.01


@pytest.mark.parametrize("placement", ["blocks", "sum"])
def test_synergy_is_charged_for_its_own_term_of_the_score(placement: str) -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, part_placement=placement)
    content = build_model(config, NUM_ITEMS, features(0)).content
    parts, ids, queries = (
        torch.randn(30, 4, content.part_size),
        torch.randn(30, 16),
        torch.randn(5, 16),
    )
    silent = parts.clone()
    silent[:, content.parts.index("synergy")] = 0
    rest = ids + content.join(silent.unbind(1))
    term = ids + content.join(parts.unbind(1)) - rest
    taken, left = ((queries @ vectors.T).var(1, correction=0) for vectors in (term, rest))
    expected = (taken / (taken + left)).mean()
    torch.testing.assert_close(content._charge(parts.unbind(1), ids, queries, 5), expected)


def test_synergy_is_charged_for_what_it_moves_where_scores_are_distances() -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, backbone="stosa", player_dropout=0)
    model = build_model(config, NUM_ITEMS, features(0)).eval()
    content, index = model.content, model.parts.index("synergy")
    with torch.no_grad():
        content.scale[index] = 1.0
    item_seq = torch.randint(1, NUM_ITEMS + 1, (6, 4))
    targets = torch.randint(1, NUM_ITEMS + 1, (6, 4))
    found = model.losses(item_seq, targets, torch.Generator().manual_seed(0))["charge"]
    table = model._table()
    states = model._read(item_seq, table).states.flatten(0, 1)
    silent = table.parts.clone()
    silent[:, index] = 0
    spoken, rest = (
        model.backbone.similarity(states, table.ids[1:] + content.join(parts[1:].unbind(1)))
        for parts in (table.parts, silent)
    )
    taken, left = ((spoken - rest).var(1, correction=0), rest.var(1, correction=0))
    expected = (taken / (taken + left)).mean()
    torch.testing.assert_close(found, config.losses.charge * expected)
    assert expected > 0.05


@pytest.mark.parametrize("withheld", ["image", "text"])
def test_synergy_vanishes_on_average_over_donors(model: SequenceModel, withheld: str) -> None:
    known = features(0)
    items = {name: rows[5:6].expand(NUM_ITEMS, -1) for name, rows in known.items()}
    with torch.no_grad():
        synergy = model.new_item_vectors({**items, withheld: known[withheld][1:]})["synergy"]
    assert float(synergy.abs().max()) > 0.01
    torch.testing.assert_close(synergy.mean(0), torch.zeros(4), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["saturated", "both"])
def test_saturated_factors_keep_synergy_a_pure_interaction(kind: str) -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, synergy_factors=kind)
    model, known = build_model(config, NUM_ITEMS, features(0)).eval(), features(0)
    items = {name: rows[5:6].expand(NUM_ITEMS, -1) for name, rows in known.items()}
    with torch.no_grad():
        synergy = model.new_item_vectors({**items, "text": known["text"][1:]})["synergy"]
        factors = model.content.experts.read(model.content._own())[0][:, model.content.part_size :]
    assert float(synergy.abs().max()) > 0.01
    torch.testing.assert_close(synergy.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    bounded = factors.abs().amax(0) <= 1
    assert bounded[-len(bounded) // 2 :].all() if kind == "both" else bounded.all()


@pytest.mark.parametrize("width", [0, 8])
@pytest.mark.parametrize("scale", PART_SCALES)
def test_experts_begin_faint_and_factors_squashed_as_ever(scale: str, width: int) -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        hidden_size=16,
        num_heads=2,
        part_scale=scale,
        expert_hidden_size=width,
        synergy_factors="saturated",
    )
    experts = build_model(config, NUM_ITEMS, features(0)).content.experts
    expert, saturation = experts.own[0]
    size = expert.linear.in_features
    spread = expert.linear.weight.std().item() * size**0.5
    assert spread == pytest.approx(0.1, rel=0.2)
    rows = torch.ones(1, size)
    larger = torch.nn.Linear(size, expert.linear.out_features, bias=False)
    with torch.no_grad():
        larger.weight.copy_(expert.linear.weight * 10)
        expected = torch.tanh(INITIAL_GAIN * larger(rows))[:, -experts.rank :]
        found = saturation(expert.linear(rows))[:, -experts.rank :]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("width", "is_linear"), [(0, True), (8, False)])
def test_experts_of_width_zero_are_linear(width: int, is_linear: bool) -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, expert_hidden_size=width)
    model = build_model(config, NUM_ITEMS, features(0)).eval()
    one, other = ({n: 9 * rows for n, rows in features(seed).items()} for seed in (1, 2))
    between = {name: (one[name] + other[name]) / 2 for name in one}
    with torch.no_grad():
        ends = [model.new_item_vectors(known) for known in (one, other)]
        middle = model.new_item_vectors(between)
    for part in ("unique_image", "unique_text", "redundancy"):
        halved = (ends[0][part] + ends[1][part]) / 2
        assert torch.allclose(middle[part], halved, atol=1e-2) is is_linear
    assert not torch.allclose(
        middle["synergy"], (ends[0]["synergy"] + ends[1]["synergy"]) / 2, atol=1e-2
    )


def test_redundancy_survives_without_either_modality(model: SequenceModel) -> None:
    with torch.no_grad():
        full = model.item_vectors()["redundancy"]
        without = [model.item_vectors(withhold=name)["redundancy"] for name in ("image", "text")]
        neither = model._table((False, False)).parts
    for vectors in without:
        assert float((vectors - full).norm() / full.norm()) < 0.1
    assert not neither.any()


def test_parts_are_centred_so_that_their_mean_favours_no_item(model: SequenceModel) -> None:
    with torch.no_grad():
        vectors = model.item_vectors()
    for part in ("unique_image", "unique_text", "redundancy"):
        torch.testing.assert_close(vectors[part][1:].mean(0), torch.zeros(4), atol=1e-5, rtol=0)


def test_items_without_a_modality_share_one_learned_vector() -> None:
    known = torch.ones(NUM_ITEMS + 1, dtype=torch.bool).index_fill(0, torch.tensor([3, 9]), False)
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2)
    built = build_model(config, NUM_ITEMS, features(0), {"image": known})
    with torch.no_grad():
        built.content.missing.fill_(0.5)
        vectors = built.eval().item_vectors()
    spread = float(built.content.scale[0].detach())
    torch.testing.assert_close(vectors["unique_image"][3], torch.full((4,), 0.5 * spread))
    assert torch.equal(vectors["unique_image"][9], vectors["unique_image"][3])
    assert not vectors["synergy"][3].any()
    assert vectors["redundancy"][3].any()


def test_independent_modalities_share_nothing() -> None:
    everything = torch.arange(1001) > 0
    generator = torch.Generator().manual_seed(0)
    spaces = {
        name: FeatureSpace(torch.randn(1001, 12, generator=generator), everything, size=12)
        for name in ("image", "text")
    }
    split = SharedSplit(spaces)
    assert float(split.shared("image", spaces["image"].rows).abs().max()) < 0.5


def test_redundancy_is_zero_where_nothing_is_shared() -> None:
    generator = torch.Generator().manual_seed(0)
    features = {
        "image": torch.randn(61, 24, generator=generator),
        "text": torch.randn(61, 16, generator=generator),
    }
    model = build_model(ModelConfig(hidden_size=16, num_heads=2), 60, features)
    redundancy = model.item_vectors()["redundancy"]
    assert not redundancy.any()


def histories(batch: int = 4, length: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(1, NUM_ITEMS + 1, (batch, length), generator=generator)


def test_a_fusion_weight_is_the_share_of_what_the_parts_add_to_a_history(
    model: SequenceModel,
) -> None:
    content, item_seq = model.content, histories()
    with torch.no_grad():
        content.scale.copy_(torch.tensor([0.02, 0.4, 0.1, 0.2]))
        parts = model._table().parts
        unit = parts[1:].square().mean((0, 2)).sqrt()
        weights = model.fusion_weights(item_seq)[:, None]
        read = content.join(parts[item_seq].unbind(2), weights.expand(-1, item_seq.shape[1], -1))
        added = read.unflatten(-1, (4, 4)) / (parts[item_seq] / unit[:, None])
    torch.testing.assert_close(unit, content.scale.detach(), atol=1e-3, rtol=1e-2)
    shares = added / added.sum(-2, keepdim=True)
    torch.testing.assert_close(shares, weights[..., None].expand_as(shares))


def test_a_part_made_faint_loses_its_weight() -> None:
    torch.manual_seed(0)
    built = build_model(ModelConfig(hidden_size=16, num_heads=2), NUM_ITEMS, features(0)).eval()
    with torch.no_grad():
        before = built.fusion_weights(histories())
        built.content.scale[1] *= 0.01
        after = built.fusion_weights(histories())
    assert before[:, 1].min() > 0.2
    assert after[:, 1].max() < 0.01
    torch.testing.assert_close(after.sum(1), torch.ones(4))


def test_a_part_that_the_features_cannot_fill_gets_no_weight() -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, modalities=("image",))
    alone = {"image": features(0)["image"]}
    weights = build_model(config, NUM_ITEMS, alone).eval().fusion_weights(histories())
    torch.testing.assert_close(weights, torch.tensor([[1.0, 0.0, 0.0]]).expand(4, -1))


def test_losses_without_weight_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> Tensor:
        raise AssertionError("computed for nothing")

    monkeypatch.setattr("prism_core.models.content.anchored.cross_correlation", fail)
    torch.manual_seed(0)
    weights = LossWeights(decorrelation=0.0)
    config = ModelConfig(hidden_size=16, num_heads=2, losses=weights)
    model = build_model(config, NUM_ITEMS, features(0))
    items = torch.randint(1, NUM_ITEMS + 1, (4, 6))
    losses = model.losses(items[:, :-1], items[:, 1:], torch.Generator().manual_seed(0))
    assert list(losses) == ["recommendation", "reconstruction", "charge"]


def test_correlation_of_some_columns_estimates_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, part_placement="sum")
    content = build_model(config, NUM_ITEMS, features(0)).content
    generator = torch.Generator().manual_seed(0)
    assert content._columns(generator) is None
    monkeypatch.setattr("prism_core.models.content.anchored.SAMPLED_COLUMNS", 6)
    mixed = torch.randn(64, 64, dtype=torch.float64)
    parts = (torch.randn(90, 64, dtype=torch.float64) @ mixed).unflatten(1, (4, 16))
    parts -= parts.mean(0)
    estimates = []
    for _ in range(300):
        columns = content._columns(generator)
        assert columns.shape == (4, 6)
        assert all(len(set(row)) == 6 for row in columns.tolist())
        estimates.append(cross_correlation(parts.gather(2, columns.expand(90, -1, -1))))
    expected = float(cross_correlation(parts))
    assert expected == pytest.approx(float(torch.stack(estimates).mean()), rel=0.05)
    assert float(torch.stack(estimates).std()) > 0.02 * expected


def test_reconstruction_is_measured_by_what_is_known_of_the_items() -> None:
    torch.manual_seed(0)
    content = build_model(ModelConfig(hidden_size=16, num_heads=2), NUM_ITEMS, features(0)).content
    expected = [own[1:].square().sum(1).mean() for own in content._own()]
    torch.testing.assert_close(content.variances[:2], torch.stack(expected))
    with torch.no_grad():
        for decoder in (*content.decoders, content.shared_decoder):
            decoder.weight.zero_()
            decoder.bias.zero_()
        items = torch.arange(1, NUM_ITEMS + 1)
        missed = content._unexplained(content.item_parts()[1:].unbind(1), items)
    torch.testing.assert_close(missed, torch.tensor(1.0))
