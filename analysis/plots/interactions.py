"""How modalities interact: over the items listed for a user, and in one item by group."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analysis.interactions import ONE_SIDED_Z, UserInteraction
from analysis.plots.theme import INK, MUTED, bar_style, color_of, new_figure

MEAN = "Mean"


def interaction_points(*, found: UserInteraction, dark: bool = False) -> go.Figure:
    """Draw the interaction of every listed item as a point, and their mean with its interval."""
    figure = new_figure(dark=dark, height=280, showlegend=False)
    figure.add_vline(x=0, line={"color": MUTED[dark], "width": 1})
    figure.add_scatter(
        x=found.each["interaction"],
        y=["Listed items"] * len(found.each),
        mode="markers",
        marker={"color": color_of("synergy"), "size": 9, "opacity": 0.6},
        customdata=found.each[["rank"]],
        hovertemplate="rank %{customdata[0]}: %{x:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=[found.mean],
        y=[MEAN],
        mode="markers",
        marker={"color": INK[dark], "size": 12, "symbol": "diamond"},
        error_x={"type": "data", "array": [ONE_SIDED_Z * found.error], "color": INK[dark]},
        hovertemplate=f"%{{x:.3f}} ± {found.error:.3f}<extra>mean</extra>",
    )
    figure.update_xaxes(title="Interaction of the modalities (score)")
    figure.update_yaxes(categoryorder="array", categoryarray=[MEAN, "Listed items"])
    return figure


def group_bars_of_modalities(*, groups: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw how every group of modalities interacts in one item's score.

    Parameters
    ----------
    groups
        ``group``, ``interaction`` as of :func:`analysis.interactions.group_interactions`.
    dark
        Whether the page is dark.
    """
    figure = new_figure(dark=dark, height=110 + 34 * len(groups), barmode="relative")
    for name, part, sign in (("Synergy", "synergy", 1), ("Suppression", "redundancy", -1)):
        rows = groups[sign * groups["interaction"] > 0]
        figure.add_bar(
            name=name,
            x=rows["interaction"],
            y=rows["group"].str.capitalize(),
            orientation="h",
            marker=bar_style(part, dark=dark),
            hovertemplate=f"{name}: %{{x:+.3f}}<extra>%{{y}}</extra>",
        )
    figure.update_layout(showlegend=True)
    figure.update_yaxes(
        categoryorder="array", categoryarray=groups["group"].str.capitalize().tolist(),
        autorange="reversed", showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(title="Interaction index (score)", zeroline=True)
    return figure
