"""The command: events without the future, answers stored once, resumed, refused in words."""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.information import command
from analysis.information.histories import choices, history_means, principal_components
from analysis.information.questions import Library, Settings, questions
from prism_core.errors import DataError
from prism_core.store.reader import Run
from tests.factories import make_dataset, make_run


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("information")
    dataset = make_dataset(root / "data", num_users=60, num_items=40, length=14)
    return make_run(root / "runs", dataset=dataset), root / "data"


def run(folder: tuple[Path, Path], *options: str) -> None:
    path, data = folder
    quick = "--permutations", "20", "--coding", "kmeans"
    command.run(parsed(str(path), "--dataset", str(data), *quick, *options))


def test_answers_are_stored_and_not_computed_twice(
    folder: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--scope", "data", "--target", "next popularity", "--no-definitions")
    run(folder, *asked)
    frame = Run(folder[0]).table("information")
    estimates = frame[frame["kind"] == "estimate"]
    assert list(estimates["atom"])[:4] == ["unique_first", "unique_second", "synergy", "redundancy"]
    assert set(frame["kind"]) == {"estimate", "resolution", "samples", "group"}
    assert frame["key"].nunique() == 1
    capsys.readouterr()
    run(folder, *asked)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["computed"] for e in events if e["event"] == "information"] == [False]
    assert events[-1]["event"] == "finished"


def test_another_seed_replaces_the_answer_and_a_part_adds_its_own(
    folder: tuple[Path, Path],
) -> None:
    run(folder, "--target", "next popularity", "--scope", "data", "--no-definitions")
    run(folder, "--target", "next popularity", "--scope", "data", "--no-definitions", "--seed", "1")
    run(folder, "--target", "next popularity", "--scope", "part", "--no-definitions")
    frame = Run(folder[0]).table("information")
    asked = frame[frame["kind"].isin(["estimate", "refused"])]
    assert asked.groupby(["scope", "first"])["key"].nunique().eq(1).all()
    assert set(asked["first"]) == {"image", "unique_image", "unique_text", "synergy", "redundancy"}


def test_too_few_events_are_stored_as_a_refusal(folder: tuple[Path, Path]) -> None:
    run(folder, "--scope", "model", "--target", "top-1 category")
    frame = Run(folder[0]).table("information")
    refused = frame[frame["target"] == "top-1 category"].iloc[0]
    assert refused["kind"] == "refused"
    assert "samples are needed" in refused["warnings"]


def test_the_data_set_of_another_run_is_refused(folder: tuple[Path, Path], tmp_path: Path) -> None:
    other = make_dataset(tmp_path / "other", seed=9)
    with pytest.raises(DataError, match="not the data set"):
        run((folder[0], other.path))


def test_contradicting_options_leave_no_question(folder: tuple[Path, Path]) -> None:
    with pytest.raises(DataError, match="exclude each other"):
        run(folder, "--scope", "data", "--target", "hit@10")


def test_the_key_changes_with_what_the_answer_is_computed_from(
    folder: tuple[Path, Path],
) -> None:
    library = Library(Run(folder[0]), command.Dataset(folder[1]), Settings())
    every = list(questions(library.run, library.dataset))
    one, dataset = library.run, library.dataset
    keys = {question.key(one, dataset, Settings()) for question in every}
    assert len(keys) == len(every)
    assert every[0].key(one, dataset, Settings(seed=1)) not in keys


def test_a_history_never_holds_its_own_choice() -> None:
    interactions = pd.DataFrame({"user_index": [0] * 7 + [1] * 7, "item_index": [*range(1, 8)] * 2})
    vectors = np.vstack([np.zeros(7), np.eye(7)])
    available = np.arange(8) > 0
    available[2] = False
    events = choices(interactions)
    means = history_means(vectors, available, interactions, events)
    assert events.item_index.tolist() == [6, 7, 6, 7]
    assert (means[np.arange(4), events.item_index - 1] == 0).all()
    np.testing.assert_allclose(means.sum(1), 1.0)
    np.testing.assert_allclose(means[0], means[2])
    assert (means[:, 1] == 0).all()
    assert means[0, 4] / means[0, 3] == pytest.approx(1 / 0.8)


def test_components_keep_distances_and_leave_missing_rows_out() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 5))
    available = np.arange(30) > 0
    reduced = principal_components(vectors, available)
    assert (reduced[0] == 0).all()
    expected = np.linalg.norm(vectors[1] - vectors[2])
    assert np.linalg.norm(reduced[1] - reduced[2]) == pytest.approx(expected)
