"""Full ranking: what is masked, who wins a tie, and what stands in the list."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.errors import PrismError
from prism_core.evaluation.ranking import (
    Masking,
    list_items_,
    mask_unwanted_,
    rank_users,
    target_ranks,
)
from prism_core.evaluation.recording import recommended, record_rankings
from prism_core.store.datasets import Dataset
from prism_core.store.writer import RunWriter


def random_scores(inputs: EvaluationInputs, at_once: int = 3) -> Iterator[torch.Tensor]:
    generators = [torch.Generator().manual_seed(int(user)) for user in inputs.users]
    yield from torch.stack([torch.rand(61, generator=g) for g in generators]).split(at_once)


def test_padding_and_seen_items_are_no_candidates_and_the_target_always_is() -> None:
    scores = torch.tensor([[9.0, 5.0, 4.0, 3.0]])
    rows, items, target = torch.tensor([0, 0]), torch.tensor([1, 2]), torch.tensor([2])
    masked = mask_unwanted_(scores, rows, items, target)
    assert masked.tolist() == [[-torch.inf, -torch.inf, 4.0, 3.0]]
    assert target_ranks(masked, target).tolist() == [1]


def test_a_flawed_masking_lets_padding_and_seen_items_compete() -> None:
    scores = torch.tensor([[9.0, 5.0, -4.0, -3.0]])
    rows, items, target = torch.tensor([0]), torch.tensor([1]), torch.tensor([2])
    flawed = Masking(seen_score=0.0, padding_competes=True)
    masked = mask_unwanted_(scores, rows, items, target, flawed)
    assert masked.tolist() == [[9.0, 0.0, -4.0, -3.0]]
    assert target_ranks(masked, target).tolist() == [4]


def test_a_tie_counts_against_the_model() -> None:
    scores = torch.tensor([[-torch.inf, 1.0, 1.0, 1.0, 2.0, 0.0]])
    assert target_ranks(scores, torch.tensor([1])).tolist() == [4]


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_the_target_stands_in_the_list_at_its_rank(rank: int) -> None:
    scores = torch.tensor([[-torch.inf, 5.0, 4.0, 3.0, 2.0, 1.0]])
    target = torch.tensor([rank])
    items, values = list_items_(scores, target, target_ranks(scores, target), top_k=5)
    assert items.tolist() == [[1, 2, 3, 4, 5]]
    assert values.tolist() == [[5.0, 4.0, 3.0, 2.0, 1.0]]


def test_a_tied_target_stands_below_its_equals() -> None:
    scores = torch.tensor([[-torch.inf, 1.0, 1.0, 0.0]])
    target = torch.tensor([1])
    items, _ = list_items_(scores, target, target_ranks(scores, target), top_k=2)
    assert items.tolist() == [[2, 1]]


def test_a_list_longer_than_the_candidates_ends_in_padding() -> None:
    scores = torch.tensor([[-torch.inf, 1.0, -torch.inf, 0.5]])
    items, values = list_items_(scores, torch.tensor([3]), torch.tensor([2]), top_k=6)
    assert items.tolist() == [[1, 3, 0, 0, 0, 0]]
    assert values[0, 2:].eq(-torch.inf).all()


def test_ranks_match_a_plain_loop_and_do_not_depend_on_the_batch(tiny_dataset: Dataset) -> None:
    sequences = Sequences(tiny_dataset)
    small = rank_users(random_scores, sequences, "test", max_seq_len=5, batch_size=7)
    whole = partial(random_scores, at_once=100)
    large = rank_users(whole, sequences, "test", max_seq_len=5, batch_size=100)
    assert (small.rank == large.rank).all()
    assert (small.listed_items == large.listed_items).all()
    events = tiny_dataset.interactions.groupby("user_index")["item_index"].agg(list)
    for user, items in enumerate(events):
        inputs = sequences.evaluation_inputs("test", np.array([user]), 5)
        scores = next(random_scores(inputs))[0].tolist()
        candidates = [i for i in range(1, 61) if i not in items[:-1]]
        order = sorted(candidates, key=lambda i: -scores[i])
        assert small.rank[user] == order.index(items[-1]) + 1
        assert small.listed_items[user].tolist() == order[:20]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_a_score_that_is_not_finite_is_refused(tiny_dataset: Dataset, bad: float) -> None:
    def broken(inputs: EvaluationInputs) -> list[torch.Tensor]:
        scores = torch.cat(list(random_scores(inputs)))
        scores[inputs.users == 2, 7] = bad
        return list(scores.split(4))

    with pytest.raises(PrismError, match="item 7 for user 2 is not a finite number"):
        rank_users(broken, Sequences(tiny_dataset), "test", max_seq_len=5)


def test_the_recorded_tables_agree_with_the_ranking(tiny_dataset: Dataset, tmp_path: Path) -> None:
    sequences = Sequences(tiny_dataset)
    valid, test = (
        rank_users(random_scores, sequences, split, max_seq_len=5, top_k=10)
        for split in ("valid", "test")
    )
    pairs = recommended(test).assign(extra=1.0)
    columns = pd.DataFrame({"weight": np.arange(40.0)})
    record_rankings(
        RunWriter(tmp_path),
        tiny_dataset,
        valid=valid,
        test=test,
        seed=0,
        recommendations=pairs,
        user_columns=columns,
    )
    lists = pd.read_parquet(tmp_path / "recommendations.parquet")
    users = pd.read_parquet(tmp_path / "user_metrics.parquet")
    assert lists.groupby("user_id").size().between(10, 11).all()
    assert {"extra"} < set(lists.columns)
    found = users.merge(
        lists, left_on=["user_id", "target_item_id"], right_on=["user_id", "item_id"]
    )
    assert (found["rank_x"] == found["rank_y"]).all()
    assert len(found) == 40
    assert pd.read_parquet(tmp_path / "users.parquet")["weight"].tolist() == list(range(40))
    metrics = pd.read_parquet(tmp_path / "metrics.parquet")
    assert set(metrics["split"]) == {"valid", "test"}
