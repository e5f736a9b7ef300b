"""Slices come back as they were saved, translate between users and items, and never half-exist."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import slices
from analysis.saved_slices import (
    FOLDER,
    SavedSlice,
    delete_slice,
    group_names,
    group_slice,
    save_slice,
    saved_slices,
)
from prism_core.errors import DataError
from prism_core.store.reader import Run


@pytest.fixture(scope="module")
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


names = st.text(min_size=1, max_size=60).filter(lambda name: name.strip() and name.isprintable())


@given(
    name=names,
    members=st.lists(st.text(), min_size=1, unique=True).map(tuple),
    kind=st.sampled_from(["users", "items"]),
)
def test_what_is_saved_is_read_back(tmp_path_factory, name, members, kind) -> None:
    folder = tmp_path_factory.mktemp("run")
    saved = SavedSlice(name=name, kind=kind, members=members, origin="a lasso")
    save_slice(folder, saved)
    assert saved_slices(folder) == {name: saved}


def test_saving_again_replaces_and_deleting_removes(tmp_path: Path) -> None:
    for members in (("1", "2"), ("3",)):
        save_slice(tmp_path, SavedSlice(name="night owls", kind="users", members=members))
    save_slice(tmp_path, SavedSlice(name="A/../b", kind="items", members=("10",)))
    assert list(saved_slices(tmp_path)) == ["A/../b", "night owls"]
    assert saved_slices(tmp_path)["night owls"].members == ("3",)
    delete_slice(tmp_path, "night owls")
    delete_slice(tmp_path, "night owls")
    assert list(saved_slices(tmp_path)) == ["A/../b"]
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / FOLDER]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 61])
def test_names_that_cannot_be_listed_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="give one line"):
        SavedSlice(name=name, kind="users", members=("1",))


def test_an_empty_slice_is_refused() -> None:
    with pytest.raises(DataError, match="at least one member"):
        SavedSlice(name="nobody", kind="users", members=())


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"name":"a","kind":"cats","members":["1"]}',
                '{"name":"a","kind":"users","members":7}', '{"name":"a","colour":1,"members":[]}'],
)  # fmt: skip
def test_damaged_files_are_skipped(tmp_path: Path, content: str) -> None:
    save_slice(tmp_path, SavedSlice(name="good", kind="users", members=("1",)))
    (tmp_path / FOLDER / "damaged.json").write_text(content)
    assert list(saved_slices(tmp_path)) == ["good"]


def test_a_folder_without_slices_has_none(tmp_path: Path) -> None:
    assert saved_slices(tmp_path / "gone") == {}


def test_items_stand_for_the_users_who_chose_them_next_and_back(run: Run) -> None:
    outcome = run.table("user_metrics")
    wanted = outcome["target_item_id"].iloc[:3].tolist()
    users = SavedSlice(name="i", kind="items", members=tuple(wanted)).user_ids(run)
    assert users == outcome.loc[outcome["target_item_id"].isin(wanted), "user_id"].tolist()
    items = SavedSlice(name="u", kind="users", members=tuple(users)).item_ids(run)
    assert sorted(items) == sorted(set(wanted))


def test_members_that_the_run_does_not_have_are_left_out(run: Run) -> None:
    assert SavedSlice(name="u", kind="users", members=("7", "gone")).user_ids(run) == ["7"]
    assert SavedSlice(name="i", kind="items", members=("10", "gone")).item_ids(run) == ["10"]


def test_groups_are_slices_that_part_the_users(run: Run) -> None:
    groups = slices.user_slices(run)
    parts = [name for name in group_names(groups) if name.startswith("top part: ")]
    members = [set(group_slice(groups, name).members) for name in parts]
    assert len(parts) > 1
    assert sum(map(len, members)) == len(set.union(*members)) == len(groups)
    assert group_slice(groups, "top part: soul") is None
    assert group_slice(groups, "user_id: 7") is None
    assert group_slice(groups, "anything") is None


def test_a_slice_is_plain_json(tmp_path: Path) -> None:
    path = save_slice(tmp_path, SavedSlice(name="a", kind="users", members=("1",), origin="by id"))
    assert json.loads(path.read_text()) == {
        "name": "a", "kind": "users", "members": ["1"], "origin": "by id"
    }  # fmt: skip
