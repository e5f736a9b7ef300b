"""The slice that the reader has chosen: a saved set of users or items, or a group of users.

A slice is kept in the folder of its run. The app never writes into bundled runs or folders it may
not write to: their slices lie in ``<own runs>/.slices/<run id>``. Runs on the same data share
their slices, because users and items are the same.
"""

import os
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis import saved_slices, tastes
from analysis.saved_slices import SavedSlice
from app import loaders
from app.state import selection
from prism_core.store import schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

OVERLAY = ".slices"


def own_folder(run: Run) -> Path:
    """Give the folder into which slices of a run are written."""
    if _is_bundled(run.path) or not os.access(run.path, os.W_OK):
        return loaders.own_runs() / OVERLAY / run.run_id
    return run.path


@lru_cache(maxsize=loaders.MANY_RUNS)
def _is_bundled(path: Path) -> bool:
    return path.resolve().is_relative_to(loaders.ROOT / "assets")


def own(run: Run) -> dict[str, SavedSlice]:
    """Give the slices that the reader may delete, by name."""
    return _saved(own_folder(run))


def folders(run: Run) -> list[Path]:
    """List the folders that may hold slices that fit a run; the run's own come first."""
    runs = [run, *loaders.runs_on_same_data(run)]
    return list(dict.fromkeys(folder for one in runs for folder in (own_folder(one), one.path)))


def saved(run: Run) -> dict[str, SavedSlice]:
    """Give all saved slices that fit a run, by name; the run's own come first."""
    found: dict[str, SavedSlice] = {}
    for folder in folders(run):
        found |= {name: one for name, one in _saved(folder).items() if name not in found}
    return found


def groups(run: Run) -> pd.DataFrame:
    """Give the groups that users are in, by outcome and, where the data are here, by taste.

    See :func:`analysis.tastes.groups_of_users`.
    """
    dataset = loaders.find_dataset(run)
    folder = None if dataset is None else dataset.path
    return _groups(run.path, loaders.stamp(run.path / schema.MANIFEST), folder)


def names(run: Run) -> list[str]:
    """Name the slices that can be chosen: saved ones, then groups."""
    return list(dict.fromkeys([*saved(run), *saved_slices.group_names(groups(run))]))


def current(run: Run) -> SavedSlice | None:
    """Give the chosen slice; None where none is chosen or the run does not have it."""
    name = selection().slice
    if name is None:
        return None
    return saved(run).get(name) or saved_slices.group_slice(groups(run), name)


def user_ids(run: Run) -> list[str] | None:
    """Give the users of the chosen slice; None stands for everybody."""
    chosen = current(run)
    return None if chosen is None else chosen.user_ids(run)


def item_ids(run: Run) -> list[str] | None:
    """Give the items of the chosen slice; None stands for all."""
    chosen = current(run)
    return None if chosen is None else chosen.item_ids(run)


def _saved(folder: Path) -> dict[str, SavedSlice]:
    at = loaders.stamp(folder / saved_slices.FOLDER)
    return _read(folder, at) if at else {}


@st.cache_resource(max_entries=64, show_spinner=False)
def _read(folder: Path, stamp: int) -> dict[str, SavedSlice]:
    return saved_slices.saved_slices(folder)


@st.cache_resource(max_entries=8, show_spinner=False)
def _groups(path: Path, stamp: int, dataset: Path | None) -> pd.DataFrame:
    return tastes.groups_of_users(Run(path), None if dataset is None else Dataset(dataset))
