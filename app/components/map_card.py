"""The card of a point on a map: picture or title card of an item, weights of a user."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from analysis.map_points import column_label
from analysis.plots.theme import PART_LABELS, color_of, label_of
from analysis.spaces import WEIGHTS
from app.catalogue import Catalogue
from app.components import health_badge
from app.components.cards import current_pictures, picture_address
from app.components.text import escaped, shortened
from prism_core.store.reader import Run

WEIGHT: Final = "weight_"
"""Beginning of the columns of points that hold a part's fusion weight."""


def shows_weights(color: str, spaces: Iterable[str]) -> bool:
    """Say whether a map shows fusion weights, by its colour or by where its points lie."""
    return color.startswith(WEIGHT) or color == "top_part" or WEIGHTS in spaces


def item_card(run: Run, points: pd.DataFrame, row: int, catalogue: Catalogue, color: str) -> str:
    """Draw an item's card as HTML."""
    if not 0 <= row < len(points):
        return ""
    item = catalogue.get(str(points["item_id"].iloc[row]))
    address = picture_address(item, catalogue, current_pictures())
    genres = shortened(", ".join(item.categories), 60)
    return (
        f'<img src="{address}" alt=""><div><b>{escaped(shortened(item.label, 80))}</b>'
        f"<span>{escaped(genres)}</span><span>{item.popularity:,} interactions</span>"
        f"{_value(run, points, row, color, ('category', 'popularity', 'year'))}</div>"
    )


def user_card(run: Run, points: pd.DataFrame, row: int, color: str) -> str:
    """Draw a user's card as HTML, with the fusion weights and the verdict on each part."""
    if not 0 <= row < len(points):
        return ""
    user = points.iloc[row]
    said = ("rank", "history_length", *(WEIGHT + part for part in run.parts))
    return (
        f"<div><b>User {escaped(user['user_id'])}</b>{_weights(run, user)}"
        f"<span>{int(user['history_length']):,} items in the history</span>"
        f"<span>true next item on rank {int(user['rank']):,}</span>"
        f"{_value(run, points, row, color, said)}</div>"
    )


def _weights(run: Run, user: pd.Series) -> str:
    """A bar of the fusion weights, and a line for each with the verdict on its part."""
    if not run.parts:
        return ""
    weights = {part: float(user[WEIGHT + part]) for part in run.parts}
    badges = health_badge.as_html(run)
    shares = "".join(
        f'<i style="width:{100 * weight:.1f}%;background:{color_of(part)}"></i>'
        for part, weight in weights.items()
    )
    lines = "".join(
        f'<span><i style="background:{color_of(part)}"></i>{escaped(label_of(part))} '
        f"{weight:.2f} {badges.get(part, '')}</span>"
        for part, weight in weights.items()
    )
    return f'<div class="bar" aria-hidden="true">{shares}</div>{lines}'


def _value(run: Run, points: pd.DataFrame, row: int, color: str, said: tuple[str, ...]) -> str:
    """Say the value that the point is coloured by, unless the card says it already."""
    value = points[color].iloc[row]
    if color in said or pd.isna(value):
        return ""
    text = f"{value:.3g}" if isinstance(value, float) else PART_LABELS.get(str(value), str(value))
    badge = health_badge.as_html(run).get(color.removeprefix(WEIGHT), "")
    return f"<span>{escaped(column_label(color))}: {escaped(text)} {badge}</span>"
