"""Figures of one user's explanation: what each part adds to each recommended item."""

import pandas as pd
import plotly.graph_objects as go

from analysis.plots.text import in_drawing_order, ranked_labels, short
from analysis.plots.theme import (
    INK,
    MUTED,
    PAPER,
    PART_COLORS,
    bar_style,
    empty_figure,
    label_of,
    new_figure,
)
from analysis.signs import rounded, signed

ROW = 30
"""Height of one bar row in px."""

INWARDS = 0.4
"""Share of a waterfall's width from which on the final score is written inside it."""


def contribution_bars(
    *,
    recommendations: pd.DataFrame,
    contributions: pd.DataFrame,
    highlight: str | None = None,
    dark: bool = False,
) -> go.Figure:
    """Draw what each part adds to each item's score, one diverging stacked bar per item.

    Parameters
    ----------
    recommendations
        ``rank``, ``item_id``, ``title``, ``is_target``; the true next item gets a star.
    contributions
        ``rank``, ``player``, ``contribution``.
    highlight
        Item id whose bar stands out; the others fade.
    dark
        Whether the page is dark.
    """
    if recommendations.empty:
        return empty_figure("This user has no recommendations.", dark=dark)
    listed = recommendations.sort_values("rank")
    labels = ranked_labels(listed["rank"], listed["title"], listed["is_target"])
    label_of_rank = dict(zip(listed["rank"], labels, strict=True))
    faded = (listed["item_id"] != highlight) & (highlight is not None)
    opacity = faded.map({True: 0.35, False: 1.0}).tolist()
    figure = new_figure(dark=dark, height=110 + ROW * len(listed), barmode="relative")
    wide = contributions.pivot(index="rank", columns="player", values="contribution")
    wide = wide.loc[listed["rank"]]
    for player in in_drawing_order(contributions["player"]):
        figure.add_bar(
            name=label_of(player),
            y=[label_of_rank[rank] for rank in wide.index],
            x=wide[player],
            orientation="h",
            marker=bar_style(player, dark=dark) | {"opacity": opacity},
            customdata=listed["item_id"],
            hovertemplate=f"{label_of(player)}: %{{x:+.3f}}<extra>%{{y}}</extra>",
        )
    _add_totals(figure, wide.sum(axis=1), labels, listed["item_id"], dark)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="Contribution to the score", zeroline=True)
    return figure


def contribution_waterfall(
    *, contributions: pd.DataFrame, baseline: float, title: str = "", dark: bool = False
) -> go.Figure:
    """Draw how one item's score grows from everything off to everything on.

    Parameters
    ----------
    contributions
        ``player``, ``contribution`` of one item.
    baseline
        Score with every player switched off.
    title
        The item's title.
    dark
        Whether the page is dark.
    """
    players = in_drawing_order(contributions["player"])
    steps = contributions.set_index("player")["contribution"].loc[players]
    ends = baseline + steps.cumsum()
    starts = ends - steps
    names = [label_of(player) for player in players]
    figure = new_figure(dark=dark, height=110 + 34 * len(players), showlegend=False)
    for player, name in zip(players, names, strict=True):
        figure.add_bar(
            x=[steps[player]],
            base=[starts[player]],
            y=[name],
            orientation="h",
            marker=bar_style(player, dark=dark),
            text=[signed(steps[player], 3)],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"{name}: {signed(steps[player], 3)}<br>"
            f"from {rounded(starts[player], 3)} to {rounded(ends[player], 3)}<extra></extra>",
        )
    _add_connectors(figure, names, ends.to_list(), dark)
    score = float(ends.iloc[-1])
    low, high = _widen(figure, [baseline, *ends])
    outwards = ["right", "left"] if score >= baseline else ["left", "right"]
    is_far = abs(score - baseline) > INWARDS * (high - low)
    _add_score_line(figure, baseline, "all off", outwards[0], dark)
    _add_score_line(figure, score, "score", outwards[0 if is_far else 1], dark)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title="Score", zeroline=False)
    figure.update_layout(title_text=short(title, width=60), margin_t=64)
    return figure


def interaction_bars(*, recommendations: pd.DataFrame, dark: bool = False) -> go.Figure:
    """Draw, per item, what the modalities add together beyond each alone.

    Parameters
    ----------
    recommendations
        ``rank``, ``title``, ``is_target``, ``interaction``, ``interaction_kind``.
    dark
        Whether the page is dark.
    """
    listed = recommendations.sort_values("rank")
    labels = dict(
        zip(
            listed["rank"],
            ranked_labels(listed["rank"], listed["title"], listed["is_target"]),
            strict=True,
        )
    )
    styles = {
        "synergy": ("Synergy", bar_style("synergy", dark=dark)),
        "suppression": ("Suppression", bar_style("redundancy", dark=dark)),
        "none": ("No interaction", {"color": MUTED[dark]}),
    }
    figure = new_figure(dark=dark, height=110 + ROW * len(listed), barmode="relative")
    for kind, (name, style) in styles.items():
        rows = listed[listed["interaction_kind"] == kind]
        figure.add_bar(
            name=name,
            x=rows["interaction"],
            y=[labels[rank] for rank in rows["rank"]],
            orientation="h",
            marker=style,
            hovertemplate=f"{name}: %{{x:+.3f}}<extra>%{{y}}</extra>",
        )
    order = list(labels.values())
    figure.update_layout(showlegend=True)
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(title="Interaction of the modalities", zeroline=True)
    return figure


def modality_ladder(
    *, modality_scores: pd.DataFrame, title: str = "", dark: bool = False
) -> go.Figure:
    """Draw one item's score with no, each and all modalities, and the sum of each alone.

    The gap between "all" and "sum of each alone" is the interaction (for two modalities).

    Parameters
    ----------
    modality_scores
        ``coalition``, ``score`` of one item.
    title
        The item's title.
    dark
        Whether the page is dark.
    """
    scores = modality_scores.set_index("coalition")["score"]
    single = [name for name in scores.index if name != "none" and " + " not in name]
    additive = float(scores["none"] + sum(scores[name] - scores["none"] for name in single))
    nothing = "Neither" if len(single) == 2 else "None"
    names = [nothing if name == "none" else name.capitalize() for name in scores.index]
    figure = new_figure(dark=dark, height=130 + ROW * (len(scores) + 1), showlegend=False)
    figure.add_scatter(
        x=[*scores, additive],
        y=[*names, "Sum of each alone"],
        mode="markers+text",
        text=[f"\u2002{rounded(value, 3)}" for value in [*scores, additive]],
        textposition="middle right",
        cliponaxis=False,
        marker={
            "size": 12,
            "symbol": ["circle"] * len(scores) + ["circle-open"],
            "color": [_ladder_color(name, dark) for name in scores.index] + [MUTED[dark]],
            "line": {"width": 2},
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    _widen(figure, [*scores, additive])
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title="Score", zeroline=False)
    figure.update_layout(title_text=short(title, width=60))
    return figure


def _ladder_color(coalition: str, dark: bool) -> str:
    if coalition == "none":
        return MUTED[dark]
    return PART_COLORS.get(f"unique_{coalition}", INK[dark])


def _add_totals(
    figure: go.Figure, totals: pd.Series, labels: list[str], item_ids: pd.Series, dark: bool
) -> None:
    figure.add_scatter(
        name="Sum",
        x=totals,
        y=labels,
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 16,
            "color": INK[dark],
            "line": {"width": 5, "color": PAPER[dark]},
        },
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        name="Sum",
        x=totals,
        y=labels,
        mode="markers",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": INK[dark]}},
        customdata=item_ids,
        hovertemplate="Sum: %{x:+.3f}<extra>%{y}</extra>",
    )


def _add_connectors(figure: go.Figure, names: list[str], ends: list[float], dark: bool) -> None:
    for row, end in enumerate(ends[:-1]):
        figure.add_shape(
            type="line", x0=end, x1=end, y0=row, y1=row + 1, line={"color": MUTED[dark], "width": 1}
        )


def _add_score_line(figure: go.Figure, value: float, name: str, anchor: str, dark: bool) -> None:
    line = {"color": INK[dark], "width": 1, "dash": "dot"}
    figure.add_shape(
        type="line", x0=value, x1=value, xref="x", y0=0, y1=1, yref="y domain", line=line
    )
    figure.add_annotation(
        text=f"{name} {rounded(value, 3)}",
        x=value,
        xanchor=anchor,
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
    )


def _widen(figure: go.Figure, values: list[float]) -> tuple[float, float]:
    """Leave room at both ends for the numbers beside the marks, and give both ends."""
    low, high = min(values), max(values)
    room = 0.25 * (high - low or 1.0)
    figure.update_xaxes(range=[low - room, high + room])
    return low - room, high + room
