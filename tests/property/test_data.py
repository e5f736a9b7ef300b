"""Filters, splits and ranking hold for any histories, checked against plain loops."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prism_core.data.filters import first_of_pairs, from_newest, k_core
from prism_core.data.options import PreparationOptions
from prism_core.data.raw import Origin, RawData, event_batches
from prism_core.data.readers.frames import items_frame
from prism_core.data.selection import newest, select_events
from prism_core.data.sequences import Sequences
from prism_core.errors import DataError
from prism_core.evaluation.metrics import per_user
from prism_core.evaluation.ranking import list_items_, mask_unwanted_, target_ranks
from prism_core.names import METRICS, PAD
from prism_core.store import files
from prism_core.store.datasets import Dataset
from tests.factories import make_dataset

NUM_ITEMS = 12
ROWS = [(user, item) for user in "abc" for item in "uvwxy"]
events = st.tuples(
    st.permutations([*ROWS, *ROWS[:4]]),
    st.lists(st.integers(0, 2), min_size=len(ROWS) + 4, max_size=len(ROWS) + 4),
    st.integers(len(ROWS) - 2, len(ROWS) + 4),
).map(
    lambda drawn: [(*row, time) for row, time in zip(drawn[0], drawn[1], strict=True)][: drawn[2]]
)
"""Nearly every user with every item, some twice, in any order and with many ties."""
pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)
histories = st.lists(
    st.lists(st.integers(1, NUM_ITEMS), min_size=3, max_size=NUM_ITEMS, unique=True),
    min_size=1,
    max_size=5,
)


def slow_core(rows: list[tuple[Any, Any]], k: int) -> list[tuple[Any, Any]]:
    """Remove one user or item at a time."""
    while True:
        for column in (1, 0):
            counts = pd.Series([row[column] for row in rows]).value_counts()
            few = [name for name, count in counts.items() if count < k]
            if few:
                rows = [row for row in rows if row[column] != few[0]]
                break
        else:
            return rows


def sequences_of(items: list[list[int]]) -> Sequences:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d"
        make_dataset(path, num_users=len(items), num_items=NUM_ITEMS)
        rows = [(u, i, t) for u, history in enumerate(items) for t, i in enumerate(history)]
        frame = pd.DataFrame(rows, columns=["user_index", "item_index", "timestamp"])
        files.write_parquet(path / "interactions.parquet", frame)
        return Sequences(Dataset(path))


@settings(deadline=None)
@given(pairs, st.integers(1, 4))
def test_the_k_core_is_the_one_that_slow_removal_finds(rows: list[tuple[int, int]], k: int) -> None:
    users, items = (np.array(column, dtype=int) for column in zip(*rows, strict=True))
    kept = k_core(users, items, k)
    assert [row for row, keep in zip(rows, kept, strict=True) if keep] == slow_core(rows, k)


@settings(deadline=None)
@given(pairs)
def test_the_first_event_of_every_pair_is_marked(rows: list[tuple[int, int]]) -> None:
    users, items = (np.array(column, dtype=int) for column in zip(*rows, strict=True))
    expected = [row not in rows[:place] for place, row in enumerate(rows)]
    assert first_of_pairs(users, items).tolist() == expected


@given(st.lists(st.integers(0, 5)))
def test_places_count_from_each_user_s_newest_event(users: list[int]) -> None:
    ordered = sorted(users)
    expected = [ordered[place + 1 :].count(user) for place, user in enumerate(ordered)]
    assert from_newest(np.array(ordered, dtype=int)).tolist() == expected


@settings(max_examples=15, deadline=None)
@given(events, st.integers(3, 4))
def test_selected_events_are_in_order_of_user_time_and_file(
    rows: list[tuple[str, str, int]], last: int
) -> None:
    raw = RawData(
        origin=Origin(name="", title="", source="s", licence="", citation="", sequence=""),
        events=lambda: event_batches((*row, None) for row in rows),
        items=items_frame([]),
    )
    core = slow_core([*{(user, item): 0 for user, item, _ in rows}], 3)
    if not core:
        with pytest.raises(DataError, match="no interactions are left"):
            select_events(raw, {}, PreparationOptions(k_core=3))
        return
    found = select_events(raw, {}, PreparationOptions(k_core=3))
    assert list(found.user_ids) == sorted({user for user, _ in core})
    kept = newest(found, last)
    for code, user in enumerate(found.user_ids):
        own = sorted((row for row in rows if row[0] == user), key=lambda row: row[2])
        items = list(dict.fromkeys(item for _, item, _ in own if (user, item) in core))
        chosen = found.item_codes[kept & (found.user_codes == code)]
        assert [found.item_ids[item] for item in chosen] == items[-last:]


@settings(max_examples=25, deadline=None)
@given(histories, st.integers(1, 14))
def test_no_split_sees_its_target_or_anything_after_it(items: list[list[int]], length: int) -> None:
    sequences = sequences_of(items)
    users = np.arange(len(items))
    for split, from_end in (("test", 1), ("valid", 2)):
        inputs = sequences.evaluation_inputs(split, users, length)
        rows, seen = sequences.seen(split, users)
        for user, history in enumerate(items):
            before = history[:-from_end]
            assert inputs.target[user] == history[-from_end]
            assert inputs.item_seq[user].tolist() == padded(before, length)
            assert inputs.history_length[user] == len(before)
            assert seen[rows == user].tolist() == before


@settings(max_examples=25, deadline=None)
@given(histories, st.integers(1, 14))
def test_training_pairs_are_neighbours_and_never_the_held_out_items(
    items: list[list[int]], length: int
) -> None:
    users = np.arange(len(items))
    item_seq, targets = sequences_of(items).training_batch(users, length)
    for user, history in enumerate(items):
        train = history[:-2]
        assert item_seq[user].tolist() == padded(train[:-1], length)
        assert targets[user].tolist() == padded(train[1:], length)
        assert not {*history[-2:]} & {*item_seq[user], *targets[user]}


@settings(deadline=None)
@given(st.data())
def test_ranks_and_lists_match_sorting_with_the_target_last_among_equals(
    data: st.DataObject,
) -> None:
    values = data.draw(st.lists(st.integers(0, 4), min_size=NUM_ITEMS, max_size=NUM_ITEMS))
    target = data.draw(st.integers(1, NUM_ITEMS))
    seen = data.draw(st.sets(st.integers(1, NUM_ITEMS)))
    top_k = data.draw(st.integers(1, 2 * NUM_ITEMS))
    scores = torch.tensor([[9.0, *values]])
    wanted = torch.tensor([target])
    rows, items = torch.zeros(len(seen), dtype=torch.long), torch.tensor([*seen], dtype=torch.long)
    mask_unwanted_(scores, rows, items, wanted)
    rank = target_ranks(scores, wanted)
    listed, listed_scores = list_items_(scores, wanted, rank, top_k)

    candidates = [i for i in range(1, NUM_ITEMS + 1) if i == target or i not in seen]
    order = sorted(candidates, key=lambda i: (-values[i - 1], i == target))
    assert rank.item() == order.index(target) + 1
    best = [values[i - 1] for i in order][:top_k]
    assert listed_scores[0, : len(best)].tolist() == best
    shown = [i for i in listed[0].tolist() if i != PAD]
    assert len(shown) == len(set(shown)) == min(top_k, len(order))
    assert set(shown) <= set(candidates)
    if rank.item() <= top_k:
        assert shown[rank.item() - 1] == target


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 30))
def test_metrics_match_their_definition_on_written_out_lists(ranks: list[int], k: int) -> None:
    for metric in METRICS:
        expected = [by_definition(metric, rank, k) for rank in ranks]
        assert np.allclose(per_user(np.array(ranks), metric, k), expected)


def by_definition(metric: str, rank: int, k: int) -> float:
    hits = [int(place == rank) for place in range(1, k + 1)]
    if metric in ("recall", "hr"):
        return float(any(hits))
    weights = {
        "ndcg": [1 / np.log2(place + 1) for place in range(1, k + 1)],
        "mrr": [1 / place for place in range(1, k + 1)],
    }[metric]
    return float(np.dot(hits, weights))


def padded(items: list[int], length: int) -> list[int]:
    newest = items[-length:]
    return [PAD] * (length - len(newest)) + newest
