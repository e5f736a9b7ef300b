"""What a selection on a map stands for: its users, how well they are served, how they weigh."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from analysis import resampling
from analysis.comparison import metric_values
from analysis.explanations import population_weights
from analysis.regions import Region
from analysis.spaces import USERS
from analysis.user_plane import TRIANGLE, triangle_plane
from prism_core.store.reader import Run

METRICS: Final = ("ndcg@10", "hr@10", "mrr@10")
FEW: Final = 20
"""Below this many users an interval is called rough."""


def is_among(values: pd.Series, names: Sequence[str] | np.ndarray | pd.Series) -> np.ndarray:
    """Say which ids ``(N,)`` are among some others; quick where both are many."""
    return values.astype(object).isin(pd.Index(names, dtype=object)).to_numpy()


def marked_rows(
    region: Region,
    points: pd.DataFrame,
    *,
    read_map: Callable[[str], pd.DataFrame],
    read_population: Callable[[], pd.DataFrame],
) -> np.ndarray:
    """Find the points inside a region, whichever plane it was drawn on.

    Parameters
    ----------
    region
        The region; its scope is that of the points.
    points
        One row per item or user, in row order; users with ``user_id``.
    read_map
        From a space to its map (``row``, ``x``, ``y``), where the region was drawn on maps.
    read_population
        Gives the shares of all users, where it was drawn on the triangle.

    Returns
    -------
    numpy.ndarray
        Places in ``points``, in order.
    """
    if region.method != TRIANGLE:
        rows = region.rows(read_map)
        return rows[rows < len(points)]
    population = read_population()
    inside = region.rows(lambda _: triangle_plane(population))
    return np.flatnonzero(is_among(points["user_id"], population.loc[inside, "user_id"]))


def users_behind(run: Run, scope: str, names: pd.Series) -> np.ndarray:
    """Give the users a selection speaks about.

    Parameters
    ----------
    run
        The run.
    scope
        ``users`` or ``items``.
    names
        User or item ids that are marked.

    Returns
    -------
    numpy.ndarray
        User ids: the marked users, or those whose true next item is a marked one.
    """
    outcomes = run.table("user_metrics", ["user_id", "target_item_id"])
    column = "user_id" if scope == USERS else "target_item_id"
    return outcomes.loc[is_among(outcomes[column], names), "user_id"].to_numpy()


def marked_metrics(run: Run, user_ids: np.ndarray, *, seed: int = 0) -> pd.DataFrame:
    """Set the metrics of some users against those of all others.

    Returns
    -------
    pandas.DataFrame
        Two or three rows per metric: ``metric``, ``group`` (``marked``, ``others``,
        ``difference``), ``value``, ``low``, ``high`` (95 % bootstrap over users), ``num_users``;
        empty where one side has no user.
    """
    outcomes = run.table("user_metrics", ["user_id", "rank"])
    inside = is_among(outcomes["user_id"], user_ids)
    if inside.all() or not inside.any():
        return pd.DataFrame(columns=["metric", "group", "value", "low", "high", "num_users"])
    rows = []
    for metric in METRICS:
        values = metric_values(outcomes["rank"].to_numpy(), metric)
        ours, theirs = values[inside], values[~inside]
        found = {
            "marked": (resampling.mean_interval(ours, seed=seed), len(ours)),
            "others": (resampling.mean_interval(theirs, seed=seed), len(theirs)),
            "difference": (resampling.unpaired_interval(ours, theirs, seed=seed), len(values)),
        }
        rows += [
            {"metric": metric, "group": group, "value": i.value, "low": i.low, "high": i.high}
            | {"num_users": count}
            for group, (i, count) in found.items()
        ]
    return pd.DataFrame(rows)


def marked_weights(run: Run, user_ids: np.ndarray) -> pd.DataFrame:
    """Give every user's fusion weights: ``user_id``, ``part``, ``weight``, ``is_marked``."""
    weights = population_weights(run)
    return weights.assign(is_marked=is_among(weights["user_id"], user_ids))
