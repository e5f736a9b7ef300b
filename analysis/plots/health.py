"""Figures of the parts' health: what each reacts to, how alike they are, how large they are."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from analysis.plots.theme import (
    INK,
    SEQUENTIAL,
    bar_style,
    color_bar,
    color_of,
    empty_figure,
    even_scale,
    ink_on,
    label_of,
    marker_of,
    new_figure,
    template_name,
)
from prism_core.names import REDUNDANCY, SYNERGY

VERDICT_TEXT: Final = {
    "alive": "Alive: it does what its name says.",
    "dead": "Dead: it is too small to matter.",
    "leaks": "Leaks: it carries what its name excludes, or depends on what it should not need.",
    "constant": "Constant: it says the same of every item.",
}


PANELS: Final = {
    "spread": "Spread",
    "sensitivity": "No {}",
    "explains": "R² of {}",
    "cka": "Likeness",
}
"""Titles of the panels over epochs, by quantity."""

UNITS: Final = {
    "spread": "Length",
    "sensitivity": "spreads moved",
    "explains": "R²",
    "cka": "CKA",
}
"""Units of these panels."""

PANELS_ACROSS: Final = 4
"""More panels than these are drawn in two rows."""


def sensitivity_map(*, measures: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Heat map, parts by modalities: how far items move when the modality is withheld.

    Parameters
    ----------
    measures
        As `analysis.health.verdicts.measure`.

    Notes
    -----
    Cells where the role asks for a large change are marked with a tick, small ones with a dot.
    """
    table = _table(measures, "sensitivity")
    if table.empty:
        return empty_figure("No modality was withheld.", dark=dark)
    marks = [[_wanted(part, modality) for modality in table.columns] for part in table.index]
    text = [
        [f"{value:.2f} {mark}" for value, mark in zip(row, line, strict=True)]
        for row, line in zip(table.to_numpy(), marks, strict=True)
    ]
    figure = new_figure(dark=dark, height=120 + 46 * len(table))
    _heat(figure, table, text, "spreads")
    figure.update_xaxes(title="Modality withheld (✓ role asks for a change, · for none)")
    return figure


def _wanted(part: str, modality: str) -> str:
    needs = part == SYNERGY or (part != REDUNDANCY and part == f"unique_{modality}")
    return "✓" if needs else "·"


def similarity_map(*, measures: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Heat map of the pairwise linear CKA of the parts; 1 on the diagonal."""
    table = _table(measures, "cka")
    if table.empty:
        return empty_figure("There are no two parts to compare.", dark=dark)
    parts = list(dict.fromkeys(measures["part"]))
    table = table.reindex(index=parts, columns=parts)
    values = table.to_numpy(copy=True)
    np.fill_diagonal(values, 1.0)
    table = pd.DataFrame(values, index=parts, columns=parts)
    figure = new_figure(dark=dark, height=120 + 46 * len(table))
    text = [[f"{value:z.2f}" for value in row] for row in values]
    _heat(figure, table, text, "CKA", top=1.0)
    return figure


def _table(measures: pd.DataFrame, quantity: str) -> pd.DataFrame:
    rows = measures[measures["quantity"] == quantity]
    table = rows.pivot(index="part", columns="other", values="value")
    order, across = dict.fromkeys(rows["part"]), dict.fromkeys(rows["other"])
    return table.reindex(index=list(order), columns=list(across))


def _heat(
    figure: go.Figure,
    table: pd.DataFrame,
    text: list[list[str]],
    unit: str,
    top: float | None = None,
) -> None:
    """Draw the cells, those with white and those with black text as a trace each."""
    values = table.to_numpy(dtype=float)
    highest = float(np.nanmax(values)) if top is None else top
    scale, names = even_scale(SEQUENTIAL), [label_of(str(name)) for name in table.columns]
    places = np.clip(np.nan_to_num(values) / (highest or 1.0), 0, 1)
    fills = sample_colorscale(scale, places.ravel().tolist())
    inks = np.reshape([ink_on(fill) for fill in fills], values.shape)
    for ink in sorted(set(inks.ravel())):
        figure.add_heatmap(
            z=np.where(inks == ink, values, np.nan),
            x=names,
            y=[label_of(str(name)) for name in table.index],
            text=np.where(inks == ink, text, ""),
            texttemplate="%{text}",
            textfont={"color": ink},
            colorscale=scale,
            zmin=0,
            zmax=highest,
            showscale=ink == inks[0, 0],
            colorbar=color_bar(unit),
            hoverongaps=False,
            hovertemplate="%{y}, %{x}: %{z:.3f} " + unit + "<extra></extra>",
        )
    lines = ["<br>".join(name.rsplit(" ", 1)) for name in names]
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, tickvals=names, ticktext=lines)


def size_bars(*, measures: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Bars of each part's spread over the items, its norm as a tick."""
    spreads = measures[measures["quantity"] == "spread"]
    norms = measures[measures["quantity"] == "norm"]
    if spreads.empty:
        return empty_figure("No part was measured.", dark=dark)
    figure = new_figure(dark=dark, height=320, showlegend=False)
    for part, value in zip(spreads["part"], spreads["value"], strict=True):
        figure.add_bar(
            x=[label_of(part)],
            y=[value],
            marker=bar_style(part, dark=dark),
            hovertemplate="spread %{y:.3f}<extra>%{x}</extra>",
        )
    figure.add_scatter(
        x=[label_of(part) for part in norms["part"]],
        y=norms["value"],
        mode="markers",
        marker={"symbol": "line-ew", "size": 30, "line": {"width": 3, "color": INK[dark]}},
        name="norm",
        hovertemplate="norm %{y:.3f}<extra>%{x}</extra>",
    )
    figure.update_yaxes(title="Spread over items (bar) and norm (tick)", rangemode="tozero")
    return figure


def probe_map(*, measures: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Heat map of linear probes: what explains each part, and what each part explains.

    Parameters
    ----------
    measures
        As `analysis.health.probes.probe_scores`.
    """
    rows = measures[measures["quantity"].isin(["probe", "explains"])]
    if rows.empty:
        return empty_figure("No probe was trained: the data set was not here.", dark=dark)
    named = rows.assign(
        other=[
            f"{label_of(other)} → part" if quantity == "probe" else f"part → {other}"
            for quantity, other in zip(rows["quantity"], rows["other"], strict=True)
        ],
        quantity="probe",
    )
    table = _table(named, "probe")
    text = [[f"{value:z.2f}" for value in row] for row in table.to_numpy()]
    figure = new_figure(dark=dark, height=120 + 46 * len(table))
    _heat(figure, table.clip(lower=0.0), text, "R²", top=1.0)
    return figure


def epoch_lines(*, measures: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Lines over epochs: spread, reaction to withheld modalities, probes, closest other part.

    Parameters
    ----------
    measures
        As `analysis.health.epochs.over_epochs`. Probe scores are drawn where they are recorded.
    """
    if measures.empty:
        return empty_figure("The training did not measure the parts.", dark=dark)
    kept = measures[measures["quantity"].isin(["spread", "sensitivity", "explains"])]
    kept = pd.concat([kept, _closest(measures)])
    panels = list(dict.fromkeys(zip(kept["quantity"], kept["other"], strict=True)))
    titles = [PANELS[quantity].format(label_of(other).lower()) for quantity, other in panels]
    rows = 1 if len(panels) <= PANELS_ACROSS else 2
    across = -(-len(panels) // rows)
    figure = make_subplots(rows, across, subplot_titles=titles, vertical_spacing=0.22)
    figure.update_layout(template=template_name(dark), height=60 + 280 * rows)
    figure.update_layout(legend_y=1 + 0.16 / rows)
    for place, (quantity, other) in enumerate(panels):
        lines = kept[(kept["quantity"] == quantity) & (kept["other"] == other)]
        row, column = place // across + 1, place % across + 1
        for part, line in lines.groupby("part", sort=False):
            _epoch_line(figure, str(part), line, row, column)
        figure.update_xaxes(title="Epoch", row=row, col=column)
        if quantity == "cka":
            figure.update_yaxes(range=[0, 1.03], row=row, col=column)
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title=_unit(panels[:across]), row=1, col=1)
    if rows > 1:
        figure.update_yaxes(title=_unit(panels[across:]), row=2, col=1)
    figure.update_annotations(font_size=13)
    return figure


def _unit(panels: list[tuple[str, str]]) -> str:
    """Name the units of the panels beside each other."""
    units = list(dict.fromkeys(UNITS[quantity] for quantity, _ in panels))
    return units[0] if len(units) == 1 else f"{', '.join(units[:-1])} or {units[-1]}"


def _closest(measures: pd.DataFrame) -> pd.DataFrame:
    """Each part's likeness to the part that is most like it, after every epoch."""
    likeness = measures[measures["quantity"] == "cka"]
    closest = likeness.groupby(["epoch", "part"], sort=False)["value"].max().reset_index()
    return closest.assign(quantity="cka", other="")


def _epoch_line(figure: go.Figure, part: str, line: pd.DataFrame, row: int, column: int) -> None:
    figure.add_scatter(
        name=label_of(part),
        legendgroup=part,
        showlegend=row == column == 1,
        x=line["epoch"],
        y=line["value"],
        mode="lines+markers",
        line={"color": color_of(part), "width": 2},
        marker={"symbol": marker_of(part), "size": 6},
        hovertemplate="epoch %{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
        row=row,
        col=column,
    )
