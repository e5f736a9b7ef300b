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

from analysis.information.decomposition import ATOMS
from analysis.information.resampling import TOTAL
from analysis.plots.atoms import (
    FADED,
    MODALITY_SOURCES,
    atom_label,
    axis_title,
    is_clear,
    part_of_atom,
)
from analysis.plots.theme import (
    INK,
    MUTED,
    bar_style,
    color_of,
    empty_figure,
    label_of,
    marker_of,
    new_figure,
)

MOST_NODES: Final = 20


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
        _atom_bar(figure, row, sources, dark)
    _null_ticks(figure, rows, sources, dark)
    figure.update_yaxes(title=axis_title(target))
    return figure


def _atom_bar(
    figure: go.Figure, row: Mapping[Any, Any], sources: Sequence[str], dark: bool
) -> None:
    clear, label = bool(row["distinguishable"]), atom_label(row["atom"], sources)
    figure.add_bar(
        x=[label],
        y=[row["value"]],
        marker=bar_style(part_of_atom(row["atom"], sources), dark=dark),
        opacity=1.0 if clear else FADED,
        error_y=_interval(row, dark),
        name=label,
        hovertemplate=(
            f"%{{y:.4f}} bit, 95 % interval {row['low']:.4f} to {row['high']:.4f}<br>"
            f"null {row['null_95']:.4f}<extra>%{{x}}</extra>"
        ),
    )
    if not clear:
        figure.add_annotation(
            x=label,
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
    labels = [atom_label(str(atom), sources) for atom in rows.index]
    figure.add_scatter(
        x=labels,
        y=rows["null_95"],
        mode="markers",
        marker={"size": 14, "opacity": 0},
        name="null",
        hovertemplate="95 % of shuffled data lie below %{y:.4f} bit<extra>%{x}</extra>",
    )


def stacked_atoms(
    *,
    atoms: pd.DataFrame,
    by: str,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Stack the atoms of several targets or slices, one bar for each value of a column.

    Parameters
    ----------
    atoms
        One row for each atom and value of `by`. Atoms that are not distinguishable from zero are
        faded. Where there are rows of the total, it is drawn with its interval.
    by
        Column of the bars, e.g. ``target`` or ``slice``.
    target
        What the information is about, for the axis.
    """
    if atoms.empty:
        return empty_figure("No information has been estimated yet.", dark=dark)
    names = list(dict.fromkeys(atoms[by]))
    figure = new_figure(dark=dark, height=120 + 44 * len(names), barmode="relative")
    for atom in ATOMS:
        rows = atoms[atoms["atom"] == atom].set_index(by).reindex(names)
        look = bar_style(part_of_atom(atom, sources), dark=dark)
        look["opacity"] = [1.0 if clear else FADED for clear in is_clear(rows)]
        figure.add_bar(
            name=atom_label(atom, sources),
            y=names,
            x=rows["value"],
            orientation="h",
            marker=look,
            customdata=rows[["low", "high"]],
            hovertemplate=(
                "%{x:.4f} bit (%{customdata[0]:.4f} to %{customdata[1]:.4f})"
                "<extra>%{fullData.name}, %{y}</extra>"
            ),
        )
    totals = atoms[atoms["atom"] == TOTAL]
    if len(totals):
        _total_points(figure, totals, by, dark)
    figure.update_xaxes(title=axis_title(target))
    figure.update_yaxes(autorange="reversed")
    return figure


def _total_points(figure: go.Figure, totals: pd.DataFrame, by: str, dark: bool) -> None:
    figure.add_scatter(
        name="Total, 95 % interval",
        y=totals[by],
        x=totals["value"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": INK[dark]}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": totals["high"] - totals["value"],
            "arrayminus": totals["value"] - totals["low"],
            "color": INK[dark],
            "thickness": 1.2,
            "width": 5,
        },
        hovertemplate="total %{x:.4f} bit<extra>%{y}</extra>",
    )


def atoms_against(
    *,
    frame: pd.DataFrame,
    x: str,
    title: str,
    target: str,
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
    target
        What the information is about.
    """
    if frame.empty:
        return empty_figure("Nothing was varied.", dark=dark)
    finite = frame[np.isfinite(frame[x])].sort_values(x)
    limits = frame[~np.isfinite(frame[x])]
    figure = new_figure(dark=dark, height=320)
    for atom in ATOMS:
        part = part_of_atom(atom, sources)
        figure.add_scatter(
            name=atom_label(atom, sources),
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
    figure.update_yaxes(title=axis_title(target))
    return figure


def thousands(values: Sequence[float]) -> list[str]:
    return [f"{value:,.0f}" for value in values]


def weight_against_information(
    *,
    weights: pd.Series,
    atoms: pd.DataFrame,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Set the mean fusion weight of each part against the bits its atom carries.

    A part above the line is weighed more than its share of the information; the line joins
    equal shares. Atoms that are not distinguishable from zero are hollow.

    Parameters
    ----------
    weights
        Mean fusion weight by part name.
    atoms
        One row for each atom.
    target
        What the information is about.
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
    shown = {part_of_atom(atom, sources): rows[atom] for atom in ATOMS}
    shown = {part: row for part, row in shown.items() if part in weights.index}
    for part, row in shown.items():
        _weight_point(figure, part, float(weights[part]), row, total, dark)
    low = min([0.0, *(row["low"] for row in shown.values())])
    width = max([total / 10, *(row["high"] for row in shown.values())]) - low
    top = min(1.05, 1.3 * float(weights.max()))
    figure.update_xaxes(title=axis_title(target), range=[low - 0.15 * width, low + 1.15 * width])
    figure.update_yaxes(title="Mean fusion weight", range=[-0.14 * top, top])
    figure.update_yaxes(nticks=7, zeroline=False)
    return figure


def _weight_point(
    figure: go.Figure, part: str, weight: float, row: Mapping[Any, Any], total: float, dark: bool
) -> None:
    """Draw a part, its name on the side that the line of equal shares is not on."""
    is_above = weight > row["value"] / total
    hollow = "" if row.get("distinguishable", True) else "-open"
    figure.add_scatter(
        x=[row["value"]],
        y=[weight],
        mode="markers+text",
        text=[label_of(part)],
        textposition="top center" if is_above else "bottom center",
        cliponaxis=False,
        marker={"symbol": marker_of(part) + hollow, "size": 14, "color": color_of(part)},
        error_x=_interval(row, dark),
        name=label_of(part),
        hovertemplate=f"%{{x:.4f}} bit, weight %{{y:.3f}}<extra>{label_of(part)}</extra>",
    )


def lattice_bars(*, atoms: pd.DataFrame, target: str, dark: bool = False) -> go.Figure:
    """Draw all atoms of three or four sources, the largest first, each with its null as a tick.

    Parameters
    ----------
    atoms
        Columns atom (e.g. ``{image}{text,audio}``), value and null_95. Of a lattice of four the
        twenty largest are drawn.
    target
        What the information is about.
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
        marker={"color": color_of("redundancy"), "opacity": [1.0 if c else FADED for c in clear]},
        hovertemplate="%{x:.4f} bit<extra>%{y}</extra>",
    )
    figure.add_scatter(
        y=rows["atom"],
        x=rows["null_95"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": INK[dark]}},
        hovertemplate="95 % of shuffled data lie below %{x:.4f} bit<extra>%{y}</extra>",
    )
    figure.update_xaxes(title=axis_title(target))
    figure.update_yaxes(autorange="reversed")
    return figure
