"""The command: events without the future, answers stored once, resumed, refused in words."""

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.information import command
from analysis.information.candidates import candidate_pairs
from analysis.information.cautions import FEW_EVENTS
from analysis.information.histories import choices, history_means, principal_components
from analysis.information.lattice import estimate_lattice, lattice
from analysis.information.library import Library
from analysis.information.questions import Settings, ask, questions
from analysis.information.sources import item_vectors, source_names
from analysis.saved_slices import SavedSlice, save_slice
from analysis.unfinished import FOLDER
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset, Features, write_dataset
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


def test_a_stopped_estimate_goes_on_behind_its_last_finished_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset(tmp_path / "data", num_users=60, num_items=40, length=14)
    asked = ("--scope", "data", "--target", "next popularity", "--no-definitions")
    whole = make_run(tmp_path / "whole", dataset=dataset)
    run((whole, dataset.path), *asked)
    assert not any((whole / FOLDER).iterdir())
    stopped = make_run(tmp_path / "stopped", dataset=dataset)
    estimation, nulls = sys.modules["analysis.information.estimate"], []
    target_null, synergy_null = estimation.target_null, estimation.synergy_null

    def counted(*given: object) -> np.ndarray:
        nulls.append("target")
        return target_null(*given)

    def interrupted(*given: object) -> np.ndarray:
        raise KeyboardInterrupt

    monkeypatch.setattr(estimation, "target_null", counted)
    monkeypatch.setattr(estimation, "synergy_null", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run((stopped, dataset.path), *asked)
    assert not Run(stopped).has("information")
    monkeypatch.setattr(estimation, "synergy_null", synergy_null)
    run((stopped, dataset.path), *asked)
    assert nulls == ["target"]
    assert not any((stopped / FOLDER).iterdir())
    pd.testing.assert_frame_equal(
        Run(stopped).table("information"), Run(whole).table("information")
    )


def test_a_coding_that_is_suggested_anyway_is_the_same_question(
    folder: tuple[Path, Path],
) -> None:
    one, dataset = Run(folder[0]), Dataset(folder[1])
    asked = ask("next category", "image", "text", one)
    default = asked.key(one, dataset, Settings())
    assert asked.key(one, dataset, Settings(coding="posterior")) == default
    assert asked.key(one, dataset, Settings(coding="kmeans")) != default


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
    library = Library(Run(folder[0]), Dataset(folder[1]), Settings())
    every = list(questions(library.run, library.dataset))
    one_slice = SavedSlice(name="some", kind="users", members=("1", "2"))
    one, dataset = library.run, library.dataset
    keys = {question.key(one, dataset, Settings()) for question in every}
    assert len(keys) == len(every)
    assert every[0].key(one, dataset, Settings(seed=1)) not in keys
    assert every[0].key(one, dataset, Settings(), one_slice) not in keys


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


@pytest.fixture(scope="module")
def library(folder: tuple[Path, Path]) -> Library:
    slices = {
        "some users": SavedSlice(name="some users", kind="users", members=("1", "2", "3")),
        "some items": SavedSlice(name="some items", kind="items", members=("10", "20")),
    }
    return Library(Run(folder[0]), Dataset(folder[1]), Settings(), slices)


def test_a_slice_keeps_to_its_users_choices_or_to_choices_of_its_items(library: Library) -> None:
    of_users = ask("next category", "image", "text", library.run, slice="some users")
    assert set(library.material(of_users).users) == {0, 1, 2}
    of_items = ask("next cluster", "image", "text", library.run, slice="some items")
    found, whole = library.material(of_items), library.material(replace(of_items, slice=""))
    chosen = np.isin(library.events.item_index, [1, 2])
    assert len(found.target) == chosen.sum() < len(whole.target)
    np.testing.assert_array_equal(found.sources["text"], whole.sources["text"][chosen])
    with pytest.raises(DataError, match="has no slice 'other'"):
        library.material(replace(of_users, slice="other"))


def test_candidates_are_half_hits_and_never_chosen_before(library: Library) -> None:
    material = library.material(ask("hit or miss", "image", "text", library.run))
    assert material.target.mean() == 0.5
    assert {s.shape[1] for s in material.sources.values()} == {1}
    known = item_vectors("image", library.run, library.dataset)[1]
    pairs = candidate_pairs(library.events, library._seen, known, seed=3)
    users = library.events.user_index[pairs.event]
    np.testing.assert_array_equal(library._seen(users, pairs.item_index), pairs.is_hit)
    assert known[pairs.item_index].all()


def test_every_source_and_target_gives_material(library: Library) -> None:
    one, dataset = library.run, library.dataset
    assert source_names(one, dataset) == ("image", "text", *one.parts, "id")
    for target in ("next cluster", "top-1 cluster", "hit@10", "hit or miss"):
        found = library.material(ask(target, "synergy", "rest", one))
        assert found.sources["synergy"].shape[0] == len(found.target) == len(found.users)
        assert 2 <= len(found.classes) <= 16
        assert found.target.max() == len(found.classes) - 1
    assert ask("next cluster", "id", "image", one).scope == "part"
    with pytest.raises(DataError, match="no source 'sound'; choose one of image, text"):
        library.material(ask("next cluster", "sound", "image", one))


def test_any_two_sources_can_be_asked_about_within_a_group(folder: tuple[Path, Path]) -> None:
    path = folder[0]
    save_slice(path, SavedSlice(name="mine", kind="users", members=tuple(map(str, range(1, 50)))))
    options = ("--first", "image", "--second", "synergy", "--target", "next popularity")
    run(folder, *options, "--slice", "mine", "--no-definitions")
    frame = Run(path).table("information")
    asked = frame[(frame["slice"] == "mine") & (frame["kind"] == "estimate")]
    assert asked["second"].unique().tolist() == ["synergy"]
    assert asked["num_users"].unique().tolist() == [49]
    with pytest.raises(DataError, match="--second needs --first"):
        run(folder, "--second", "text")


@pytest.mark.parametrize("name", ["top part: synergy", "popularity taste: popular items"])
def test_every_group_of_users_that_can_be_chosen_is_a_slice(
    folder: tuple[Path, Path], name: str
) -> None:
    asked = ("--scope", "data", "--target", "next popularity", "--no-definitions")
    run(folder, *asked, "--slice", name)
    frame = Run(folder[0]).table("information")
    assert (frame["slice"] == name).any()


@pytest.mark.parametrize("target", ["next popularity", "hit or miss"])
def test_a_slice_of_fewer_than_200_choices_is_refused(
    folder: tuple[Path, Path], target: str
) -> None:
    path = folder[0]
    few = SavedSlice(name="few", kind="users", members=tuple(map(str, range(1, 22))))
    save_slice(path, few)
    run(folder, "--first", "image", "--second", "text", "--target", target, "--slice", "few")
    frame = Run(path).table("information")
    refused = frame[(frame["slice"] == "few") & (frame["target"] == target)]
    assert refused["kind"].tolist() == ["refused"]
    assert re.search("holds 18[0-9] choices", refused["warnings"].iloc[0])


def test_quantiles_are_the_default_for_candidates(folder: tuple[Path, Path]) -> None:
    path, data = folder
    options = ["--permutations", "20", "--target", "hit or miss", "--no-definitions"]
    command.run(parsed(str(path), "--dataset", str(data), *options))
    frame = Run(path).table("information")
    found = frame[(frame["target"] == "hit or miss") & (frame["kind"] == "estimate")]
    assert found["coding"].unique().tolist() == ["quantile"]
    assert found["samples"].max() < FEW_EVENTS
    assert not found["warnings"].str.contains("Probes").any(), "quantiles need no probes"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run on data with three modalities."""
    root = tmp_path_factory.mktemp("three")
    two = make_dataset(root / "two", num_users=120, num_items=60, length=14)
    sound = np.random.default_rng(5).normal(size=(61, 8)).astype(np.float32)
    features = {name: two.features(name) for name in two.modalities}
    dataset = write_dataset(
        root / "data",
        description={k: two.description[k] for k in DESCRIBED}
        | {"encoders": dict.fromkeys((*two.modalities, "sound"), "random")},
        tables={"interactions": two.interactions, "items": two.items, "users": two.users},
        features=features | {"sound": Features(sound, np.arange(61) > 0)},
    )
    return make_run(root / "runs", dataset=dataset), root / "data"


DESCRIBED = ("name", "title", "source", "licence", "citation", "sequence", "options")


def test_three_modalities_are_asked_in_pairs_against_the_rest_and_as_a_lattice(
    three: tuple[Path, Path],
) -> None:
    one, dataset = Run(three[0]), Dataset(three[1])
    asked = [q for q in questions(one, dataset) if q.target == "next category"]
    pairs = {(q.first, q.second) for q in asked if q.scope == "data"}
    assert pairs == {
        ("image", "text"), ("image", "sound"), ("text", "sound"),
        ("image", "rest"), ("text", "rest"), ("sound", "rest"),
    }  # fmt: skip
    material = Library(one, dataset, Settings()).material(ask("hit or miss", "text", "rest", one))
    assert material.sources["rest"].shape[1] == 2
    run(three, "--scope", "lattice")
    rows = Run(three[0]).table("information").query("scope == 'lattice'")
    assert len(rows) == 18
    assert "{image}{text,sound}" in set(rows["atom"])
    total = rows["value"].sum()
    assert total == pytest.approx(rows["information_joint"].iloc[0], abs=1e-9)
    assert rows["retention_joint"].notna().all() or rows["samples_per_cell"].notna().all()


def test_the_lattice_of_three_copies_is_redundant_in_all() -> None:
    table = np.zeros((2, 2, 2, 2))
    table[0, 0, 0, 0] = table[1, 1, 1, 1] = 0.5
    atoms = lattice(table, ["a", "b", "c"]).set_index("node")["value"]
    assert atoms["{a}{b}{c}"] == pytest.approx(1.0)
    assert atoms.drop("{a}{b}{c}").abs().max() < 1e-9


def test_a_lattice_of_too_little_or_too_many_is_refused() -> None:
    target, users = np.arange(60) % 5, np.arange(60)
    three_sources = {name: np.zeros((60, 1)) for name in "abc"}
    with pytest.raises(DataError, match="needs at least 200"):
        estimate_lattice(three_sources, target, groups=users)
    with pytest.raises(DataError, match="5 sources have no lattice"):
        lattice(np.full((2,) * 6, 1 / 64))
