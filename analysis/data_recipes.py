"""The figures of a prepared data set, by name, for recipes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go

from analysis import data_report
from analysis.plots import data as plots
from prism_core.store.datasets import DESCRIPTION, Dataset

FACTS: Final = ("name", "title", "source", "encoders", "options")
"""What a manifest says of a data set."""


def _lengths(dataset: Dataset, dark: bool) -> go.Figure:
    return plots.length_histogram(lengths=data_report.lengths(dataset), dark=dark)


def _popularity(dataset: Dataset, dark: bool) -> go.Figure:
    return plots.popularity_curve(popularity=data_report.popularity(dataset), dark=dark)


def _gaps(dataset: Dataset, dark: bool) -> go.Figure:
    return plots.gap_bars(gaps=data_report.gaps(dataset), dark=dark)


def _spans(dataset: Dataset, dark: bool) -> go.Figure:
    return plots.span_histogram(spans=data_report.spans(dataset), dark=dark)


FIGURES: Final[Mapping[str, Callable[[Dataset, bool], go.Figure]]] = {
    "data_lengths": _lengths,
    "data_popularity": _popularity,
    "data_gaps": _gaps,
    "data_spans": _spans,
}


def is_dataset(path: Path) -> bool:
    """Say whether a folder holds a prepared data set; otherwise it is taken for a run."""
    return (path / DESCRIPTION).is_file()


def facts(path: Path) -> dict[str, Any]:
    """Give what a manifest says of a data set."""
    about = Dataset(path).description
    return {name: about[name] for name in FACTS if name in about}
