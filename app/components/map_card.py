"""The card of a point on a map: picture or title card of an item, weights of a user."""

import pandas as pd

from analysis.map_points import column_label
from analysis.plots.theme import PART_LABELS, color_of, label_of
from app.catalogue import Catalogue
from app.components.cards import current_pictures, picture_address
from app.components.text import escaped, shortened
from prism_core.store.reader import Run


def item_card(points: pd.DataFrame, row: int, catalogue: Catalogue, color: str) -> str:
    """Draw an item's card as HTML."""
    if not 0 <= row < len(points):
        return ""
    item = catalogue.get(str(points["item_id"].iloc[row]))
    address = picture_address(item, catalogue, current_pictures())
    genres = shortened(", ".join(item.categories), 60)
    return (
        f'<img src="{address}" alt=""><div><b>{escaped(shortened(item.label, 80))}</b>'
        f"<span>{escaped(genres)}</span><span>{item.popularity:,} interactions</span>"
        f"{_value(points, row, color, ('category', 'popularity', 'year'))}</div>"
    )


def user_card(run: Run, points: pd.DataFrame, row: int, color: str) -> str:
    """Draw a user's card as HTML, with a bar of the fusion weights."""
    if not 0 <= row < len(points):
        return ""
    user = points.iloc[row]
    shares = "".join(
        f'<i style="width:{100 * float(user[f"weight_{part}"]):.1f}%;background:{color_of(part)}" '
        f'title="{escaped(label_of(part))}"></i>'
        for part in run.parts
    )
    bar = f'<div class="bar" aria-hidden="true">{shares}</div>' if shares else ""
    return (
        f"<div><b>User {escaped(user['user_id'])}</b>{bar}"
        f"<span>{int(user['history_length']):,} items in the history</span>"
        f"<span>true next item on rank {int(user['rank']):,}</span>"
        f"{_value(points, row, color, ('rank', 'history_length'))}</div>"
    )


def _value(points: pd.DataFrame, row: int, color: str, said: tuple[str, ...]) -> str:
    """Say the value that the point is coloured by, unless the card says it already."""
    value = points[color].iloc[row]
    if color in said or pd.isna(value):
        return ""
    text = f"{value:.3g}" if isinstance(value, float) else PART_LABELS.get(str(value), str(value))
    return f"<span>{escaped(column_label(color))}: {escaped(text)}</span>"
