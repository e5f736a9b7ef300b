"""Cached, bounded access to runs, data sets and pictures; what it gives is read only."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from analysis import data_report as reports
from analysis import map_points, spaces
from analysis.explanations import (
    UserExplanation,
    explain_user,
    population_contributions,
    population_weights,
)
from analysis.faithfulness import Faithfulness, faithfulness, faithfulness_curves
from analysis.health.freshness import ARTIFACT as HEALTH
from analysis.health.verdicts import stored_verdicts
from analysis.neighbours import nearest
from app.catalogue import Catalogue, make_catalogue
from app.pictures import Pictures
from prism_core.errors import DataError, RunFormatError
from prism_core.names import BACKBONES, TIERS
from prism_core.store import schema
from prism_core.store.datasets import DESCRIPTION, Dataset
from prism_core.store.reader import Run, RunEntry, list_runs
from prism_core.store.study_record import RECORD, StudyRecord

ROOT: Final = Path(__file__).resolve().parents[1]
RUNS_VARIABLE: Final = "PRISM_RUNS"
DATA_VARIABLE: Final = "PRISM_DATA"
PICTURES_VARIABLE: Final = "PRISM_PICTURES"
ORDER: Final = {"complete": 0, "incomplete": 1, "damaged": 2}
BACKBONE_ORDER: Final = ("", *BACKBONES)
MANY_RUNS: Final = 512
"""Manifests kept in memory; each takes a few kilobytes."""

RELIST: Final = 30
"""Seconds after which the files of all runs are looked for again, whatever their manifests say."""


def own_runs() -> Path:
    """Give the folder into which the app trains: ``$PRISM_RUNS`` or ``runs``."""
    given = os.environ.get(RUNS_VARIABLE, "").split(os.pathsep)[0]
    return Path(given) if given else ROOT / "runs"


def run_roots() -> tuple[Path, ...]:
    """Give the folders that are searched for runs.

    ``$PRISM_RUNS`` replaces them (several are separated as in ``$PATH``); the default is the
    bundled runs and ``runs``.
    """
    given = os.environ.get(RUNS_VARIABLE)
    if given:
        return tuple(Path(part) for part in given.split(os.pathsep) if part)
    return ROOT / "assets" / "runs", own_runs()


def own_data() -> Path:
    """Give the folder into which data are prepared: the first of ``$PRISM_DATA`` or ``data``."""
    given = os.environ.get(DATA_VARIABLE, "").split(os.pathsep)[0]
    return Path(given) if given else ROOT / "data"


def data_roots() -> tuple[Path, ...]:
    """Give the folders that are searched for prepared data sets."""
    given = os.environ.get(DATA_VARIABLE, "").split(os.pathsep)
    named = [Path(part) for part in given if part]
    return tuple(dict.fromkeys([*named, own_data(), ROOT / "assets" / "data"]))


def run_entries() -> list[RunEntry]:
    """List all runs, each once: usable ones first, models before floors, variants together.

    Where two folders hold a run of the same id, the one of which more was kept counts.
    """
    roots = run_roots()
    return _entries(roots, _listing(roots))


def runs_on_same_data(run: Run) -> tuple[Run, ...]:
    """Give the other runs that can be opened and were made from the same data set."""
    roots = run_roots()
    fingerprint = str(run.manifest["dataset"].get("fingerprint", ""))
    same = _runs_on_data(roots, _listing(roots), fingerprint)
    return tuple(other for other in same if other.run_id != run.run_id)


def _completeness(entry: RunEntry) -> tuple[int, int]:
    return ORDER[entry.status], TIERS.index(entry.tier)


def _place(entry: RunEntry) -> tuple[object, ...]:
    backbone = BACKBONE_ORDER.index(entry.backbone) if entry.backbone in BACKBONE_ORDER else 0
    is_floor = entry.kind == "floor"
    return ORDER[entry.status], is_floor, entry.group, backbone, entry.name, entry.seed


@st.cache_resource(max_entries=4, ttl=RELIST, show_spinner=False)
def _entries(roots: tuple[Path, ...], listing: int) -> list[RunEntry]:
    best = {e.run_id: e for e in sorted(list_runs(roots), key=_completeness, reverse=True)}
    return sorted(best.values(), key=_place)


@st.cache_resource(max_entries=8, ttl=RELIST, show_spinner=False)
def _runs_on_data(roots: tuple[Path, ...], listing: int, fingerprint: str) -> tuple[Run, ...]:
    found = []
    for entry in _entries(roots, listing):
        if entry.status != "complete":
            continue
        try:
            other = open_run(entry)
        except RunFormatError:
            continue
        if str(other.manifest["dataset"].get("fingerprint", "")) == fingerprint:
            found.append(other)
    return tuple(found)


def _listing(roots: tuple[Path, ...]) -> int:
    """Give a number that changes when a run comes, goes or is finished or written again."""
    folders = [folder for root in roots if root.is_dir() for folder in os.scandir(root)]
    return hash(tuple((f.path, stamp(Path(f.path, schema.MANIFEST))) for f in folders))


def open_run(entry: RunEntry) -> Run:
    """Open a run once; a changed manifest opens it anew."""
    return _run(entry.path, stamp(entry.path / schema.MANIFEST))


def run_in(path: Path) -> Run:
    """Open the run in a folder, as :func:`open_run`."""
    return _run(path, stamp(path / schema.MANIFEST))


@st.cache_resource(max_entries=MANY_RUNS, show_spinner=False)
def _run(path: Path, stamp: int) -> Run:
    return Run(path)


def table(run: Run, name: str) -> pd.DataFrame:
    """Read a table of a run; the frame is shared between sessions, so never change it."""
    return _table(run.path, stamp(run.path / schema.MANIFEST), name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _table(path: Path, stamp: int, name: str) -> pd.DataFrame:
    return _run(path, stamp).table(name)


def part_verdicts(run: Run) -> pd.DataFrame:
    """Judge a run's parts; see :func:`analysis.health.verdicts.stored_verdicts`."""
    return _part_verdicts(run.path, stamp(run.path / schema.MANIFEST))


@st.cache_resource(max_entries=16, show_spinner=False)
def _part_verdicts(path: Path, stamp: int) -> pd.DataFrame:
    return stored_verdicts(_table(path, stamp, HEALTH))


def catalogue(run: Run) -> Catalogue:
    """Give the items of a run for cards and lists."""
    return _catalogue(run.path, stamp(run.path / schema.MANIFEST))


@st.cache_resource(max_entries=16, show_spinner=False)
def _catalogue(path: Path, stamp: int) -> Catalogue:
    return make_catalogue(_table(path, stamp, "items"))


def explanation(run: Run, user_id: str) -> UserExplanation:
    """Explain one user's recommendations; see :func:`analysis.explanations.explain_user`."""
    return _explanation(run.path, stamp(run.path / schema.MANIFEST), user_id)


@st.cache_resource(max_entries=128, show_spinner=False)
def _explanation(path: Path, stamp: int, user_id: str) -> UserExplanation:
    return explain_user(_run(path, stamp), user_id)


def fusion_weights(run: Run) -> pd.DataFrame:
    """Give every user's fusion weights in long form: ``user_id``, ``part``, ``weight``."""
    return _fusion_weights(run.path, stamp(run.path / schema.MANIFEST))


@st.cache_resource(max_entries=8, show_spinner=False)
def _fusion_weights(path: Path, stamp: int) -> pd.DataFrame:
    return population_weights(_run(path, stamp))


def contributions_of_all(run: Run) -> pd.DataFrame:
    """Give every user's mean contributions and top part."""
    return _contributions_of_all(run.path, stamp(run.path / schema.MANIFEST))


@st.cache_resource(max_entries=4, show_spinner=False)
def _contributions_of_all(path: Path, stamp: int) -> pd.DataFrame:
    return population_contributions(_run(path, stamp))


def faithfulness_of(
    run: Run, user_ids: tuple[str, ...], ranks: pd.DataFrame | None = None
) -> tuple[Faithfulness, pd.DataFrame]:
    """Judge the explanations of some users; the verdict and its curves.

    Parameters
    ----------
    ranks
        Ranks among all items with each part off; see :func:`analysis.faithfulness.faithfulness`.
    """
    return _faithfulness_of(run.path, stamp(run.path / schema.MANIFEST), user_ids, ranks)


@st.cache_resource(max_entries=16, show_spinner="Judging the explanations …")
def _faithfulness_of(
    path: Path, stamp: int, user_ids: tuple[str, ...], ranks: pd.DataFrame | None
) -> tuple[Faithfulness, pd.DataFrame]:
    run = _run(path, stamp)
    return faithfulness(run, user_ids, ranks=ranks), faithfulness_curves(run, user_ids)


def nearest_items(run: Run, item_id: str, count: int) -> pd.DataFrame:
    """Find an item's nearest items in each part's space: ``part``, ``item_id``, ``similarity``."""
    return _nearest_items(run.path, stamp(run.path / schema.MANIFEST), item_id, count)


@st.cache_data(max_entries=256, show_spinner=False)
def _nearest_items(path: Path, stamp: int, item_id: str, count: int) -> pd.DataFrame:
    run = _run(path, stamp)
    ids = _table(path, stamp, "items").sort_values("item_index")["item_id"].astype(str).to_numpy()
    row, vectors = int((ids == item_id).argmax()), _vectors(path, stamp)
    found = [
        nearest(vectors[f"items.{part}"][1:], row=row, count=count).assign(part=part)
        for part in run.parts
    ]
    return pd.concat(found).assign(item_id=lambda frame: ids[frame["row"]])


def nearest_rows(run: Run, scope: str, space: str, row: int, count: int) -> pd.DataFrame:
    """Find the rows nearest to one in a space itself: ``row``, ``similarity`` (cosine).

    Raises
    ------
    DataError
        The space needs the data set, which is not here.
    """
    dataset = find_dataset(run)
    path = None if dataset is None else dataset.path
    return _nearest_rows(
        run.path, stamp(run.path / schema.MANIFEST), path, scope, space, row, count
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _nearest_rows(
    path: Path, stamp: int, data: Path | None, scope: str, space: str, row: int, count: int
) -> pd.DataFrame:
    return nearest(_space(path, stamp, data, scope, space), row=row, count=count)


@st.cache_resource(max_entries=8, show_spinner=False)
def _space(path: Path, stamp: int, data: Path | None, scope: str, space: str) -> np.ndarray:
    dataset = None if data is None else Dataset(data)
    return spaces.vectors_of(_run(path, stamp), scope, space, dataset)


@st.cache_resource(max_entries=2, show_spinner=False)
def _vectors(path: Path, stamp: int) -> dict[str, np.ndarray]:
    return _run(path, stamp).vectors()


def points_of(run: Run, scope: str) -> pd.DataFrame:
    """Describe every item or user for a map; see :func:`analysis.map_points.points_of`."""
    return _points_of(run.path, stamp(run.path / schema.MANIFEST), scope)


@st.cache_resource(max_entries=6, show_spinner=False)
def _points_of(path: Path, stamp: int, scope: str) -> pd.DataFrame:
    return map_points.points_of(_run(path, stamp), scope)


def study_record(folder: Path) -> StudyRecord:
    """Read which runs a study has that was made in a folder; empty where none was."""
    return _study_record(folder, stamp(folder / RECORD))


@st.cache_resource(max_entries=4, show_spinner=False)
def _study_record(folder: Path, stamp: int) -> StudyRecord:
    return StudyRecord.read(folder)


def find_dataset(run: Run) -> Dataset | None:
    """Find the prepared data set that a run was made from, by fingerprint; None if not here."""
    wanted = str(run.manifest["dataset"].get("fingerprint", ""))
    return next((d for d in datasets().values() if d.fingerprint == wanted), None)


def command_paths(run: Run) -> list[str]:
    """Give the arguments that name a run, and its data set if it is here, to a command."""
    dataset = find_dataset(run)
    named = [] if dataset is None else ["--dataset", str(dataset.path.resolve())]
    return [str(run.path.resolve()), *named]


def datasets() -> dict[str, Dataset]:
    """Give the prepared data sets by path; a bundled one by its path inside the project."""
    roots = data_roots()
    return _datasets(roots, tuple(stamp(root) for root in roots))


@st.cache_resource(max_entries=4, ttl=60, show_spinner=False)
def _datasets(roots: tuple[Path, ...], stamps: tuple[int, ...]) -> dict[str, Dataset]:
    found = {}
    for folder in (f.parent for root in roots for f in sorted(root.glob(f"[!.]*/{DESCRIPTION}"))):
        try:
            dataset = Dataset(folder)
        except DataError:
            continue
        inside = folder.resolve().is_relative_to(ROOT)
        found[str(folder.resolve().relative_to(ROOT) if inside else folder.resolve())] = dataset
    return found


@dataclass(frozen=True, slots=True)
class DataReport:
    """The frames of :mod:`analysis.data_report` about one data set."""

    overview: pd.DataFrame
    cautions: pd.DataFrame
    missing: pd.DataFrame
    lengths: pd.DataFrame
    popularity: pd.DataFrame
    gaps: pd.DataFrame
    spans: pd.DataFrame


def data_report(dataset: Dataset) -> DataReport:
    """Measure a data set."""
    return _data_report(dataset.path, dataset.fingerprint)


@st.cache_resource(max_entries=4, show_spinner=False)
def _data_report(path: Path, fingerprint: str) -> DataReport:
    dataset = Dataset(path)
    return DataReport(
        **{part.name: getattr(reports, part.name)(dataset) for part in fields(DataReport)}
    )


def pictures(path: str) -> Pictures:
    """Open the configured folder or zip of pictures; an empty path gives none."""
    return _pictures(path, stamp(Path(path)) if path else 0)


@st.cache_resource(max_entries=4, show_spinner=False)
def _pictures(path: str, stamp: int) -> Pictures:
    return Pictures(Path(path) if path else None)


def stamp(path: Path) -> int:
    """Give a number that changes when a file is replaced; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
