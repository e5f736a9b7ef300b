"""A metric against a setting that was varied alone."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.plots.comparison import metric_name
from analysis.plots.theme import CATEGORY_COLORS, INK, MUTED, empty_figure, template_name


def sensitivity_curves(*, table: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw one panel per setting; its values are equally spaced, so that 0 has a place.

    Parameters
    ----------
    table
        ``setting``, ``x``, ``is_reference``, ``name``, ``metric``, ``value``, ``low``, ``high``;
        as of :func:`analysis.settings.sensitivity`.
    dark
        Whether the page is dark.
    """
    if table.empty:
        return empty_figure("No setting was varied alone.", dark=dark)
    settings = list(dict.fromkeys(table["setting"]))
    figure = make_subplots(cols=len(settings), shared_yaxes=True, horizontal_spacing=0.04, rows=1)
    figure.update_layout(template=template_name(dark), height=340, showlegend=False)
    for column, setting in enumerate(settings, start=1):
        rows = table[table["setting"] == setting].sort_values("x")
        figure.add_trace(_curve(rows, dark), row=1, col=column)
        figure.update_xaxes(title=setting, type="category", row=1, col=column)
    figure.update_yaxes(title=metric_name(str(table["metric"].iloc[0])), row=1, col=1)
    return figure


def _curve(rows: pd.DataFrame, dark: bool) -> go.Scatter:
    is_base = rows["is_reference"].to_numpy(dtype=bool)
    return go.Scatter(
        x=[f"{x:g}" for x in rows["x"]],
        y=rows["value"],
        mode="lines+markers",
        line={"color": CATEGORY_COLORS[0], "width": 2},
        marker={
            "size": np.where(is_base, 13, 9),
            "symbol": np.where(is_base, "diamond", "circle"),
            "color": np.where(is_base, INK[dark], CATEGORY_COLORS[0]),
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": rows["high"] - rows["value"],
            "arrayminus": rows["value"] - rows["low"],
            "color": MUTED[dark],
            "thickness": 1.5,
            "width": 4,
        },
        customdata=np.stack([rows["low"], rows["high"]], axis=1),
        hovertext=rows["name"],
        hovertemplate="%{hovertext}<br>%{y:.4f}, 95 % interval %{customdata[0]:.4f} to "
        "%{customdata[1]:.4f}<extra></extra>",
    )
