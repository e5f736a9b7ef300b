"""Parts as codes and maps are the parts that linear experts make."""

import pytest
import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.models.build import build_model
from prism_core.models.content.linear_parts import LinearParts
from prism_core.models.part_tables import CodedParts, DenseParts, PartTable
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.subset import Subset
from prism_core.models.switches import Switches
from prism_core.names import PAD

NUM_ITEMS = 60
PATTERNS = [(True, True), (True, False), (False, True)]
TABLES = pytest.mark.parametrize(
    "options",
    [
        {"part_placement": "sum", "part_scale": "free", "redundancy_expert": "tied"},
        {"part_placement": "sum", "redundancy_expert": "own", "synergy_rank": 3},
        {"part_scale": "free", "synergy_factors": "both", "without": ("unique_text",)},
        {"synergy_factors": "saturated", "synergy_rank": 2},
        {"redundancy_expert": "own"},
    ],
    ids=["wide", "one for redundancy", "free", "saturated", "blocks"],
)
WITHHOLD = pytest.mark.parametrize("withhold", ["swap", "mean", "zero", "noise"])


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(**options: object) -> SequenceModel:
    """Build a model with linear experts in which many items lack a modality, in float64."""
    known = torch.randn(NUM_ITEMS + 1, 12, generator=seeded(0), dtype=torch.float64)
    features = {"image": known[:, :8], "text": known[:, 4:]}
    rows = torch.arange(NUM_ITEMS + 1)
    available = {"image": rows % 5 != 0, "text": rows % 7 != 0}
    torch.manual_seed(0)
    config = ModelConfig(hidden_size=16, num_heads=2, expert_hidden_size=0, **options)
    model = build_model(config, NUM_ITEMS, features, available).double().train()
    if config.content == "prism":
        model.content._hold(LinearParts(model.content._catalogue()))  # moments in float64, too
        with torch.no_grad():
            model.content.missing.normal_()
    return model


def tables(model: SequenceModel, subset: Subset | None) -> tuple[list[PartTable], list[PartTable]]:
    """Give the tables of a training step, and those made by forming every part."""
    linear = model.content.linear
    coded = model.content.item_tables(PATTERNS, seeded(3), subset)
    model.content.linear = None
    dense = model.content.item_tables(PATTERNS, seeded(3), subset)
    model.content.linear = linear
    assert not any(isinstance(table, DenseParts) for table in coded)
    assert all(isinstance(table, DenseParts) for table in dense)
    return coded, dense


def some_items() -> Subset:
    drawn = torch.randint(1, NUM_ITEMS + 1, (40,), generator=seeded(4))
    return Subset.of([torch.tensor([[3, 8], [5, PAD]])], drawn)


@TABLES
@WITHHOLD
@pytest.mark.parametrize("subset", [None, some_items()], ids=["all", "some"])
def test_coded_parts_are_the_parts_and_learn_alike(
    options: dict[str, object], withhold: str, subset: Subset | None
) -> None:
    model = make(withhold=withhold, **options)
    coded, dense = tables(model, subset)
    items = torch.tensor([[1, 5, PAD], [7, 2, 5]])
    ids = torch.randn(len(dense[0].dense), 16, generator=seeded(2), dtype=torch.float64)
    read = [
        [t.dense, torch.stack(t.of(items), 2), model.content.candidates(t, ids)]
        for t in (*coded, *dense)
    ]
    for ours, theirs in zip(read[:3], read[3:], strict=True):
        for found, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(found, expected)
    assert read[3][0].abs().amax() > 0.05
    gradients = []
    for some in (read[:3], read[3:]):
        weight = torch.randn(some[0][2].shape, generator=seeded(1), dtype=torch.float64)
        loss = sum((vectors[2] * weight).sum() + vectors[1].square().sum() for vectors in some)
        found = torch.autograd.grad(loss, list(model.content.parameters()), allow_unused=True)
        gradients.append([torch.zeros(1) if g is None else g for g in found])
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected.to(found), atol=1e-9, rtol=1e-6)


@TABLES
def test_coded_parts_are_switched_averaged_and_chosen_like_the_parts(
    options: dict[str, object],
) -> None:
    for ours, theirs in zip(*tables(make(**options), None), strict=True):
        share = torch.rand(NUM_ITEMS, generator=seeded(5), dtype=torch.float64)
        vectors = torch.randn(theirs.dense.shape[1:], generator=seeded(6), dtype=torch.float64)
        is_on = [True, False, True, False]
        pairs: list[tuple[Tensor, Tensor]] = [
            (table.mean(), reference.mean())
            for table, reference in (
                (ours, theirs),
                (ours.switched(is_on), theirs.switched(is_on)),
                (ours.switched(is_on, vectors), theirs.switched(is_on, vectors)),
                (ours.switched([True] * 4, vectors), theirs),
                (ours.choose(lambda rows: rows[:9]), theirs.choose(lambda rows: rows[:9])),
            )
        ]
        pairs.append((ours.mean(share), theirs.mean(share)))
        still = (ours.switched(is_on, vectors), theirs.switched(is_on, vectors))
        pairs.append((still[0].dense, still[1].dense))
        ids = torch.randn(NUM_ITEMS + 1, vectors.shape[1], generator=seeded(2)).double()
        pairs.append((still[0].added_to(ids), still[1].added_to(ids)))
        for found, expected in pairs:
            torch.testing.assert_close(found, expected)


@TABLES
def test_scores_are_those_of_a_model_that_forms_the_parts(options: dict[str, object]) -> None:
    model = make(**options).eval()
    item_seq = torch.randint(1, NUM_ITEMS + 1, (8, 6), generator=seeded(7))
    switches = Switches(players=torch.rand(8, 5, generator=seeded(9)) < 0.6, reference="mean")
    with torch.no_grad():
        found = [model.score(item_seq), model.score(item_seq, switches)]
        assert isinstance(model._table().content, CodedParts)
        assert model._table() is model._table()
        vectors = model.item_vectors()
        model.content.linear = None
        model._forget()
        expected = [model.score(item_seq), model.score(item_seq, switches)]
        assert isinstance(model._table().content, DenseParts)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
    for part, ours in model.item_vectors().items():
        torch.testing.assert_close(vectors[part], ours)


@TABLES
def test_a_step_has_the_losses_of_one_that_forms_the_parts(options: dict[str, object]) -> None:
    model = make(dropout=0.0, player_dropout=0.4, **options)
    item_seq = torch.randint(1, NUM_ITEMS + 1, (8, 6), generator=seeded(7))
    found = model.losses(item_seq[:, :-1], item_seq[:, 1:], seeded(8))
    model.content.linear = None
    expected = model.losses(item_seq[:, :-1], item_seq[:, 1:], seeded(8))
    assert list(found) == list(expected)
    for name, loss in expected.items():
        torch.testing.assert_close(found[name], loss)


def test_codes_of_all_items_lie_column_by_column_too() -> None:
    coded, _ = tables(make(part_placement="sum"), None)
    fixed, multiplied = coded[0].codes
    assert fixed.all.stride() == (1, NUM_ITEMS + 1)
    assert fixed.rows.stride() == (fixed.rows.shape[1], 1)
    assert torch.equal(fixed.all, fixed.rows)
    assert multiplied.all is multiplied.rows


@pytest.mark.parametrize("part", range(3))
def test_what_is_read_is_centred_where_it_is_there(part: int) -> None:
    content = make().content
    available = [*content.available, content.available.any(0)][part]
    rows = content.linear.read.of_parts[part]
    torch.testing.assert_close(rows[available].mean(0), torch.zeros_like(rows[0]))
    assert not rows[~available].any()
    covariance = content.linear.read.covariances[part]
    expected = rows[available].T @ rows[available] / available.sum()
    torch.testing.assert_close(covariance, expected)


@pytest.mark.parametrize(
    "options",
    [{}, {"part_placement": "sum"}, {"content": "sum"}, {"content": "none"}],
    ids=["blocks", "tied", "summed", "none"],
)
def test_players_of_other_users_are_read_position_by_position(options: dict[str, object]) -> None:
    model = make(**options).eval()
    item_seq = torch.tensor([[PAD, 3, 8, 5], [4, 1, 9, 2]])
    donors = torch.tensor([[PAD, 7, PAD, 6], [PAD, 1, 2, 3]])
    players = [i % 2 == 0 for i in range(len(model.players))]
    with torch.no_grad():
        table = model._table()
        found = table.of_donors(item_seq, donors, players)
        vectors = [table.ids, *table.parts.unbind(1)]
    assert found.ids.shape == (2, 4, 16)
    for player, seen in enumerate([found.ids, *found.parts]):
        average = vectors[player][1:].mean(0)
        for row in range(2):
            for place in range(4):
                theirs = int(donors[row, place])
                expected = vectors[player][theirs] if theirs else average
                if players[player]:
                    expected = vectors[player][item_seq[row, place]]
                torch.testing.assert_close(seen[row, place], expected)


def test_synergy_of_three_modalities_is_silent_where_an_item_lacks_any() -> None:
    rows, generator = torch.arange(NUM_ITEMS + 1), seeded(0)
    names = ("image", "text", "sound")
    features = {
        name: torch.randn(NUM_ITEMS + 1, 6, generator=generator, dtype=torch.float64)
        for name in names
    }
    available = {name: rows % lacking != 0 for name, lacking in zip(names, (5, 7, 4), strict=True)}
    torch.manual_seed(0)
    config = ModelConfig(
        hidden_size=20, num_heads=2, expert_hidden_size=0, modalities=names, withhold="swap"
    )
    model = build_model(config, NUM_ITEMS, features, available).double()
    patterns = [(True, True, True), (True, False, True)]
    linear = model.content.linear
    coded = model.content.item_tables(patterns, seeded(3))
    model.content.linear = None
    dense = model.content.item_tables(patterns, seeded(3))
    model.content.linear = linear
    synergy = len(names)
    has_all = torch.stack(list(available.values())).all(0) & (rows > 0)
    for ours, theirs in zip(coded, dense, strict=True):
        torch.testing.assert_close(ours.dense, theirs.dense, atol=1e-5, rtol=1e-4)
        assert not ours.dense[~has_all, synergy].any()
        assert ours.dense[has_all, synergy].abs().amax() > 1e-4
