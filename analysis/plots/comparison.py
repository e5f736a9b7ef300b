"""Figures that set runs beside each other, always with their uncertainty."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.text import short
from analysis.plots.theme import (
    CATEGORY_COLORS,
    GRID,
    INK,
    MUTED,
    PAPER,
    PART_LABELS,
    empty_figure,
    new_figure,
    template_name,
)

ROW = 30
MARKS = {"model": "circle", "floor": "square-open"}
METRIC_NAMES = {"ndcg": "NDCG", "recall": "Recall", "hr": "HR", "mrr": "MRR"}


def metric_name(metric: str) -> str:
    """Write a metric as the field does: ``ndcg@10`` becomes "NDCG@10"."""
    name, _, cutoff = metric.partition("@")
    return f"{METRIC_NAMES.get(name, name)}@{cutoff}" if cutoff else name


def metric_forest(
    *, table: pd.DataFrame, highlight: str | None = None, dark: bool = False
) -> go.Figure:
    """Draw metrics of models and floors with intervals, best on top, one panel per metric.

    Parameters
    ----------
    table
        ``name``, ``kind``, ``metric``, ``value``, ``low``, ``high``.
    highlight
        Name of the run in focus; the others are drawn in grey.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("There are no runs to compare.", dark=dark)
    metrics = list(dict.fromkeys(table["metric"]))
    order = table[table["metric"] == metrics[0]].sort_values("value")["name"].to_list()
    figure = make_subplots(
        cols=len(metrics), shared_yaxes=True, horizontal_spacing=0.04, rows=1
    ).update_layout(template=template_name(dark), height=110 + ROW * len(order))
    for column, metric in enumerate(metrics, start=1):
        rows = table[table["metric"] == metric].set_index("name").loc[order].reset_index()
        kinds = [kind for kind in MARKS if kind in set(rows["kind"])]
        is_first = column == 1 and len(kinds) > 1
        for kind in kinds:
            chosen = rows[rows["kind"] == kind]
            colors = [_focus_color(name, highlight, dark) for name in chosen["name"]]
            trace = interval_dots(chosen, "value", colors, MARKS[kind], dark)
            trace.update(name=kind.capitalize(), legendgroup=kind, showlegend=is_first)
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title=metric_name(metric), rangemode="tozero", row=1, col=column)
    figure.update_yaxes(categoryorder="array", categoryarray=[short(name) for name in order])
    figure.update_yaxes(range=_rows_range(len(order)))
    return figure


def difference_forest(*, table: pd.DataFrame, reference: str, dark: bool = False) -> go.Figure:
    """Draw paired differences to a reference with intervals and corrected p values.

    Parameters
    ----------
    table
        ``name``, ``metric``, ``difference``, ``low``, ``high``, ``p_holm``, ``num_users``,
        ``num_seeds``.
    reference
        Name of the reference.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("Choose at least one other run to compare with.", dark=dark)
    rows = table.sort_values("difference")
    certain = (rows["low"] > 0) | (rows["high"] < 0)
    colors = np.where(certain, CATEGORY_COLORS[0], MUTED[dark]).tolist()
    figure = new_figure(dark=dark, height=110 + ROW * len(rows), showlegend=False)
    figure.add_trace(interval_dots(rows, "difference", colors, "circle", dark))
    for name, text in zip(rows["name"], _p_texts(rows), strict=True):
        figure.add_annotation(
            x=1.01, xref="paper", xanchor="left", y=short(name), text=text, showarrow=False
        )
    figure.add_annotation(
        x=1.01,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        text="Holm-corrected",
        showarrow=False,
        font_color=MUTED[dark],
    )
    figure.add_vline(x=0, line={"color": INK[dark], "width": 1})
    metric = metric_name(str(rows["metric"].iloc[0]))
    figure.update_xaxes(title=f"{metric}: difference to {short(reference)}", zeroline=False)
    figure.update_yaxes(range=_rows_range(len(rows)))
    figure.update_layout(margin_r=110)
    return figure


def _rows_range(count: int) -> list[float]:
    """Give half a row of room above and below, however many rows there are."""
    return [-0.7, count - 0.3]


def win_tie_loss(*, table: pd.DataFrame, reference: str, dark: bool = False) -> go.Figure:
    """Draw for how many users each variant beats, equals or loses to the reference."""
    rows = table.sort_values("difference")
    figure = new_figure(dark=dark, height=110 + ROW * len(rows), barmode="stack")
    for outcome, (color, shape) in outcome_styles(dark).items():
        figure.add_bar(
            name=outcome.capitalize(),
            x=rows[outcome],
            y=[short(name) for name in rows["name"]],
            orientation="h",
            marker={"color": color, "pattern": _overlay(shape, dark)},
            hovertemplate=f"%{{x}} users: {outcome}<extra>%{{y}}</extra>",
        )
    figure.update_xaxes(title=f"Users, against {short(reference)}")
    figure.update_layout(legend_traceorder="normal")
    return figure


def group_outcomes(*, table: pd.DataFrame, name: str, dark: bool = False) -> go.Figure:
    """Draw who wins and who loses within groups of users, and by how much on average.

    Parameters
    ----------
    table
        ``grouping``, ``group``, ``num_users``, ``wins``, ``ties``, ``losses``, ``difference``,
        ``low``, ``high``, ``certain``.
    name
        The variant that wins or loses.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("There are no groups to compare.", dark=dark)
    rows = table.sort_values("grouping", kind="stable")
    labels = [rows["grouping"].str.capitalize().to_list(), _group_labels(rows)]
    figure = make_subplots(
        cols=2, shared_yaxes=True, horizontal_spacing=0.03, column_widths=[0.55, 0.45]
    ).update_layout(
        template=template_name(dark), barmode="stack", height=130 + 26 * len(rows),
        legend_traceorder="normal",
    )  # fmt: skip
    for outcome, (color, shape) in outcome_styles(dark).items():
        figure.add_bar(
            name=outcome.capitalize(),
            x=100 * rows[outcome] / rows["num_users"],
            y=labels,
            customdata=rows[outcome],
            orientation="h",
            marker={"color": color, "pattern": _overlay(shape, dark)},
            hovertemplate=f"%{{customdata}} users: {outcome}<extra></extra>",
        )
    colors = np.where(rows["certain"], CATEGORY_COLORS[0], MUTED[dark]).tolist()
    dots = interval_dots(rows.assign(name=""), "difference", colors, "circle", dark)
    figure.add_trace(dots.update(y=labels, showlegend=False), row=1, col=2)
    figure.add_vline(x=0, line={"color": INK[dark], "width": 1}, row=1, col=2)
    figure.update_xaxes(title="Users (%)", row=1, col=1)
    figure.update_xaxes(title=f"Mean gain of {short(name, width=30)}", row=1, col=2)
    figure.update_yaxes(autorange="reversed", showdividers=True)
    return figure


def _group_labels(rows: pd.DataFrame) -> list[str]:
    return [
        f"{short(PART_LABELS.get(group, group), width=18)} ({users})"
        for group, users in zip(rows["group"], rows["num_users"], strict=True)
    ]


def outcome_styles(dark: bool) -> dict[str, tuple[str, str]]:
    """Give colour and pattern of wins, ties and losses."""
    return {
        "wins": (CATEGORY_COLORS[0], "/"),
        "ties": (GRID[dark], ""),
        "losses": (CATEGORY_COLORS[1], "\\"),
    }


def interval_dots(
    rows: pd.DataFrame, value: str, colors: Sequence[str], symbol: str, dark: bool
) -> go.Scatter:
    """Dots with asymmetric 95 % intervals, one row per name."""
    return go.Scatter(
        x=rows[value],
        y=[short(name) for name in rows["name"]],
        mode="markers",
        marker={
            "color": list(colors),
            "symbol": symbol,
            "size": 9,
            "line": {"width": 1.5, "color": list(colors)},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows[value],
            "arrayminus": rows[value] - rows["low"],
            "color": MUTED[dark],
            "thickness": 1.5,
            "width": 3,
        },
        customdata=np.stack([rows["low"], rows["high"]], axis=1),
        hovertemplate="%{x:.4f}<br>95 % interval %{customdata[0]:.4f} to "
        "%{customdata[1]:.4f}<extra>%{y}</extra>",
    )


def _focus_color(name: str, highlight: str | None, dark: bool) -> str:
    return CATEGORY_COLORS[0] if highlight in (None, name) else MUTED[dark]


def _p_texts(rows: pd.DataFrame) -> list[str]:
    return ["p < .001" if p < 0.001 else f"p = {p:.3f}" for p in rows["p_holm"]]


def _overlay(shape: str, dark: bool) -> dict[str, object]:
    return {
        "shape": shape,
        "solidity": 0.2,
        "size": 6,
        "fillmode": "overlay",
        "fgcolor": PAPER[dark],
    }
