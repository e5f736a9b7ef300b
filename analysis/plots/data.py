"""Figures of a prepared data set: lengths, popularity, and the times of the events."""

from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.theme import CATEGORY_COLORS, empty_figure, new_figure

COLOR = CATEGORY_COLORS[0]
BINS = 50
CURVE_POINTS = 500
HEIGHT = 280
ROOM_FOR_LABELS = 1.2
SPAN_BINS = 40
SHORTEST = 1 / 1440
"""A minute in days: shorter spans are drawn as one."""
TICKS = {
    "minute": SHORTEST, "hour": 1 / 24, "day": 1, "month": 30, "year": 365, "10 years": 3650
}  # fmt: skip


def length_histogram(*, lengths: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw how many users have a sequence of which length.

    Parameters
    ----------
    lengths
        ``length``, ``users``.
    dark
        Whether the page is dark.
    """
    if lengths.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    last = int(lengths["length"].max()) + 1
    edges = np.unique(np.linspace(int(lengths["length"].min()), last, BINS + 1).astype(int))
    counts, _ = np.histogram(lengths["length"], edges, weights=lengths["users"])
    figure = new_figure(dark=dark, height=HEIGHT, bargap=0.05)
    ranges = [
        f"{low}" if high - low == 1 else f"{low} to {high - 1}" for low, high in pairwise(edges)
    ]
    figure.add_bar(
        x=(edges[:-1] + edges[1:] - 1) / 2,
        y=counts,
        width=np.diff(edges),
        marker_color=COLOR,
        customdata=ranges,
        hovertemplate="%{customdata} events: %{y} users<extra></extra>",
    )
    figure.update_xaxes(title="Events per user")
    figure.update_yaxes(title="Users")
    return figure


def popularity_curve(*, popularity: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw which share of all events the most popular items have.

    Parameters
    ----------
    popularity
        ``place``, ``cumulative_share``; the items in order of popularity.
    dark
        Whether the page is dark.

    Notes
    -----
    At most 500 points are drawn, whatever the number of items.
    """
    if popularity.empty:
        return empty_figure("There are no items to draw.", dark=dark)
    places = np.linspace(0, len(popularity) - 1, CURVE_POINTS).round().astype(int)
    kept = popularity.iloc[np.unique(places)]
    figure = new_figure(dark=dark, height=HEIGHT)
    figure.add_scatter(
        x=kept["place"] / len(popularity),
        y=kept["cumulative_share"],
        mode="lines",
        line={"color": COLOR, "width": 2.5},
        hovertemplate="the top %{x:.1%} of items: %{y:.1%} of events<extra></extra>",
    )
    figure.update_xaxes(title="Most popular items", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="Share of events", tickformat=".0%", range=[0, 1.02])
    return figure


def gap_bars(*, gaps: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw how much time lies between two events of one user.

    Parameters
    ----------
    gaps
        ``gap``, ``share``, in order.
    dark
        Whether the page is dark.
    """
    if gaps.empty:
        return empty_figure("The times of the events are not known.", dark=dark)
    figure = new_figure(dark=dark, height=HEIGHT)
    figure.add_bar(
        x=gaps["share"],
        y=gaps["gap"],
        orientation="h",
        marker_color=COLOR,
        text=[f"{share:.1%}" for share in gaps["share"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    room = [0, ROOM_FOR_LABELS * gaps["share"].max()]
    figure.update_xaxes(title="Share of consecutive events", tickformat=".0%", range=room)
    figure.update_yaxes(autorange="reversed")
    return figure


def span_histogram(*, spans: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw how many users have which time between first and last event.

    Parameters
    ----------
    spans
        ``days``, one row per user.
    dark
        Whether the page is dark.

    Notes
    -----
    The axis is logarithmic from a minute on; shorter times count as a minute.
    """
    if spans.empty:
        return empty_figure("The times of the events are not known.", dark=dark)
    days = np.log10(np.maximum(spans["days"], SHORTEST))
    edges = np.linspace(np.log10(SHORTEST), max(days.max(), 0) + 1e-9, SPAN_BINS + 1)
    counts, _ = np.histogram(days, edges)
    figure = new_figure(dark=dark, height=HEIGHT, bargap=0.05)
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        marker_color=COLOR,
        customdata=10 ** edges[1:],
        hovertemplate="up to %{customdata:.3~g} days: %{y} users<extra></extra>",
    )
    ticks = {name: np.log10(value) for name, value in TICKS.items() if np.log10(value) <= edges[-1]}
    figure.update_xaxes(
        title="First to last event", tickvals=list(ticks.values()), ticktext=list(ticks)
    )
    figure.update_yaxes(title="Users")
    return figure
