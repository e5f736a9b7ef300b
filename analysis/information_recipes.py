"""The figures of stored answers about information, by name, for recipes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from analysis.explanations import population_weights
from analysis.health.epochs import over_epochs
from analysis.health.freshness import ARTIFACT as HEALTH
from analysis.information.decomposition import ATOMS
from analysis.information.stored import completed
from analysis.information.truth import computed_gates, recovered_worlds
from analysis.interactions import user_interaction
from analysis.plots import health as health_plots
from analysis.plots import information as plots
from analysis.plots import known
from analysis.plots.areas import area_diagram
from analysis.plots.atom_panels import atom_intervals, definition_panel
from analysis.plots.atoms import PART_SOURCES
from analysis.plots.interactions import interaction_points
from analysis.plots.theme import label_of
from prism_core.errors import DataError, NotFittedError
from prism_core.store.reader import Run

TABLE: Final = "information"
CLUSTER_OF_PART: Final = "the item's cluster in the part"
NEXT_CATEGORY: Final = "next category"
QUESTION: Final[Mapping[str, str]] = {
    "scope": "data",
    "target": "next category",
    "first": "image",
    "second": "text",
    "slice": "",
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
    rows = completed(run.table(TABLE))
    question = {name: options.get(name, QUESTION[name]) for name in names}
    for name, value in (question | {"kind": kind}).items():
        rows = rows[rows[name] == value]
    if rows.empty:
        asked = ", ".join(map(str, question.values()))
        raise DataError(f"run {run.run_id!r}: no stored answer of kind {kind!r} to {asked}.")
    return rows


def _target(options: Options) -> str:
    return str(options.get("target", QUESTION["target"]))


def _sources(options: Options) -> tuple[str, str]:
    return options.get("first", QUESTION["first"]), options.get("second", QUESTION["second"])


def _atoms(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return plots.atom_bars(
        atoms=_rows(runs[0], options, "estimate"),
        target=_target(options),
        sources=_sources(options),
        dark=dark,
    )


def _weights(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    weights = population_weights(runs[0]).groupby("part", sort=False)["weight"].mean()
    atoms = _rows(runs[0], options, "estimate")
    return plots.weight_against_information(
        weights=weights, atoms=atoms, target=_target(options), sources=_sources(options), dark=dark
    )


def _groups(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return atom_intervals(
        atoms=named_groups(_rows(runs[0], options, "group"), _rows(runs[0], options, "estimate")),
        by="name",
        target=_target(options),
        sources=_sources(options),
        dark=dark,
    )


def named_groups(groups: pd.DataFrame, atoms: pd.DataFrame) -> pd.DataFrame:
    """Name every group of choices, with their number, for a figure; say what of them is clear.

    An atom of a group must lie above the null of the same atom of all choices, too.
    """
    null = groups["atom"].map(atoms.set_index("atom")["null_95"])
    groups = groups.assign(distinguishable=(groups["low"] > 0) & (groups["value"] > null))
    words = groups["group"].map(lambda group: label_of(str(group)).lower())
    count = groups["events"].map(lambda events: f"{int(events):,}")
    return groups.assign(name=groups["grouping"] + ": " + words + " (" + count + ")")


def _areas(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    atoms = _rows(runs[0], options, "estimate")
    return area_diagram(atoms=atoms, target=_target(options), sources=_sources(options), dark=dark)


def _targets(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """The same sources about every stored target, whatever the scope."""
    rows = _matching(runs[0], options, ("first", "second", "slice", "coding"), "estimate")
    return plots.stacked_atoms(
        atoms=rows, by="target", target="each target", sources=_sources(options), dark=dark
    )


def _against(kind: str, title: str) -> Draw:
    def draw(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
        rows = _rows(runs[0], options, kind)
        frame = rows.pivot(index="x", columns="atom", values="value").reset_index()
        return plots.atoms_against(
            frame=frame,
            x="x",
            title=title,
            target=_target(options),
            sources=_sources(options),
            dark=dark,
        )

    return draw


def _definitions(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    rows = _rows(runs[0], options, "definition")
    return definition_panel(
        definitions=rows, target=_target(options), sources=_sources(options), dark=dark
    )


def _lattice(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    rows = _rows(runs[0], options, "lattice")
    return plots.lattice_bars(atoms=rows, target=_target(options), dark=dark)


def _slices(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """The same question about every stored slice."""
    names = ("scope", "target", "first", "second", "coding")
    rows = named_slices(_matching(runs[0], options, names, "estimate"))
    return plots.stacked_atoms(
        atoms=rows, by="slice", target=_target(options), sources=_sources(options), dark=dark
    )


def named_slices(rows: pd.DataFrame) -> pd.DataFrame:
    """Name the slice that is no slice."""
    return rows.assign(slice=rows["slice"].replace("", "everybody"))


def _user_interaction(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    if "user_id" not in options:
        raise DataError("this figure needs the option 'user_id'.")
    found = user_interaction(runs[0], options["user_id"])
    return interaction_points(found=found, dark=dark)


def _gates(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """All gates, or the one that is named; computed anew, whatever the run."""
    return known.gates_figure(gates=_named(computed_gates(), "gate", options), dark=dark)


def _worlds(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """All worlds of the bundled table, or the one that is named, whatever the run."""
    return known.recovery_figure(recovered=_named(recovered_worlds(), "world", options), dark=dark)


def _named(frame: pd.DataFrame, column: str, options: Options) -> pd.DataFrame:
    chosen = frame[frame[column] == options[column]] if column in options else frame
    if chosen.empty:
        raise DataError(f"no {column} is named {options[column]!r}.")
    return chosen


def health_rows(run: Run) -> pd.DataFrame:
    """Give the stored health of a run's parts.

    Raises
    ------
    NotFittedError
        It has not been computed.
    """
    if not run.has(HEALTH):
        raise NotFittedError(f"Run {run.run_id!r}: compute 'python -m analysis health' first.")
    return run.table(HEALTH)


def _of_health(make: Callable[..., go.Figure]) -> Draw:
    def draw(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
        return make(measures=health_rows(runs[0]), dark=dark)

    return draw


def part_atoms(health: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Give the atoms ``role_<atom>`` or ``beyond_<atom>`` of every part, named for a figure."""
    rows = health[health["quantity"].isin([f"{kind}_{atom}" for atom in ATOMS])]
    return rows.assign(
        atom=rows["quantity"].str.removeprefix(f"{kind}_"), name=rows["part"].map(label_of)
    )


def sources_of(atoms: pd.DataFrame) -> tuple[str, str]:
    """Name the sources of the parts' atoms."""
    first, second = str(atoms["other"].iloc[0]).split(", ")
    return first, second


def _roles(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    atoms = part_atoms(health_rows(runs[0]), "role")
    if atoms.empty:
        raise DataError(f"run {runs[0].run_id!r}: its parts were checked without their data set.")
    return plots.stacked_atoms(
        atoms=atoms, by="name", target=CLUSTER_OF_PART, sources=sources_of(atoms), dark=dark
    )


def _beyond(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    atoms = part_atoms(health_rows(runs[0]), "beyond")
    if atoms.empty:
        raise DataError(f"run {runs[0].run_id!r}: its parts were checked without their data set.")
    return plots.stacked_atoms(
        atoms=atoms, by="name", target=NEXT_CATEGORY, sources=PART_SOURCES, dark=dark
    )


def _epochs(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return health_plots.epoch_lines(measures=over_epochs(runs[0].events()), dark=dark)


FIGURES: Final[Mapping[str, Draw]] = {
    "information": _atoms,
    "information_areas": _areas,
    "information_targets": _targets,
    "information_weights": _weights,
    "information_groups": _groups,
    "information_samples": _against("samples", "Choices used"),
    "information_resolution": _against("resolution", "Codes per source"),
    "information_definitions": _definitions,
    "information_lattice": _lattice,
    "information_slices": _slices,
    "user_interaction": _user_interaction,
    "gates": _gates,
    "worlds": _worlds,
    "health_sensitivity": _of_health(health_plots.sensitivity_map),
    "health_similarity": _of_health(health_plots.similarity_map),
    "health_size": _of_health(health_plots.size_bars),
    "health_probes": _of_health(health_plots.probe_map),
    "health_roles": _roles,
    "health_beyond": _beyond,
    "health_epochs": _epochs,
}
