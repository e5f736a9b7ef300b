"""Leave-one-out splits worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prism_core.data.sequences import Sequences
from prism_core.errors import DataError
from prism_core.store import files
from prism_core.store.datasets import Dataset
from tests.factories import make_dataset


def with_histories(path: Path, histories: list[list[int]]) -> Dataset:
    make_dataset(path, num_users=len(histories), num_items=20)
    frame = pd.DataFrame(
        [(u, i, t) for u, items in enumerate(histories) for t, i in enumerate(items)],
        columns=["user_index", "item_index", "timestamp"],
    )
    files.write_parquet(path / "interactions.parquet", frame)
    return Dataset(path)


@pytest.fixture
def sequences(tmp_path: Path) -> Sequences:
    return Sequences(with_histories(tmp_path / "d", [[3, 1, 4, 15, 9], [2, 6, 5]]))


def test_training_pairs_stop_before_the_valid_target(sequences: Sequences) -> None:
    item_seq, targets = sequences.training_batch(np.array([0, 1]), 3)
    assert item_seq.tolist() == [[0, 3, 1], [0, 0, 0]]
    assert targets.tolist() == [[0, 1, 4], [0, 0, 0]]
    assert sequences.training_users().tolist() == [0]


def test_training_keeps_the_newest_pairs(sequences: Sequences) -> None:
    item_seq, targets = sequences.training_batch(np.array([0]), 1)
    assert (item_seq.tolist(), targets.tolist()) == ([[1]], [[4]])


def test_the_test_history_includes_the_valid_target(sequences: Sequences) -> None:
    test = sequences.evaluation_inputs("test", np.array([1, 0]), 3)
    assert test.item_seq.tolist() == [[0, 2, 6], [1, 4, 15]]
    assert test.target.tolist() == [5, 9]
    assert test.history_length.tolist() == [2, 4]
    valid = sequences.evaluation_inputs("valid", np.array([1, 0]), 3)
    assert valid.item_seq.tolist() == [[0, 0, 2], [3, 1, 4]]
    assert valid.target.tolist() == [6, 15]


def test_seen_items_are_the_whole_history(sequences: Sequences) -> None:
    rows, items = sequences.seen("test", np.array([1, 0]))
    assert rows.tolist() == [0, 0, 1, 1, 1, 1]
    assert items.tolist() == [2, 6, 3, 1, 4, 15]


def test_training_events_leave_out_both_targets(sequences: Sequences) -> None:
    users, items = sequences.train_events()
    assert users.tolist() == [0, 0, 0, 1]
    assert items.tolist() == [3, 1, 4, 2]


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ([[1, 2, 3], [1, 2]], "user 1 has 2 events"),
        ([[1, 2, 21]], "row 2, column 'item_index': 21 is not in 1..20"),
        ([[1, 0, 3]], "row 1, column 'item_index': 0 is not in 1..20"),
    ],
)
def test_contradictory_events_are_refused(
    tmp_path: Path, histories: list[list[int]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Sequences(with_histories(tmp_path / "d", histories))


def test_events_out_of_order_are_refused(tmp_path: Path, tiny_dataset: Dataset) -> None:
    dataset = make_dataset(tmp_path / "d")
    shuffled = tiny_dataset.interactions.iloc[::-1]
    files.write_parquet(dataset.path / "interactions.parquet", shuffled)
    with pytest.raises(DataError, match="row 1: rows must be sorted"):
        Sequences(Dataset(dataset.path))


def test_an_unknown_split_is_refused(sequences: Sequences) -> None:
    with pytest.raises(DataError, match="choose one of test, valid"):
        sequences.seen("train", np.array([0]))
