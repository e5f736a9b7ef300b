"""A step that looks at the items it needs computes what one that looks at all would."""

import pytest
import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.config.objective import ObjectiveConfig
from prism_core.models.build import build_model
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.shard import Shard
from prism_core.models.subset import Subset
from prism_core.names import PAD

NUM_ITEMS, LENGTH = 40, 6
OBJECTIVES = {
    "bce": ObjectiveConfig(loss="bce"),
    "bpr": ObjectiveConfig(loss="bpr"),
    "sampled": ObjectiveConfig(sampled_above=10, num_sampled=16),
}


def make(objective: str = "bce", withhold: str = "swap", **options: int) -> SequenceModel:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    shared = torch.randn(NUM_ITEMS + 1, 6, generator=generator)
    features = {
        name: shared + torch.randn(NUM_ITEMS + 1, 6, generator=generator)
        for name in ("image", "text")
    }
    known = torch.ones(NUM_ITEMS + 1, dtype=torch.bool)
    known[::5] = False
    config = ModelConfig(
        hidden_size=16,
        max_seq_len=LENGTH,
        dropout=0.0,
        withhold=withhold,
        objective=OBJECTIVES[objective],
        **options,
    )
    return build_model(config, NUM_ITEMS, features, {"image": known, "text": known.roll(2)})


def batch(rows: int = 6) -> tuple[Tensor, Tensor]:
    events = torch.randint(1, NUM_ITEMS // 2, (rows, LENGTH + 1), generator=seeded(3))
    item_seq, targets = events[:, :-1].clone(), events[:, 1:].clone()
    item_seq[:2, :3] = targets[:2, :3] = PAD
    return item_seq, targets


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_items_are_found_by_their_rows() -> None:
    subset = Subset.of([torch.tensor([[7, 3], [0, 7]])], torch.tensor([9, 3, 9]))
    assert subset.items.tolist() == [PAD, 3, 7, 9]
    assert subset.rows(torch.tensor([[9, 0], [7, 3]])).tolist() == [[3, 0], [2, 1]]
    assert subset.drawn.tolist() == [3, 1, 3]
    assert subset.counts.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("width", [0, 8])
@pytest.mark.parametrize("withhold", ["swap", "mean", "zero", "noise"])
def test_with_every_item_drawn_once_a_subset_is_the_whole(withhold: str, width: int) -> None:
    content = make(withhold=withhold, expert_hidden_size=width).content
    subset = Subset.of([torch.tensor([4])], torch.arange(1, NUM_ITEMS + 1))
    patterns = [(True, True), (True, False)]
    whole = content.item_tables(patterns[:1])[0].dense
    of_subset = content.item_tables(patterns[:1], None, subset)[0].dense
    assert torch.allclose(of_subset, whole, atol=1e-6)
    expected = content.item_tables(patterns)[1].dense
    of_subset = content.item_tables(patterns, None, subset)[1].dense
    assert torch.allclose(of_subset, expected, atol=1e-6)
    drawn = content.item_tables(patterns, seeded(0), subset)[1].dense
    assert torch.isfinite(drawn).all()
    assert not drawn[PAD].any()


@pytest.mark.parametrize("width", [0, 8])
@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_loss_is_that_of_a_step_over_all_items(
    objective: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make(objective, expert_hidden_size=width).eval()
    item_seq, targets = batch()
    model.start_epoch(item_seq, seeded(0))
    model.player_dropout = 0.0
    whole = model.losses(item_seq, targets, seeded(5))["recommendation"]

    def everything(wanted: list[Tensor], generator: torch.Generator) -> Subset:
        return Subset.of(wanted, torch.arange(1, NUM_ITEMS + 1))

    monkeypatch.setattr(model, "_subset", everything)
    few = model.losses(item_seq, targets, seeded(5))["recommendation"]
    torch.testing.assert_close(few, whole)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_processes_agree_on_a_step_that_looks_at_few_items(
    objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make(objective)
    monkeypatch.setattr(model.content, "sample_size", 12)
    item_seq, targets = batch()
    model.start_epoch(item_seq, seeded(0))
    count = float((targets != PAD).sum())
    together = model.losses(item_seq, targets, seeded(5), Shard(num_targets=count))
    halves = [
        model.losses(
            item_seq[rows],
            targets[rows],
            seeded(5),
            Shard(first_row=rows.start, num_targets=count / 2),
        )
        for rows in (slice(0, 3), slice(3, 6))
    ]
    for name, loss in together.items():
        torch.testing.assert_close((halves[0][name] + halves[1][name]) / 2, loss)


def test_few_items_are_looked_at_only_where_there_are_many_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make()
    assert model._subset([], seeded(0)) is None
    monkeypatch.setattr(model.content, "sample_size", 12)
    assert model._subset([], seeded(0)) is not None
    model.objective.asks_all_items = True
    assert model._subset([], seeded(0)) is None
