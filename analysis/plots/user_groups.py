"""Figures of groups of users: how strong each part is in them, and how spread their gates are."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import in_drawing_order, short
from analysis.plots.theme import (
    INK,
    MUTED,
    PART_LABELS,
    bar_style,
    empty_figure,
    label_of,
    new_figure,
)

BINS = 40


def group_bars(*, profiles: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw the parts' mean shares in every group, one stacked bar per group.

    Parameters
    ----------
    profiles
        ``group``, ``num_users``, ``part``, ``share``, ``low``, ``high`` as of
        :func:`analysis.user_groups.group_profiles`; the custom data of a bar is its group.
    dark
        Whether the page is dark.
    """
    if profiles.empty:
        return empty_figure("There are no users to group.", dark=dark)
    sizes = profiles.drop_duplicates("group").set_index("group")["num_users"]
    labels = [
        f"{short(PART_LABELS.get(group, group), width=22)} ({users:,})"
        for group, users in sizes.items()
    ]
    figure = new_figure(dark=dark, height=120 + 34 * len(sizes), barmode="stack")
    for part in in_drawing_order(profiles["part"]):
        rows = profiles[profiles["part"] == part].set_index("group").loc[sizes.index]
        figure.add_bar(
            name=label_of(part),
            x=100 * rows["share"],
            y=labels,
            orientation="h",
            marker=bar_style(part, dark=dark),
            customdata=np.stack([sizes.index, 100 * rows["low"], 100 * rows["high"]], axis=-1),
            hovertemplate=f"{label_of(part)}: %{{x:.0f}} % (95 % interval "
            "%{customdata[1]:.0f} to %{customdata[2]:.0f})<extra>%{y}</extra>",
        )
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="Mean share of the parts' contributions, %", range=[0, 100])
    return figure


def entropy_histogram(
    *, entropy: pd.Series, num_parts: int, value: float | None = None, dark: bool = False
) -> go.Figure:
    """Draw how evenly the gate weighs the parts, over users.

    Parameters
    ----------
    entropy
        Entropy of each user's fusion weights, in bits.
    num_parts
        Number of parts; its logarithm is the largest entropy there is.
    value
        Entropy of the marked user; None marks nobody.
    dark
        Whether the page is dark.
    """
    if entropy.empty:
        return empty_figure("There are no users to draw.", dark=dark)
    end = float(np.log2(num_parts))
    counts, edges = np.histogram(entropy, np.linspace(0, end, BINS + 1))
    figure = new_figure(dark=dark, height=260, showlegend=False, bargap=0)
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        marker={"color": MUTED[dark]},
        hovertemplate="%{x:.2f} bits: %{y} users<extra></extra>",
    )
    if value is not None:
        below = 100 * float((entropy <= value).mean())
        figure.add_vline(
            x=value,
            line={"color": INK[dark], "width": 2},
            annotation={
                "text": f"{value:.2f} (≥ {below:.0f} % of users)",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
                "xanchor": "right" if value > end / 2 else "left",
            },
        )
    figure.update_xaxes(title="Gate entropy, bits", range=[0, end], zeroline=False)
    figure.update_yaxes(title="Users")
    return figure
