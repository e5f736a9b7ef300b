"""Floors worked out by hand, and the runs that store them."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prism_core.data.sequences import Sequences
from prism_core.evaluation import floors_command
from prism_core.evaluation.metrics import per_user
from prism_core.evaluation.ranking import rank_users
from prism_core.models.floors import (
    Floor,
    feature_knn,
    floors_for,
    item_knn,
    markov,
    popularity,
)
from prism_core.store import files
from prism_core.store.datasets import Dataset, Features
from prism_core.store.reader import Run
from tests.factories import make_dataset

HISTORIES = ([1, 2, 3, 4, 5], [1, 2, 5, 6, 7], [2, 3, 1, 7, 4])
"""Training events: 1 2 3, 1 2 5 and 2 3 1."""


@pytest.fixture
def sequences(tmp_path: Path) -> Sequences:
    path = make_dataset(tmp_path / "d", num_users=3, num_items=8, length=5).path
    rows = [(u, i, t) for u, items in enumerate(HISTORIES) for t, i in enumerate(items)]
    frame = pd.DataFrame(rows, columns=["user_index", "item_index", "timestamp"])
    files.write_parquet(path / "interactions.parquet", frame)
    return Sequences(Dataset(path))


def scores_of_first_valid_user(floor: object, sequences: Sequences) -> np.ndarray:
    return floor(sequences.evaluation_inputs("valid", np.array([0]), 5))[0].numpy()


def test_popularity_counts_training_events(sequences: Sequences) -> None:
    scores = scores_of_first_valid_user(popularity(sequences), sequences)
    assert scores.tolist() == [0, 3, 3, 2, 0, 1, 0, 0, 0]


def test_markov_counts_what_followed_the_newest_item(sequences: Sequences) -> None:
    scores = scores_of_first_valid_user(markov(sequences), sequences)
    assert scores.round(2).tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    unseen = scores[[5, 6]]
    assert 0 < unseen[0] < 1e-3, "popularity decides among items that never followed"
    assert unseen[1] == 0


def test_item_knn_sums_cosines_of_user_sets(sequences: Sequences) -> None:
    floor = item_knn(sequences, neighbours=8, shrinkage=0.0, recent=1)
    scores = scores_of_first_valid_user(floor, sequences)
    expected = 2 / np.sqrt(3 * 2)
    assert scores[[1, 2]] == pytest.approx(expected, abs=1e-3)
    assert scores[[3, 5]] == pytest.approx(0, abs=1e-3)


def test_item_knn_adds_up_the_history_and_shrinks(sequences: Sequences) -> None:
    floor = item_knn(sequences, neighbours=8, shrinkage=1.0, recent=3)
    scores = scores_of_first_valid_user(floor, sequences)
    assert scores[5] == pytest.approx(2 * 1 / (np.sqrt(3 * 1) + 1), abs=1e-3)


def test_item_knn_keeps_only_the_nearest_neighbours(sequences: Sequences) -> None:
    floor = item_knn(sequences, neighbours=1, shrinkage=0.0, recent=1)
    scores = scores_of_first_valid_user(floor, sequences)
    assert (scores > 1e-3).sum() == 0, "3 is no other item's single nearest neighbour"


def test_feature_knn_ranks_by_cosine(sequences: Sequences) -> None:
    vectors = np.zeros((9, 2), dtype=np.float32)
    vectors[3], vectors[5], vectors[6] = [3, 0], [1, 1], [-2, 0]
    features = Features(vectors, np.arange(9) > 0)
    floor = feature_knn(sequences, features=features, recent=1, centred=False)
    scores = scores_of_first_valid_user(floor, sequences)
    assert scores[[3, 5, 6]] == pytest.approx([1, np.sqrt(0.5), -1])


def test_every_modality_has_a_floor(tiny_dataset: Dataset) -> None:
    assert list(floors_for(tiny_dataset)) == [
        "popularity",
        "markov",
        "item-knn",
        "image-knn",
        "text-knn",
    ]


def test_floors_are_stored_as_runs_and_chosen_on_the_validation_split(
    tiny_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    floors_command.run(
        argparse.Namespace(data=tiny_dataset.path, out=tmp_path, top_k=5, max_seq_len=10)
    )
    assert capsys.readouterr().out.count("HR@10") == 5
    run = Run(tmp_path / "floor-text-knn")
    run.verify()
    assert run.manifest["kind"] == "floor"
    assert run.config["search"] == {"metric": "ndcg@10", "split": "valid", "tried": 14}
    sequences = Sequences(tiny_dataset)
    floor = floors_for(tiny_dataset)["text-knn"]
    found = floors_command.search(floor, sequences, max_seq_len=10, top_k=5)
    assert found.settings == run.config["settings"]
    assert found.settings == best_by_loop(floor, sequences)
    table = run.table("metrics").set_index(["split", "metric", "k"])["value"]
    assert table["valid", "ndcg", 10] == per_user(found.valid.rank, "ndcg", 10).mean()


def best_by_loop(floor: Floor, sequences: Sequences) -> dict[str, object]:
    quality = {}
    for recent in floor.grid["recent"]:
        for centred in floor.grid["centred"]:
            score = floor.build(sequences, recent=recent, centred=centred)
            ranking = rank_users(lambda i, s=score: [s(i)], sequences, "valid", max_seq_len=10)
            quality[recent, centred] = per_user(ranking.rank, "ndcg", 10).mean()
    assert len(set(quality.values())) > 2
    recent, centred = max(quality, key=quality.get)
    return {"recent": recent, "centred": centred}
