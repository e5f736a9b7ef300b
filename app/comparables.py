"""The runs that may be compared with one run, and cached comparisons of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from analysis import comparison, settings, slices
from app import loaders
from prism_core.errors import RunFormatError
from prism_core.store import schema
from prism_core.store.reader import Run

METRICS: Final = ("ndcg@10", "recall@10", "mrr@10", "ndcg@20")
WAIT: Final = "Comparing runs …"

Users = tuple[str, ...] | None
"""Ids of the users to compare on; None stands for everybody."""


def comparable_runs(run: Run) -> list[Run]:
    """List the runs on the same data under the same protocol, the given one first."""
    found = {run.run_id: run}
    for entry in loaders.run_entries():
        if entry.status != "complete":
            continue
        try:
            other = loaders.open_run(entry)
        except RunFormatError:
            continue
        if _question(other) == _question(run):
            found.setdefault(other.run_id, other)
    return list(found.values())


def floors_beside(run: Run) -> list[Run]:
    """List the given run and the comparable floors."""
    others = [r for r in comparable_runs(run)[1:] if r.manifest["kind"] == "floor"]
    return [run, *others]


def variants(runs: Sequence[Run], users: Users = None) -> list[comparison.Variant]:
    """Group runs by name; see :func:`analysis.comparison.variants_of`."""
    return _variants(_key(runs), users)


def summary(runs: Sequence[Run], metrics: tuple[str, ...], users: Users = None) -> pd.DataFrame:
    """Give metrics with intervals; see :func:`analysis.comparison.summary`."""
    return _summary(_key(runs), metrics, users)


def differences(
    runs: Sequence[Run], reference: str, metric: str, users: Users = None
) -> pd.DataFrame:
    """Give paired differences; see :func:`analysis.comparison.differences`."""
    return _differences(_key(runs), reference, metric, users)


def costs(runs: Sequence[Run], metric: str, users: Users = None) -> pd.DataFrame:
    """Set a metric beside its cost; see :func:`analysis.comparison.costs`."""
    return _costs(_key(runs), metric, users)


def learning_curves(runs: Sequence[Run]) -> pd.DataFrame:
    """Read the epochs; see :func:`analysis.comparison.learning_curves`."""
    return _learning_curves(_key(runs))


def sensitivity(runs: Sequence[Run], metric: str, users: Users = None) -> pd.DataFrame:
    """Give a metric against what was varied; see :func:`analysis.settings.sensitivity`."""
    return _sensitivity(_key(runs), metric, users)


def slice_differences(
    runs: Sequence[Run], reference: str, metric: str, groups: pd.DataFrame, users: Users = None
) -> pd.DataFrame:
    """Compare within groups; see :func:`analysis.slices.slice_differences`."""
    return _slice_differences(_key(runs), reference, metric, groups, users)


def losing_groups(
    runs: Sequence[Run],
    name: str,
    reference: str,
    metric: str,
    groups: pd.DataFrame,
    users: Users = None,
) -> pd.DataFrame:
    """Count winners and losers within groups; see :func:`analysis.slices.losing_groups`."""
    return _losing_groups(_key(runs), name, reference, metric, groups, users)


Key = tuple[tuple[Path, int], ...]


def _key(runs: Sequence[Run]) -> Key:
    return tuple((run.path, loaders.stamp(run.path / schema.MANIFEST)) for run in runs)


@st.cache_resource(max_entries=16, show_spinner=False)
def _variants(key: Key, users: Users) -> list[comparison.Variant]:
    found = comparison.variants_of(Run(path) for path, _ in key)
    return found if users is None else [variant.of_users(users) for variant in found]


@st.cache_data(max_entries=64, show_spinner=WAIT)
def _summary(key: Key, metrics: tuple[str, ...], users: Users) -> pd.DataFrame:
    return comparison.summary(_variants(key, users), metrics=metrics)


@st.cache_data(max_entries=64, show_spinner=WAIT)
def _differences(key: Key, reference: str, metric: str, users: Users) -> pd.DataFrame:
    return comparison.differences(_variants(key, users), reference=reference, metric=metric)


@st.cache_data(max_entries=32, show_spinner=WAIT)
def _costs(key: Key, metric: str, users: Users) -> pd.DataFrame:
    return comparison.costs(_variants(key, users), metric=metric)


@st.cache_data(max_entries=16, show_spinner=WAIT)
def _learning_curves(key: Key) -> pd.DataFrame:
    return comparison.learning_curves(Run(path) for path, _ in key)


@st.cache_data(max_entries=16, show_spinner=WAIT)
def _sensitivity(key: Key, metric: str, users: Users) -> pd.DataFrame:
    found = _variants(key, users)
    centre = settings.centre_of_variation(found)
    return settings.sensitivity(found, reference=centre, metric=metric)


@st.cache_data(max_entries=16, show_spinner="Comparing within groups …")
def _slice_differences(
    key: Key, reference: str, metric: str, groups: pd.DataFrame, users: Users
) -> pd.DataFrame:
    found = _variants(key, users)
    base = comparison.named(found, reference)
    return slices.slice_differences(found, reference=base, slices=groups, metric=metric)


@st.cache_data(max_entries=32, show_spinner=WAIT)
def _losing_groups(
    key: Key, name: str, reference: str, metric: str, groups: pd.DataFrame, users: Users
) -> pd.DataFrame:
    found = _variants(key, users)
    ours, theirs = comparison.named(found, name), comparison.named(found, reference)
    return slices.losing_groups(ours, theirs, slices=groups, metric=metric)


def _question(run: Run) -> tuple[object, object]:
    return run.manifest["dataset"].get("fingerprint"), run.manifest["protocol"]
