"""Is the explanation faithful? What it ranks first should matter most when it is switched off.

All curves use the scores of switched-off coalitions stored with the run, so the comparison with a
random order is exact: the mean over all coalitions of a size, not a sample. Intervals are over
users. The replacement of a switched-off player is the one the run was scored with.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analysis import coalitions, resampling
from analysis.explanations import require_parts
from prism_core.errors import DataError
from prism_core.store.reader import Run

EXPLAINED: Final = "explained"
RANDOM: Final = "random"


@dataclass(frozen=True, slots=True)
class Games:
    """Coalition scores of listed items.

    Attributes
    ----------
    user_ids
        ``(R,)``.
    is_target
        ``(R,)`` bool; True for each user's true next item.
    values
        ``(R, 2 ** n)`` scores of all coalitions of players.
    """

    user_ids: np.ndarray
    is_target: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """How well contributions predict what switching players off does, over some users.

    Attributes
    ----------
    comprehensiveness, comprehensiveness_gain
        Mean fall of the true item's score when the players ranked first are switched off, averaged
        over how many; and how much more that is than for a random order.
    sufficiency, sufficiency_gain
        Mean score kept by the players ranked first alone, above everything off; and how much more
        that is than for a random order.
    moved, moved_at_random
        Median number of places the true item falls among the listed items when the player ranked
        first is switched off, and when a random one is.
    """

    num_users: int
    comprehensiveness: resampling.Interval
    comprehensiveness_gain: resampling.Interval
    sufficiency: resampling.Interval
    sufficiency_gain: resampling.Interval
    moved: float
    moved_at_random: float

    @property
    def is_faithful(self) -> bool:
        """Whether both gains over a random order are certainly above zero."""
        return self.comprehensiveness_gain.low > 0 and self.sufficiency_gain.low > 0

    @property
    def verdict(self) -> str:
        """One plain sentence or two."""
        gain = self.comprehensiveness_gain
        text = (
            f"Over {self.num_users} users, switching off what the explanation ranks first moves "
            f"the true item by a median of {self.moved:g} places among the listed items; a random "
            f"choice: {self.moved_at_random:g}. The score falls by {gain.value:.2f} more than in "
            f"random order (95 % interval {gain.low:.2f} to {gain.high:.2f})."
        )
        return text if self.is_faithful else f"{text} The explanation is not shown to be faithful."


def faithfulness(run: Run, user_ids: list[str] | None = None, *, seed: int = 0) -> Faithfulness:
    """Judge the explanations of the true items of some users.

    Parameters
    ----------
    run
        A run with parts.
    user_ids
        The users; all by default.

    Raises
    ------
    NotFittedError
        The run has no parts.
    DataError
        None of the users is in the run.
    """
    games = _games(run, user_ids)
    values = games.values[games.is_target]
    deleted, inserted = deletion_scores(values), insertion_scores(values)
    random = _mean_by_size(values)
    inner = slice(1, -1)
    falls = (values[:, -1:] - deleted)[:, inner].mean(axis=1)
    random_falls = (values[:, -1:] - random[:, ::-1])[:, inner].mean(axis=1)
    kept = (inserted - values[:, :1])[:, inner].mean(axis=1)
    random_kept = (random - values[:, :1])[:, inner].mean(axis=1)
    moves = rank_moves(games)
    return Faithfulness(
        num_users=len(values),
        comprehensiveness=resampling.mean_interval(falls, seed=seed),
        comprehensiveness_gain=resampling.mean_interval(falls - random_falls, seed=seed),
        sufficiency=resampling.mean_interval(kept, seed=seed),
        sufficiency_gain=resampling.mean_interval(kept - random_kept, seed=seed),
        moved=float(moves["explained"].median()),
        moved_at_random=float(moves["random"].median()),
    )


def faithfulness_curves(
    run: Run, user_ids: list[str] | None = None, *, seed: int = 0
) -> pd.DataFrame:
    """Give deletion and insertion curves of the true items' scores.

    Returns
    -------
    pandas.DataFrame
        ``curve`` (deletion, insertion), ``order`` (explained, random), ``players`` (how many were
        switched off or on), ``value`` (mean score above everything off), ``low``, ``high``.
    """
    games = _games(run, user_ids)
    values = games.values[games.is_target]
    random = _mean_by_size(values)
    tables = {
        ("deletion", EXPLAINED): deletion_scores(values),
        ("deletion", RANDOM): random[:, ::-1],
        ("insertion", EXPLAINED): insertion_scores(values),
        ("insertion", RANDOM): random,
    }
    points = []
    for (curve, order), table in tables.items():
        for players, column in enumerate((table - values[:, :1]).T):
            interval = resampling.mean_interval(column, seed=seed)
            points.append((curve, order, players, interval.value, interval.low, interval.high))
    columns = ["curve", "order", "players", "value", "low", "high"]
    return pd.DataFrame(points, columns=columns)


def deletion_scores(values: np.ndarray) -> np.ndarray:
    """Scores ``(R, n + 1)`` after switching off 0, 1, ... n players, largest contribution first."""
    return np.take_along_axis(values, values.shape[1] - 1 - _leading_masks(values), axis=1)


def insertion_scores(values: np.ndarray) -> np.ndarray:
    """Scores ``(R, n + 1)`` with only the 0, 1, ... n players of largest contribution on."""
    return np.take_along_axis(values, _leading_masks(values), axis=1)


def rank_moves(games: Games) -> pd.DataFrame:
    """Count the places a true item falls among its listed items when one player is off.

    Parameters
    ----------
    games
        The listed items of some users, each user's true item among them.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``explained`` (the player ranked first is off), ``random`` (mean over the
        players, each off alone). Negative where the item rises.
    """
    users, group = np.unique(games.user_ids, return_inverse=True)
    target = np.zeros(len(users), dtype=np.int64)
    places = np.flatnonzero(games.is_target)
    target[group[places]] = places
    players = coalitions.num_players(games.values)
    everyone = games.values.shape[1] - 1
    masks = [*(everyone - (1 << np.arange(players))), everyone]
    above = games.values[:, masks] > games.values[target[group]][:, masks]
    ahead = np.stack([np.bincount(group, column, len(users)) for column in above.T], axis=1)
    falls = ahead[:, :-1] - ahead[:, -1:]
    first = coalitions.shapley_values(games.values[target]).argmax(axis=1)
    explained = falls[np.arange(len(users)), first]
    return pd.DataFrame({"user_id": users, "explained": explained, "random": falls.mean(axis=1)})


def _games(run: Run, user_ids: list[str] | None) -> Games:
    """Coalition scores of the users' listed items."""
    require_parts(run)
    rows = run.table("recommendations", ["user_id", "item_id"])
    truth = run.table("user_metrics", ["user_id", "target_item_id"])
    target = rows["user_id"].map(truth.set_index("user_id")["target_item_id"])
    values = run.lists("recommendations", "part_coalitions")
    games = Games(rows["user_id"].to_numpy(), (rows["item_id"] == target).to_numpy(), values)
    if user_ids is not None:
        chosen = rows["user_id"].isin(user_ids).to_numpy()
        games = Games(games.user_ids[chosen], games.is_target[chosen], values[chosen])
    if not len(games.values):
        raise DataError(f"Run {run.run_id!r} has none of the chosen users.")
    return games


def _leading_masks(values: np.ndarray) -> np.ndarray:
    """Masks ``(R, n + 1)`` of the 0, 1, ... n players with the largest contributions."""
    order = np.argsort(-coalitions.shapley_values(values), axis=1, kind="stable")
    masks = np.zeros((len(values), order.shape[1] + 1), dtype=np.int64)
    masks[:, 1:] = np.cumsum(1 << order, axis=1)
    return masks


def _mean_by_size(values: np.ndarray) -> np.ndarray:
    """Mean score ``(R, n + 1)`` over all coalitions with 0, 1, ... n players."""
    sizes = np.array([mask.bit_count() for mask in range(values.shape[1])])
    columns = [values[:, sizes == size].mean(axis=1) for size in range(sizes[-1] + 1)]
    return np.stack(columns, axis=1)
