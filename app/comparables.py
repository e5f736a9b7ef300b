"""The runs that may be compared with one run, and cached comparisons of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from analysis import comparison
from app import loaders
from prism_core.errors import RunFormatError
from prism_core.store import schema
from prism_core.store.reader import Run

METRICS: Final = ("ndcg@10", "recall@10", "mrr@10", "ndcg@20")


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


def variants(runs: Sequence[Run]) -> list[comparison.Variant]:
    """Group runs by name; see :func:`analysis.comparison.variants_of`."""
    return _variants(_key(runs))


def summary(runs: Sequence[Run], metrics: tuple[str, ...]) -> pd.DataFrame:
    """Give metrics with intervals; see :func:`analysis.comparison.summary`."""
    return _summary(_key(runs), metrics)


def differences(runs: Sequence[Run], reference: str, metric: str) -> pd.DataFrame:
    """Give paired differences; see :func:`analysis.comparison.differences`."""
    return _differences(_key(runs), reference, metric)


Key = tuple[tuple[Path, int], ...]


def _key(runs: Sequence[Run]) -> Key:
    return tuple((run.path, loaders.stamp(run.path / schema.MANIFEST)) for run in runs)


@st.cache_resource(max_entries=8, show_spinner=False)
def _variants(key: Key) -> list[comparison.Variant]:
    return comparison.variants_of(Run(path) for path, _ in key)


@st.cache_data(max_entries=32, show_spinner="Comparing runs …")
def _summary(key: Key, metrics: tuple[str, ...]) -> pd.DataFrame:
    return comparison.summary(_variants(key), metrics=metrics)


@st.cache_data(max_entries=32, show_spinner="Comparing runs …")
def _differences(key: Key, reference: str, metric: str) -> pd.DataFrame:
    return comparison.differences(_variants(key), reference=reference, metric=metric)


def _question(run: Run) -> tuple[object, object]:
    return run.manifest["dataset"].get("fingerprint"), run.manifest["protocol"]
