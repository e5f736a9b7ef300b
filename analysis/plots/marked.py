"""Fusion weights of marked users beside those of all others."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.theme import MUTED, bar_style, empty_figure, label_of, template_name

BINS = 20


def weight_histograms(*, weights: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw one histogram per part: marked users filled, all others as an outline.

    Parameters
    ----------
    weights
        ``part``, ``weight``, ``is_marked``.
    dark
        Whether the page is dark.
    """
    parts = weights["part"].unique().tolist()
    if not parts or not weights["is_marked"].any():
        return empty_figure("No user stands behind these points.", dark=dark)
    figure = make_subplots(
        rows=1, cols=len(parts), subplot_titles=[label_of(part) for part in parts],
        shared_yaxes=True, horizontal_spacing=0.02,
    )  # fmt: skip
    edges = np.linspace(0, max(float(weights["weight"].max()), 1e-6), BINS + 1)
    for column, part in enumerate(parts, start=1):
        of_part = weights[weights["part"] == part]
        inside, outside = (of_part.loc[of_part["is_marked"] == one, "weight"] for one in (1, 0))
        figure.add_trace(_bars(inside, edges, part, dark), row=1, col=column)
        figure.add_trace(_outline(outside, edges, dark, first=column == 1), row=1, col=column)
    figure.update_layout(template=template_name(dark), height=250, bargap=0, margin={"t": 48})
    figure.update_xaxes(title="Fusion weight", range=[0, edges[-1]], nticks=4)
    figure.update_yaxes(title="Share of users", tickformat=".0%", rangemode="tozero", col=1, row=1)
    figure.update_layout(legend={"y": 1.14})
    return figure


def _shares(values: pd.Series, edges: np.ndarray) -> np.ndarray:
    counts, _ = np.histogram(values, edges)
    return counts / max(counts.sum(), 1)


def _bars(values: pd.Series, edges: np.ndarray, part: str, dark: bool) -> go.Bar:
    return go.Bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=_shares(values, edges),
        width=np.diff(edges),
        marker=bar_style(part, dark=dark),
        name=f"marked, {label_of(part).lower()}",
        hovertemplate="weight %{x:.2f}: %{y:.1%} of the marked users<extra></extra>",
        showlegend=False,
    )


def _outline(values: pd.Series, edges: np.ndarray, dark: bool, *, first: bool) -> go.Scatter:
    shares = _shares(values, edges)
    return go.Scatter(
        x=np.repeat(edges, 2),
        y=np.concatenate([[0], np.repeat(shares, 2), [0]]),
        mode="lines",
        line={"color": MUTED[dark], "width": 2},
        name="All other users (outline)",
        hoverinfo="skip",
        showlegend=first,
    )
