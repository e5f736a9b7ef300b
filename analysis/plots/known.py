"""Figures that hold the estimator against answers that are known: gates, and planted worlds."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.information.decomposition import ATOMS
from analysis.plots.atoms import atom_label, axis_title, part_of_atom
from analysis.plots.information import thousands
from analysis.plots.theme import (
    INK,
    MUTED,
    bar_style,
    color_of,
    empty_figure,
    marker_of,
    new_figure,
    template_name,
)

SOURCES: Final = ("first", "second")


def gates_figure(*, gates: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw the computed atoms of the canonical gates as bars, the ends of known ones as ticks.

    Parameters
    ----------
    gates
        Columns gate, atom, known, computed, as `analysis.information.truth.computed_gates`.
    """
    if gates.empty:
        return empty_figure("No gate was chosen.", dark=dark)
    names = list(dict.fromkeys(gates["gate"]))
    figure = new_figure(dark=dark, height=max(320, 170 + 30 * len(names)), barmode="stack")
    for atom in ATOMS:
        rows = gates[gates["atom"] == atom].set_index("gate").reindex(names)
        figure.add_bar(
            name=atom_label(atom, SOURCES),
            y=names,
            x=rows["computed"],
            orientation="h",
            marker=bar_style(part_of_atom(atom), dark=dark),
            customdata=rows[["known", "computed"]],
            hovertemplate=(
                "computed %{customdata[1]:.9f}, known %{customdata[0]:.9f} bit"
                "<extra>%{fullData.name}, %{y}</extra>"
            ),
        )
    ends = gates.assign(end=gates.groupby("gate", sort=False)["known"].cumsum())
    ends = ends[ends["known"] > 0]
    figure.add_scatter(
        name="Known: end of each atom",
        x=ends["end"],
        y=ends["gate"],
        mode="markers",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 2.5, "color": INK[dark]}},
        customdata=ends[["known"]],
        text=[atom_label(atom, SOURCES) for atom in ends["atom"]],
        hovertemplate="known %{customdata[0]:.6f} bit<extra>%{text}, %{y}</extra>",
    )
    figure.update_xaxes(title=axis_title("the target"))
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(autorange="reversed")
    return figure


def recovery_figure(*, recovered: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw recovered against planted atoms over sample sizes, one panel for each world.

    Parameters
    ----------
    recovered
        As `analysis.information.truth.recovered`.
    """
    if recovered.empty:
        return empty_figure("No world was tried.", dark=dark)
    worlds = list(dict.fromkeys(recovered["world"]))
    titles = worlds if len(worlds) > 1 else None
    figure = make_subplots(1, len(worlds), shared_yaxes=True, subplot_titles=titles)
    figure.update_layout(template=template_name(dark), height=340, legend_y=1.1)
    sizes = sorted(set(recovered["samples"]))
    for column, world in enumerate(worlds, start=1):
        for atom in ATOMS:
            rows = recovered[(recovered["world"] == world) & (recovered["atom"] == atom)]
            _recovery(figure, rows, atom, column)
        figure.update_xaxes(
            title="Events",
            type="log",
            tickvals=sizes,
            ticktext=thousands(sizes),
            row=1,
            col=column,
        )
    figure.add_scatter(
        x=[None],
        y=[None],
        name="Planted",
        mode="lines",
        line={"color": MUTED[dark], "dash": "dash", "width": 1.5},
    )
    figure.update_yaxes(title=axis_title("the target"), col=1)
    return figure


def _recovery(figure: go.Figure, rows: pd.DataFrame, atom: str, column: int) -> None:
    part = part_of_atom(atom)
    figure.add_scatter(
        name=atom_label(atom, SOURCES),
        legendgroup=part,
        showlegend=column == 1,
        x=rows["samples"],
        y=rows["value"],
        mode="lines+markers",
        line={"color": color_of(part)},
        marker={"symbol": marker_of(part), "size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows["value"],
            "arrayminus": rows["value"] - rows["low"],
            "thickness": 1,
        },
        row=1,
        col=column,
    )
    figure.add_scatter(
        showlegend=False,
        x=rows["samples"],
        y=rows["planted"],
        mode="lines",
        line={"color": color_of(part), "dash": "dash", "width": 1.5},
        hovertemplate="planted %{y:.3f} bit<extra></extra>",
        row=1,
        col=column,
    )
