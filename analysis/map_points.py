"""What is known of every item and user on a map: the columns for colour, hover and tables."""

from typing import Final

import numpy as np
import pandas as pd

from analysis.plots.theme import label_of
from analysis.slices import user_slices
from analysis.spaces import ITEMS
from prism_core.store.reader import Run

LISTED: Final = 10
"""An item counts as recommended to a user down to this rank."""

MAX_NAMES: Final = 100
"""A text column with more different values than this is no colour."""

_LABELS: Final = {
    "category": "Category",
    "top_part": "Top part",
    "popularity": "Popularity",
    "year": "Year",
    "error": "Error (log2 of the true item's rank)",
    "rank": "Rank of the true item",
    "recommended": "Times recommended",
    "gate_entropy": "Gate entropy (bits)",
}
_NOT_COLORS: Final = ("title", "categories", "item_id", "item_index", "user_id", "target_item_id")
_FIRST: Final = ("category", "top_part", "popularity", "error")


def points_of(run: Run, scope: str) -> pd.DataFrame:
    """Describe every item or user in row order: :func:`items_for_maps`, :func:`users_for_maps`."""
    return items_for_maps(run) if scope == ITEMS else users_for_maps(run)


def items_for_maps(run: Run) -> pd.DataFrame:
    """Describe every item for a map, in row order.

    Returns
    -------
    pandas.DataFrame
        The run's items with ``category`` (the first one) and, where the run has them: ``top_part``
        (the part whose vector stands out), ``error`` (mean log2 rank over the users whose true
        next item it is), ``recommended`` (number of top-10 lists it stands in), and
        ``weight_<part>`` (mean fusion weight of the users it is recommended to).
    """
    items = run.table("items").sort_values("item_index", ignore_index=True)
    names = items["categories"].map(lambda found: str(found[0]) if len(found) else "none")
    items = items.assign(category=names)
    if run.parts and run.has_vectors:
        items = items.join(top_part_of_items(run), on="item_index")
    return items.join(_outcomes(run), on="item_id").join(_audience(run), on="item_id")


def users_for_maps(run: Run) -> pd.DataFrame:
    """Describe every user for a map, in row order.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``history_length``, ``rank`` of the true item, ``error`` (its logarithm to base
        2), the groups of :func:`analysis.slices.user_slices`, and for a run with parts
        ``weight_<part>``, ``delta_<part>``, ``gate_entropy`` and ``top_part`` (largest weight).
    """
    users = run.table("users")
    ranks = run.table("user_metrics", ["user_id", "rank"]).set_index("user_id")["rank"]
    users = users.assign(rank=users["user_id"].map(ranks))
    users["error"] = np.log2(users["rank"])
    if run.parts:
        weights = users[[f"weight_{part}" for part in run.parts]].to_numpy()
        users["top_part"] = np.array(run.parts)[weights.argmax(axis=1)]
    groups = user_slices(run).set_index("user_id").astype("string").add_suffix(" (group)")
    return users.join(groups.drop(columns="top part (group)", errors="ignore"), on="user_id")


def top_part_of_items(run: Run) -> pd.Series:
    """Name the part with the longest vector for every item, by ``item_index``.

    Each part's lengths are divided by their mean over items first, since parts differ in scale.
    """
    vectors = run.vectors()
    lengths = np.stack([np.linalg.norm(vectors[f"items.{p}"][1:], axis=1) for p in run.parts], 1)
    relative = lengths / np.maximum(lengths.mean(axis=0), 1e-12)
    index = pd.RangeIndex(1, len(relative) + 1, name="item_index")
    return pd.Series(np.array(run.parts)[relative.argmax(axis=1)], index=index, name="top_part")


def color_columns(points: pd.DataFrame) -> list[str]:
    """Name the columns that can colour a map: numbers, and names that are few enough."""
    usable = [
        name for name in points.columns if name not in _NOT_COLORS and _is_usable(points[name])
    ]
    return sorted(usable, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def column_label(name: str) -> str:
    """Give the reader's name of a column: ``weight_synergy`` becomes "Weight of synergy"."""
    for start, text in (("weight_", "Weight of {}"), ("delta_", "Score change by {}")):
        if name.startswith(start):
            return text.format(label_of(name.removeprefix(start)).lower())
    return _LABELS.get(name, label_of(name))


def _is_usable(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values):
        return bool(values.notna().any())
    try:
        return 1 < values.nunique() <= MAX_NAMES
    except TypeError:
        return False


def _outcomes(run: Run) -> pd.Series:
    """Mean error of each item that is somebody's true next one, by ``item_id``."""
    outcomes = run.table("user_metrics", ["target_item_id", "rank"])
    return (
        np.log2(outcomes.set_index("target_item_id")["rank"])
        .groupby(level=0)
        .mean()
        .rename("error")
    )


def _audience(run: Run) -> pd.DataFrame:
    """How often each item is recommended and to whom, by ``item_id``."""
    if not (run.has("recommendations") and run.has("users")):
        return pd.DataFrame(index=pd.Index([], dtype=str))
    listed = run.table("recommendations", ["user_id", "item_id", "rank"]).query("rank <= @LISTED")
    columns = [f"weight_{part}" for part in run.parts]
    weights = run.table("users", ["user_id", *columns])
    groups = listed.merge(weights, on="user_id").groupby("item_id")
    return (
        groups[columns].mean().assign(recommended=groups.size())
        if columns
        else (groups.size().to_frame("recommended"))
    )
