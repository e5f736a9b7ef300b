"""The figures of stored answers about information, by name, for recipes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from analysis.explanations import population_weights
from analysis.plots import information as plots
from analysis.plots.areas import area_diagram
from prism_core.errors import DataError, NotFittedError
from prism_core.store.reader import Run

TABLE: Final = "information"
QUESTION: Final[Mapping[str, str]] = {
    "scope": "data",
    "target": "next category",
    "first": "image",
    "second": "text",
    "coding": "posterior",
}
"""Options that name a question, with their defaults."""

Options = Mapping[str, Any]
Draw = Callable[[Sequence[Run], Options, bool], go.Figure]


def _rows(run: Run, options: Options, kind: str) -> pd.DataFrame:
    """Give the rows of one kind of one question."""
    return _matching(run, options, tuple(QUESTION), kind)


def _matching(run: Run, options: Options, names: Sequence[str], kind: str) -> pd.DataFrame:
    """Give the rows of one kind that agree with some of the options.

    Raises
    ------
    NotFittedError
        The run's information has not been computed.
    DataError
        There are no such rows.
    """
    if not run.has(TABLE):
        raise NotFittedError(f"Run {run.run_id!r}: compute 'python -m analysis information' first.")
    rows = run.table(TABLE)
    question = {name: options.get(name, QUESTION[name]) for name in names}
    for name, value in (question | {"kind": kind}).items():
        rows = rows[rows[name] == value]
    if rows.empty:
        asked = ", ".join(map(str, question.values()))
        raise DataError(f"run {run.run_id!r}: no stored answer of kind {kind!r} to {asked}.")
    return rows


def _sources(options: Options) -> tuple[str, str]:
    return options.get("first", QUESTION["first"]), options.get("second", QUESTION["second"])


def _atoms(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return plots.atom_bars(
        atoms=_rows(runs[0], options, "estimate"),
        target=options.get("target", QUESTION["target"]),
        sources=_sources(options),
        dark=dark,
    )


def _weights(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    weights = population_weights(runs[0]).groupby("part", sort=False)["weight"].mean()
    atoms = _rows(runs[0], options, "estimate")
    return plots.weight_against_information(weights=weights, atoms=atoms, dark=dark)


def _groups(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    groups = _rows(runs[0], options, "group")
    named = groups.assign(slice=groups["grouping"] + ": " + groups["group"])
    return plots.stacked_atoms(atoms=named, by="slice", sources=_sources(options), dark=dark)


def _areas(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    atoms = _rows(runs[0], options, "estimate")
    return area_diagram(atoms=atoms, sources=_sources(options), dark=dark)


def _targets(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """The same sources about every stored target, whatever the scope."""
    rows = _matching(runs[0], options, ("first", "second", "coding"), "estimate")
    return plots.stacked_atoms(atoms=rows, by="target", sources=_sources(options), dark=dark)


def _against(kind: str, title: str) -> Draw:
    def draw(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
        rows = _rows(runs[0], options, kind)
        frame = rows.pivot(index="x", columns="atom", values="value").reset_index()
        return plots.atoms_against(
            frame=frame, x="x", title=title, sources=_sources(options), dark=dark
        )

    return draw


def _definitions(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    rows = _rows(runs[0], options, "definition")
    return plots.definition_panel(definitions=rows, sources=_sources(options), dark=dark)


FIGURES: Final[Mapping[str, Draw]] = {
    "information": _atoms,
    "information_areas": _areas,
    "information_targets": _targets,
    "information_weights": _weights,
    "information_groups": _groups,
    "information_samples": _against("samples", "Choices used"),
    "information_resolution": _against("resolution", "Codes per source"),
    "information_definitions": _definitions,
}
