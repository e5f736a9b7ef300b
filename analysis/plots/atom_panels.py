"""One panel for each atom: the same atoms under several definitions, or in several groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.information.decomposition import ATOMS
from analysis.plots.atoms import (
    FADED,
    MODALITY_SOURCES,
    atom_label,
    is_clear,
    part_of_atom,
)
from analysis.plots.theme import (
    INK,
    bar_style,
    color_of,
    empty_figure,
    marker_of,
    template_name,
)

MOST_LETTERS: Final = 14


def definition_panel(
    *,
    definitions: pd.DataFrame,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Show each atom under several definitions, to see what depends on the choice.

    Parameters
    ----------
    definitions
        Columns definition, atom, value, meaning.
    target
        What the information is about.
    """
    if definitions.empty:
        return empty_figure("The definitions have not been compared yet.", dark=dark)
    names = list(dict.fromkeys(definitions["definition"]))
    figure = _panels(names, target, sources, dark)
    for column, atom in enumerate(ATOMS, start=1):
        rows = definitions[definitions["atom"] == atom].set_index("definition").reindex(names)
        figure.add_bar(
            y=names,
            x=rows["value"],
            orientation="h",
            marker=bar_style(part_of_atom(atom, sources), dark=dark),
            customdata=rows["meaning"],
            hovertemplate="%{x:.4f} bit<br>%{customdata}<extra>%{y}</extra>",
            row=1,
            col=column,
        )
    return figure


def atom_intervals(
    *,
    atoms: pd.DataFrame,
    by: str,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Show each atom of several groups as a point with its 95 % interval.

    Parameters
    ----------
    atoms
        Columns atom, value, low, high, and one that names the groups. What is not distinguishable
        from zero is faded.
    by
        That column.
    target
        What the information is about.
    """
    if atoms.empty:
        return empty_figure("No group has 200 choices or more.", dark=dark)
    names = list(dict.fromkeys(atoms[by]))
    figure = _panels(names, target, sources, dark)
    for column, atom in enumerate(ATOMS, start=1):
        rows = atoms[atoms["atom"] == atom].set_index(by).reindex(names)
        part = part_of_atom(atom, sources)
        figure.add_scatter(
            y=names,
            x=rows["value"],
            mode="markers",
            marker={
                "color": color_of(part),
                "symbol": marker_of(part),
                "size": 7,
                "opacity": [1.0 if clear else FADED for clear in is_clear(rows)],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": rows["high"] - rows["value"],
                "arrayminus": rows["value"] - rows["low"],
                "color": INK[dark],
                "thickness": 1.4,
                "width": 6,
            },
            customdata=rows[["low", "high"]],
            hovertemplate="%{x:.4f} bit (%{customdata[0]:.4f} to %{customdata[1]:.4f})"
            "<extra>%{y}</extra>",
            row=1,
            col=column,
        )
    return figure


def _panels(names: list[str], target: str, sources: Sequence[str], dark: bool) -> go.Figure:
    """One column for each atom, all with the same scale."""
    titles = [_in_two_lines(atom_label(atom, sources)) for atom in ATOMS]
    figure = make_subplots(
        1, len(ATOMS), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.03
    )
    figure.update_layout(
        template=template_name(dark), height=130 + 30 * len(names), showlegend=False
    )
    figure.update_annotations(font_size=13)
    figure.update_xaxes(title=f"Bits about<br>{target}", matches="x", zeroline=True, nticks=3)
    figure.update_yaxes(autorange="reversed")
    return figure


def _in_two_lines(label: str) -> str:
    """Break a label that is too long for a narrow panel at its last space."""
    return "<br>".join(label.rsplit(" ", 1)) if len(label) > MOST_LETTERS else label
