"""Histories read with a coalition of players: whose, which vectors, and what stays whole."""

from typing import Any

import pytest
import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.config.objective import ObjectiveConfig
from prism_core.models.build import build_model
from prism_core.models.content.linear_parts import Replaced
from prism_core.models.negatives import split_prefixes
from prism_core.models.sequence_model import Coalition, SequenceModel
from prism_core.models.shard import Shard
from prism_core.models.tables import ItemVectors
from prism_core.names import PAD

NUM_ITEMS, LENGTH, USERS = 30, 7, 10
SHARE = 0.3


def make(**changes: Any) -> SequenceModel:
    torch.manual_seed(0)
    options = {"hidden_size": 16, "max_seq_len": LENGTH, "dropout": 0.0, "player_dropout": SHARE}
    config = ModelConfig(**{**options, **changes})
    generator = torch.Generator().manual_seed(1)
    shared = torch.randn(NUM_ITEMS + 1, 4, generator=generator)
    features = {
        name: torch.cat([shared, torch.randn(NUM_ITEMS + 1, 6, generator=generator)], dim=1)
        for name in config.modalities
    }
    model = build_model(config, NUM_ITEMS, features).train()
    with torch.no_grad():
        model.ids.mul_(20)
    return model


def batch() -> tuple[Tensor, Tensor]:
    item_seq = torch.randint(
        1, NUM_ITEMS + 1, (USERS, LENGTH), generator=torch.Generator().manual_seed(2)
    )
    item_seq[:3, :4] = PAD
    return item_seq, torch.where(item_seq != PAD, item_seq % NUM_ITEMS + 1, PAD)


def recommendation(model: SequenceModel) -> Tensor:
    return model.losses(*batch(), torch.Generator().manual_seed(3))["recommendation"]


def given(
    coalition: Coalition | None, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> SequenceModel:
    """Make a model that draws this coalition, for the rows that it would draw one for."""
    model = make(**changes)
    is_dropped = torch.tensor(Shard().chosen_rows(USERS, SHARE if coalition else 0.0))
    monkeypatch.setattr(model, "_draw_coalition", lambda *_: (coalition, is_dropped))
    return model


ID_AND_TEXT = Coalition((True, False, True, False, False), (True, True))


def test_a_share_of_the_rows_is_chosen_evenly_spaced_and_in_slices_alike() -> None:
    chosen = Shard().chosen_rows(40, SHARE)
    assert sum(chosen) == 12
    gaps = torch.tensor(chosen).nonzero().squeeze(1).diff()
    assert set(gaps.tolist()) == {3, 4}
    sliced = [
        row for first in (0, 13, 26)
        for row in Shard(first_row=first).chosen_rows(min(13, 40 - first), SHARE)
    ]  # fmt: skip
    assert sliced + Shard(first_row=39).chosen_rows(1, SHARE) == chosen


def test_where_no_row_is_chosen_no_coalition_is_drawn() -> None:
    for model, rows in ((make(), 3), (make(player_dropout=0.0), 10)):
        coalition, is_dropped = model._draw_coalition(
            rows, Shard(), torch.Generator().manual_seed(0)
        )
        assert coalition is None
        assert is_dropped.tolist() == [False] * rows


def test_some_player_is_always_on_and_one_modality_at_most_withheld() -> None:
    model, seen = make(), set()
    for seed in range(200):
        coalition, _ = model._draw_coalition(9, Shard(), torch.Generator().manual_seed(seed))
        assert any(coalition.players)
        seen.add(coalition)
    assert {c.kept for c in seen} == {(True, True), (False, True), (True, False)}
    assert len({c.players for c in seen}) == 2**5 - 1


def test_players_are_touched_that_are_off_or_may_read_what_is_withheld() -> None:
    assert ID_AND_TEXT.is_touched == [False, True, False, True, True]
    withheld = Coalition((True, True, True, True, False), (True, False))
    assert withheld.is_touched == [False, True, True, True, True]
    without_id = Coalition((False, True, True, True, True), (True, True))
    assert without_id.is_touched == [True, False, False, False, False]


def test_only_touched_vectors_of_the_given_histories_are_replaced() -> None:
    own = ItemVectors(torch.zeros(4, 2, 3), [torch.zeros(4, 2, 3) for _ in range(2)])
    theirs = ItemVectors(torch.ones(2, 2, 3), [torch.ones(2, 2, 3) for _ in range(2)])
    ids, parts = own.replaced(torch.tensor([1, 3]), theirs, [False, True, False])
    for untouched in (ids, parts[1], own.parts[0]):
        assert not untouched.any()
    assert parts[0][:, 0, 0].tolist() == [0, 1, 0, 1]


def test_players_that_are_off_have_one_vector_wherever_there_is_an_item() -> None:
    own = ItemVectors(torch.zeros(1, 2, 3), [torch.zeros(1, 2, 2) for _ in range(2)])
    is_item = torch.tensor([[False, True]])
    ids, parts = torch.ones(3), torch.tensor([[2.0, 3.0], [4.0, 5.0]])
    found = own.switched([False, True, False], ids, parts, is_item)
    assert found.ids.tolist() == [[[0, 0, 0], [1, 1, 1]]]
    assert not found.parts[0].any()
    assert found.parts[1].tolist() == [[[0, 0], [4, 5]]]


@pytest.mark.parametrize("kept", [(True, True), (False, True)])
def test_a_second_table_is_asked_for_only_where_a_modality_is_withheld(
    kept: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[tuple[bool, ...]]] = []
    model = given(Coalition((True, False, True, True, True), kept), monkeypatch)
    item_tables = model.content.item_tables

    def spied(patterns: list[tuple[bool, ...]], *rest: Any) -> Any:
        asked.append(list(patterns))
        return item_tables(patterns, *rest)

    monkeypatch.setattr(model.content, "item_tables", spied)
    recommendation(model)
    assert asked == [[(True, True)] if all(kept) else [(True, True), kept]]


def test_items_with_a_modality_withheld_are_made_for_the_histories_that_meet_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[list[int]] = []
    codes_of = Replaced.codes

    def spied(self: Replaced, rows: Tensor) -> Tensor:
        made.append(rows.tolist())
        return codes_of(self, rows)

    monkeypatch.setattr(Replaced, "codes", spied)
    withheld = Coalition((True, True, True, False, True), (True, False))
    recommendation(given(withheld, monkeypatch))
    is_dropped = torch.tensor(Shard().chosen_rows(USERS, SHARE))
    assert made == [batch()[0][is_dropped].unique().tolist()]


@pytest.mark.parametrize("content", ["prism", "sum"])
@pytest.mark.parametrize("expert_hidden_size", [0, 8])
def test_histories_lose_players_and_candidates_keep_them(
    monkeypatch: pytest.MonkeyPatch, content: str, expert_hidden_size: int
) -> None:
    options = {"content": content, "expert_hidden_size": expert_hidden_size}
    model = given(None, monkeypatch, **options)
    players = tuple(i in (0, 2) for i in range(len(model.players)))
    coalition = Coalition(players, (True, True))
    (item_seq, targets), whole = batch(), model._table()
    is_dropped = Shard().chosen_rows(USERS, SHARE)
    losses = []
    for row, dropped in enumerate(is_dropped):
        table = whole.switched(players, "mean") if dropped else whole
        states = model._read(item_seq[row : row + 1], table).states[0]
        scores = states @ model._candidates(whole)[1:].T
        wanted = targets[row] != PAD
        picked = scores[wanted].log_softmax(1)
        losses.append(-picked.gather(1, targets[row][wanted, None] - 1).sum())
    expected = torch.stack(losses).sum() / (targets != PAD).sum()
    found = recommendation(given(coalition, monkeypatch, **options))
    torch.testing.assert_close(found, expected)
    assert abs(found.item() - recommendation(model).item()) > 1e-3


def test_prefixes_lose_the_players_of_their_history(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = ObjectiveConfig(splitting="prefixes")
    model = given(ID_AND_TEXT, monkeypatch, objective=objective)
    seen, read = [], model._read
    monkeypatch.setattr(model, "_read", lambda items, v: seen.append((items, v)) or read(items, v))
    recommendation(model)
    (item_seq, targets), ((prefixes, vectors),) = batch(), seen
    assert torch.equal(prefixes, split_prefixes(item_seq, targets)[0])
    is_dropped = torch.tensor(Shard().chosen_rows(USERS, SHARE))
    of_history = is_dropped[(targets != PAD).nonzero()[:, 0]]
    whole = model._table().of(prefixes)
    changed = (vectors.parts[0] - whole.parts[0]).abs().amax((1, 2)) > 1e-6
    assert torch.equal(changed, of_history)
    torch.testing.assert_close(vectors.parts[1], whole.parts[1])


def test_ids_are_replaced_by_their_mean_which_padding_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_id = Coalition((False, True, True, True, True), (True, True))
    model = given(without_id, monkeypatch)
    seen, read = [], model._read
    monkeypatch.setattr(model, "_read", lambda items, v: seen.append(v) or read(items, v))
    recommendation(model)
    (item_seq, _), (vectors,) = batch(), seen
    is_dropped = torch.tensor(Shard().chosen_rows(USERS, SHARE))
    of_dropped, is_real = vectors.ids[is_dropped], item_seq[is_dropped] != PAD
    mean = model.ids.mean(0).expand(int(is_real.sum()), -1)
    torch.testing.assert_close(of_dropped[is_real], mean)
    assert not of_dropped[~is_real].any()
    torch.testing.assert_close(vectors.ids[~is_dropped], model._id_table()[item_seq[~is_dropped]])


def test_parts_that_read_what_is_withheld_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    coalition = Coalition((True,) * 5, (True, False))
    model = given(coalition, monkeypatch, withhold="mean")
    seen, read = [], model._read
    monkeypatch.setattr(model, "_read", lambda items, v: seen.append(v) or read(items, v))
    recommendation(model)
    (item_seq, _), (vectors,), whole = batch(), seen, model._table()
    is_dropped = torch.tensor(Shard().chosen_rows(USERS, SHARE))
    of_whole = whole.of(item_seq)
    changed = [
        [bool((ours - theirs)[rows].abs().max() > 1e-6) for rows in (is_dropped, ~is_dropped)]
        for ours, theirs in zip(vectors.parts, of_whole.parts, strict=True)
    ]
    assert model.parts == ("unique_image", "unique_text", "synergy", "redundancy")
    assert changed == [[False, False], [True, False], [True, False], [True, False]]
    assert torch.equal(vectors.ids, of_whole.ids)
