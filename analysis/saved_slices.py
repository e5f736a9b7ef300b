"""Named sets of users or items that a reader keeps beside a run, one small file each.

A slice is the reader's note, not a result of the run: it may come and go after the run is complete.
So it has no entry in the manifest, and every slice is a file of its own, written atomically, so
that two readers never overwrite each other's.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from prism_core.errors import DataError, RunFormatError
from prism_core.store import files
from prism_core.store.reader import Run

FOLDER: Final = "slices"
"""Folder of the slices inside a run folder, or inside the folder that stands in for it."""

MAX_NAME: Final = 60

Kind = Literal["users", "items"]
KINDS: Final[tuple[Kind, ...]] = ("users", "items")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSlice:
    """A named set of users or items.

    Attributes
    ----------
    kind
        What the members are. A set of items also stands for the users whose true next item is
        among them, and a set of users for their true next items.
    members
        External ids, each once.
    origin
        How they were chosen, in plain words.

    Raises
    ------
    DataError
        The name is empty, too long or not on one line, or there are no members.
    """

    name: str
    kind: Kind
    members: tuple[str, ...]
    origin: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME or not self.name.isprintable():
            raise DataError(
                f"slice name {self.name[:MAX_NAME]!r}: give one line of 1 to {MAX_NAME} letters."
            )
        if self.kind not in KINDS:
            raise DataError(f"slice {self.name!r}: kind {self.kind!r} is not one of {KINDS}.")
        if not self.members:
            raise DataError(f"slice {self.name!r}: it would be empty; choose at least one member.")

    def user_ids(self, run: Run) -> list[str]:
        """Give its users in a run."""
        outcome = run.table("user_metrics", ["user_id", "target_item_id"])
        column = "user_id" if self.kind == "users" else "target_item_id"
        return outcome.loc[outcome[column].isin(self.members), "user_id"].tolist()

    def item_ids(self, run: Run) -> list[str]:
        """Give its items in a run, by item index."""
        wanted: Iterable[str] = self.members
        if self.kind == "users":
            outcome = run.table("user_metrics", ["user_id", "target_item_id"])
            wanted = outcome.loc[outcome["user_id"].isin(self.members), "target_item_id"]
        items = run.table("items", ["item_index", "item_id"]).sort_values("item_index")
        return items.loc[items["item_id"].isin(wanted), "item_id"].tolist()


def save_slice(folder: Path, saved: SavedSlice) -> Path:
    """Keep a slice; one of the same name is replaced.

    Parameters
    ----------
    folder
        The run folder, or the folder that stands in for one that must not be written to.
    """
    target = _file(folder, saved.name)
    files.write_json(target, asdict(saved))
    return target


def delete_slice(folder: Path, name: str) -> None:
    """Remove a slice; one that is not there counts as removed."""
    _file(folder, name).unlink(missing_ok=True)


def saved_slices(folder: Path) -> dict[str, SavedSlice]:
    """Read the slices kept in a folder, by name in alphabetical order; damaged files are skipped.

    Parameters
    ----------
    folder
        As of :func:`save_slice`; it may not exist.
    """
    found = [
        slice_ for file in sorted((folder / FOLDER).glob("[!.]*.json")) if (slice_ := _read(file))
    ]
    return {slice_.name: slice_ for slice_ in sorted(found, key=lambda s: s.name.casefold())}


def group_slice(groups: pd.DataFrame, name: str) -> SavedSlice | None:
    """Turn one group of users into a slice; None where there is no such group.

    Parameters
    ----------
    groups
        ``user_id`` and one column per grouping, as of :func:`analysis.slices.user_slices`.
    name
        As of :func:`group_names`.
    """
    grouping, _, group = name.partition(": ")
    if grouping not in groups.columns.drop("user_id"):
        return None
    members = groups.loc[groups[grouping].astype("string") == group, "user_id"]
    if members.empty:
        return None
    return SavedSlice(
        name=name, kind="users", members=tuple(members), origin=f"users grouped by {grouping}"
    )


def group_names(groups: pd.DataFrame) -> list[str]:
    """Name every group that has users: ``history length: 3 to 20``."""
    names = []
    for grouping in groups.columns.drop("user_id"):
        used = groups[grouping].astype("category").cat.remove_unused_categories()
        names += [f"{grouping}: {group}" for group in used.cat.categories]
    return names


def _file(folder: Path, name: str) -> Path:
    key = hashlib.sha256(name.encode()).hexdigest()[:16]
    return folder / FOLDER / f"{key}.json"


def _read(file: Path) -> SavedSlice | None:
    try:
        values: dict[str, Any] = files.read_json(file)
        return SavedSlice(**values | {"members": tuple(map(str, values["members"]))})
    except (RunFormatError, DataError, TypeError, KeyError, AttributeError):
        return None
