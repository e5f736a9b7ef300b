"""Figure of what drove a user's list as a whole."""

import pandas as pd
import plotly.graph_objects as go

from analysis.plots.theme import INK, bar_style, empty_figure, label_of, new_figure
from analysis.signs import signed, signed_range

ROW = 38
"""Height of one bar row in px."""


def driver_bars(*, drivers: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw every player's mean contribution with its 95 % interval, the largest first.

    Parameters
    ----------
    drivers
        ``player``, ``contribution``, ``low``, ``high``, ``share`` as of
        :func:`analysis.drivers.list_drivers`.
    dark
        Whether the page is dark.
    """
    if drivers.empty:
        return empty_figure("This user has no recommendations.", dark=dark)
    figure = new_figure(dark=dark, height=90 + ROW * len(drivers), showlegend=False, bargap=0.35)
    for row in drivers.to_dict("records"):
        name = label_of(row["player"])
        figure.add_bar(
            name=name,
            x=[row["contribution"]],
            y=[name],
            orientation="h",
            marker=bar_style(row["player"], dark=dark),
            error_x={
                "type": "data",
                "array": [row["high"] - row["contribution"]],
                "color": INK[dark],
                "thickness": 1.5,
                "width": 4,
            },
            hovertemplate=f"{name}: %{{x:+.3f}} ({signed_range(row['low'], row['high'], 3)})<br>"
            f"{100 * row['share']:.0f} % of all that moves the scores<extra></extra>",
        )
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=8, y=name, showarrow=False, align="left",
            text=f"<b>{signed(row['contribution'], 2)}</b>  {100 * row['share']:.0f} %",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="Mean contribution to the score", zeroline=True)
    figure.update_layout(margin_r=96)
    return figure
