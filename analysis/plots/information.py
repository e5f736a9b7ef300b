"""Figures of information in bits: atoms with intervals and nulls, and how far to trust them.

Every builder takes tidy frames as `analysis.information` makes them: columns ``atom``, ``value``,
``low``, ``high``, ``null_95``, ``distinguishable``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.information.decomposition import ATOMS
from analysis.plots.theme import (
    INK,
    MUTED,
    bar_style,
    color_of,
    empty_figure,
    label_of,
    marker_of,
    new_figure,
    template_name,
)

BITS: Final = "bits"
_FADED: Final = 0.35
MOST_NODES: Final = 20
MODALITY_SOURCES: Final = ("image", "text")


def part_of_atom(atom: str, sources: Sequence[str] = MODALITY_SOURCES) -> str:
    """Name the part an atom stands for: ``unique_first`` of image and text is unique_image."""
    sides = {"unique_first": f"unique_{sources[0]}", "unique_second": f"unique_{sources[1]}"}
    return sides.get(atom, atom)


def atom_bars(
    *,
    atoms: pd.DataFrame,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Draw the four atoms with their 95 % intervals and the level of their nulls.

    Parameters
    ----------
    atoms
        One row for each atom. Atoms that are not distinguishable from zero are faded and said so.
    target
        What the information is about, for the axis.
    sources
        Names of the first and the second source.
    dark
        Whether the page is dark.
    """
    if atoms.empty:
        return empty_figure("No information has been estimated yet.", dark=dark)
    rows = atoms.set_index("atom").loc[list(ATOMS)]
    figure = new_figure(dark=dark, height=360, showlegend=False)
    for row in rows.reset_index().to_dict("records"):
        _atom_bar(figure, part_of_atom(row["atom"], sources), row, dark)
    _null_ticks(figure, rows, sources, dark)
    figure.update_yaxes(title=f"Information about {target} ({BITS})")
    return figure


def _atom_bar(figure: go.Figure, part: str, row: Mapping[Any, Any], dark: bool) -> None:
    clear = bool(row["distinguishable"])
    figure.add_bar(
        x=[label_of(part)],
        y=[row["value"]],
        marker=bar_style(part, dark=dark),
        opacity=1.0 if clear else _FADED,
        error_y=_interval(row, dark),
        name=label_of(part),
        hovertemplate=(
            f"%{{y:.4f}} bit, 95 % interval {row['low']:.4f} to {row['high']:.4f}<br>"
            f"null {row['null_95']:.4f}<extra>%{{x}}</extra>"
        ),
    )
    if not clear:
        figure.add_annotation(
            x=label_of(part),
            y=max(row["high"], row["null_95"], 0.0),
            text="not<br>distinguishable<br>from zero",
            showarrow=False,
            yanchor="bottom",
            yshift=4,
            font={"size": 11, "color": MUTED[dark]},
        )


def _interval(row: Mapping[Any, Any], dark: bool) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(row["high"] - row["value"], 0.0)],
        "arrayminus": [max(row["value"] - row["low"], 0.0)],
        "color": INK[dark],
        "thickness": 1.5,
        "width": 6,
    }


def _null_ticks(figure: go.Figure, rows: pd.DataFrame, sources: Sequence[str], dark: bool) -> None:
    """One dashed tick over each bar: the 95th percentile without information."""
    for place, (_, row) in enumerate(rows.iterrows()):
        figure.add_shape(
            type="line",
            x0=place - 0.42,
            x1=place + 0.42,
            y0=row["null_95"],
            y1=row["null_95"],
            line={"color": INK[dark], "dash": "dot", "width": 2},
        )
    labels = [label_of(part_of_atom(str(atom), sources)) for atom in rows.index]
    figure.add_scatter(
        x=labels,
        y=rows["null_95"],
        mode="markers",
        marker={"size": 14, "opacity": 0},
        name="null",
        hovertemplate="95 % of shuffled data lie below %{y:.4f} bit<extra>%{x}</extra>",
    )


def stacked_atoms(
    *, atoms: pd.DataFrame, by: str, sources: Sequence[str] = MODALITY_SOURCES, dark: bool = False
) -> go.Figure:
    """Stack the atoms of several targets or slices, one bar for each value of a column.

    Parameters
    ----------
    atoms
        One row for each atom and value of `by`.
    by
        Column of the bars, e.g. ``target`` or ``slice``.
    """
    if atoms.empty:
        return empty_figure("No information has been estimated yet.", dark=dark)
    names = list(dict.fromkeys(atoms[by]))
    figure = new_figure(dark=dark, height=120 + 44 * len(names), barmode="relative")
    for atom in ATOMS:
        part = part_of_atom(atom, sources)
        rows = atoms[atoms["atom"] == atom].set_index(by).reindex(names)
        figure.add_bar(
            name=label_of(part),
            y=names,
            x=rows["value"],
            orientation="h",
            marker=bar_style(part, dark=dark),
            customdata=rows[["low", "high"]],
            hovertemplate=(
                "%{x:.4f} bit (%{customdata[0]:.4f} to %{customdata[1]:.4f})"
                "<extra>%{fullData.name}, %{y}</extra>"
            ),
        )
    figure.update_xaxes(title=f"Information ({BITS})")
    figure.update_yaxes(autorange="reversed")
    return figure


def atoms_against(
    *,
    frame: pd.DataFrame,
    x: str,
    title: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Draw the atoms against the resolution or the number of samples.

    Parameters
    ----------
    frame
        One row for each value of `x`, one column for each atom, as `Estimate.resolutions` and
        `Estimate.sample_sizes`; an infinite x is the corrected limit, drawn as a dashed level.
    x
        Column of the horizontal axis, drawn logarithmically.
    title
        Of the horizontal axis.
    """
    if frame.empty:
        return empty_figure("Nothing was varied.", dark=dark)
    finite = frame[np.isfinite(frame[x])].sort_values(x)
    limits = frame[~np.isfinite(frame[x])]
    figure = new_figure(dark=dark, height=320)
    for atom in ATOMS:
        part = part_of_atom(atom, sources)
        figure.add_scatter(
            name=label_of(part),
            x=finite[x],
            y=finite[atom],
            mode="lines+markers",
            line={"color": color_of(part), "width": 2},
            marker={"symbol": marker_of(part), "size": 9},
            hovertemplate="%{y:.4f} bit<extra>%{fullData.name}</extra>",
        )
        for level in limits[atom]:
            figure.add_hline(y=level, line={"color": color_of(part), "dash": "dash", "width": 1.2})
    values = [round(value, 6) for value in finite[x]]
    figure.update_xaxes(title=title, type="log", tickvals=values, ticktext=thousands(values))
    figure.update_yaxes(title=f"Information ({BITS})")
    return figure


def thousands(values: Sequence[float]) -> list[str]:
    return [f"{value:,.0f}" for value in values]


def weight_against_information(
    *,
    weights: pd.Series,
    atoms: pd.DataFrame,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Set the mean fusion weight of each part against the bits its atom carries.

    A part above the line is weighed more than its share of the information; the line joins
    equal shares.

    Parameters
    ----------
    weights
        Mean fusion weight by part name.
    atoms
        One row for each atom.
    """
    rows = {row["atom"]: row for row in atoms.to_dict("records")}
    total = sum(max(float(rows[atom]["value"]), 0.0) for atom in ATOMS)
    if total <= 0:
        return empty_figure("There is no information to compare the weights with.", dark=dark)
    figure = new_figure(dark=dark, height=380, showlegend=False)
    end = max(float(weights.max()), 1.0)
    figure.add_scatter(
        x=[0, total * end],
        y=[0, end],
        mode="lines",
        line={"color": MUTED[dark], "dash": "dot"},
        hoverinfo="skip",
    )
    for atom in ATOMS:
        part = part_of_atom(atom, sources)
        if part in weights.index:
            _weight_point(figure, part, float(weights[part]), rows[atom], dark)
    figure.update_xaxes(title=f"Information in the data ({BITS})", range=[-0.35 * total, None])
    figure.update_yaxes(title="Mean fusion weight", range=[0, min(1.05, 1.4 * weights.max())])
    return figure


def _weight_point(
    figure: go.Figure, part: str, weight: float, row: Mapping[Any, Any], dark: bool
) -> None:
    figure.add_scatter(
        x=[row["value"]],
        y=[weight],
        mode="markers+text",
        text=[label_of(part)],
        textposition="top center",
        cliponaxis=False,
        marker={"symbol": marker_of(part), "size": 14, "color": color_of(part)},
        error_x=_interval(row, dark),
        name=label_of(part),
        hovertemplate=f"%{{x:.4f}} bit, weight %{{y:.3f}}<extra>{label_of(part)}</extra>",
    )


def definition_panel(
    *,
    definitions: pd.DataFrame,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Show each atom under several definitions, to see what depends on the choice.

    Parameters
    ----------
    definitions
        Columns definition, atom, value, meaning.
    """
    if definitions.empty:
        return empty_figure("The definitions have not been compared yet.", dark=dark)
    titles = [label_of(part_of_atom(atom, sources)) for atom in ATOMS]
    names = list(dict.fromkeys(definitions["definition"]))
    figure = make_subplots(1, len(ATOMS), shared_yaxes=True, subplot_titles=titles)
    figure.update_layout(
        template=template_name(dark), height=110 + 30 * len(names), showlegend=False
    )
    for column, atom in enumerate(ATOMS, start=1):
        rows = definitions[definitions["atom"] == atom].set_index("definition").reindex(names)
        part = part_of_atom(atom, sources)
        figure.add_bar(
            y=names,
            x=rows["value"],
            orientation="h",
            marker=bar_style(part, dark=dark),
            customdata=rows["meaning"],
            hovertemplate="%{x:.4f} bit<br>%{customdata}<extra>%{y}</extra>",
            row=1,
            col=column,
        )
        figure.update_xaxes(title=BITS, row=1, col=column)
    figure.update_yaxes(autorange="reversed")
    return figure


def lattice_bars(*, atoms: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw all atoms of three or four sources, the largest first, each with its null as a tick.

    Parameters
    ----------
    atoms
        Columns atom (e.g. ``{image}{text,audio}``), value and null_95. Of a lattice of four the
        twenty largest are drawn.
    """
    if atoms.empty:
        return empty_figure("The lattice has not been estimated yet.", dark=dark)
    rows = atoms.sort_values("value", ascending=False).head(MOST_NODES)
    figure = new_figure(dark=dark, height=130 + 24 * len(rows), showlegend=False)
    clear = rows["value"] > rows["null_95"]
    figure.add_bar(
        y=rows["atom"],
        x=rows["value"],
        orientation="h",
        marker={"color": color_of("redundancy"), "opacity": [1.0 if c else _FADED for c in clear]},
        hovertemplate="%{x:.4f} bit<extra>%{y}</extra>",
    )
    figure.add_scatter(
        y=rows["atom"],
        x=rows["null_95"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": INK[dark]}},
        hovertemplate="95 % of shuffled data lie below %{x:.4f} bit<extra>%{y}</extra>",
    )
    figure.update_xaxes(title=f"Information ({BITS})")
    figure.update_yaxes(autorange="reversed")
    return figure
