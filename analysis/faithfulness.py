"""Is the explanation faithful? What it ranks first should matter most when it is switched off.

All curves use the scores of switched-off coalitions stored with the run, so the comparison with a
random order is exact: the mean over all coalitions of a size, not a sample. Intervals are over
users. The replacement of a switched-off player is the one the run was scored with.
"""

from collections.abc import Sequence
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
LISTED: Final = "listed item"


@dataclass(frozen=True, slots=True)
class Games:
    """Coalition scores of listed items.

    Attributes
    ----------
    user_ids
        ``(R,)``.
    is_target
        ``(R,)`` bool; True for each user's true next item.
    is_listed
        ``(R,)`` bool; False for a true next item that ranks below the list.
    values
        ``(R, 2 ** n)`` scores of all coalitions of players.
    """

    user_ids: np.ndarray
    is_target: np.ndarray
    is_listed: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """How well contributions predict what switching players off does.

    Attributes
    ----------
    count, unit
        What the means and intervals are over: ``user`` (the true item of each) or, for one user,
        ``listed item``.
    comprehensiveness, comprehensiveness_gain
        Mean fall of the score when the players ranked first are switched off, averaged over how
        many; and how much more that is than for a random order.
    sufficiency, sufficiency_gain
        Mean score kept by the players ranked first alone, above everything off; and how much more
        that is than for a random order.
    moved, moved_at_random
        Median number of places the true item falls when the player ranked first is switched off,
        and the same for a random player; negative where it rises.
    moved_gain
        Median over users of the difference of the two, with its interval; for a single user the
        difference alone.
    counted_among
        Among what the places are counted: ``all items`` or ``the listed items``.
    """

    count: int
    unit: str
    comprehensiveness: resampling.Interval
    comprehensiveness_gain: resampling.Interval
    sufficiency: resampling.Interval
    sufficiency_gain: resampling.Interval
    moved: float
    moved_at_random: float
    moved_gain: resampling.Interval
    counted_among: str

    @property
    def explains_scores(self) -> bool:
        """Whether both gains of the score over a random order are certainly above zero."""
        return self.comprehensiveness_gain.low > 0 and self.sufficiency_gain.low > 0

    @property
    def explains_ranks(self) -> bool:
        """Whether the true item certainly falls further than without a random player."""
        return self.moved_gain.low > 0

    @property
    def is_faithful(self) -> bool:
        """Whether the explanation holds for the scores and for the rank of the true item."""
        return self.explains_scores and self.explains_ranks

    @property
    def verdict(self) -> str:
        """Three plain sentences: the answer, the places moved, the scores with intervals."""
        answer = self._answer()
        opening = "These explanations" if self.unit != LISTED else "The explanations of this list"
        loss, kept = self.comprehensiveness_gain, self.sufficiency_gain
        return (
            f"{opening} {answer}. {self._moves()} Over {self.count:,} {self.unit}"
            f"{'' if self.count == 1 else 's'}, switching off what is ranked first costs "
            f"{loss.value:.2f} more score than a random order does (95 % interval {loss.low:.2f} "
            f"to {loss.high:.2f}), and what is ranked first keeps {kept.value:.2f} more of it on "
            f"its own ({kept.low:.2f} to {kept.high:.2f})."
        )

    def _answer(self) -> str:
        if self.is_faithful:
            return "are faithful"
        if self.explains_scores:
            return "are faithful to the scores, but not shown to be to the rank of the true item"
        return "are not shown to be faithful"

    def _moves(self) -> str:
        middle = "" if self.unit == LISTED else "a median of "
        first, other = (
            _move_words(places, middle) for places in (self.moved, self.moved_at_random)
        )
        return (
            f"Without the part ranked first, the true item {first} among {self.counted_among}; "
            f"without a random part, it {other}{self._gain()}."
        )

    def _gain(self) -> str:
        if self.unit == LISTED:
            return ""
        gain = self.moved_gain
        return (
            f" (median difference {_places(gain.value)}, 95 % interval {_places(gain.low)} to "
            f"{_places(gain.high)})"
        )


def faithfulness(
    run: Run,
    user_ids: Sequence[str] | None = None,
    *,
    ranks: pd.DataFrame | None = None,
    seed: int = 0,
) -> Faithfulness:
    """Judge the explanations of the true items of some users, or of one user's listed items.

    Parameters
    ----------
    run
        A run with parts.
    user_ids
        The users; all by default. A single one is judged over the listed items.
    ranks
        ``user_id``, ``rank`` and ``rank_without_<player>`` among all items, as of
        :meth:`prism_core.user_scoring.UserScorer.ranks_without`. Without it, places are counted
        among the listed items.

    Raises
    ------
    NotFittedError
        The run has no parts.
    DataError
        None of the users is in the run.
    """
    games = _games(run, user_ids)
    values, unit = _judged(games)
    loss, loss_gain, kept, kept_gain = resampling.mean_intervals(_areas(values), seed=seed)
    moves = rank_moves(games) if ranks is None else rank_moves_among_all(games, ranks, run.players)
    return Faithfulness(
        count=len(values),
        unit=unit,
        comprehensiveness=loss,
        comprehensiveness_gain=loss_gain,
        sufficiency=kept,
        sufficiency_gain=kept_gain,
        moved_gain=resampling.median_interval((moves["explained"] - moves["random"]).to_numpy()),
        moved=float(moves["explained"].median()),
        moved_at_random=float(moves["random"].median()),
        counted_among="the listed items" if ranks is None else "all items",
    )


def faithfulness_curves(
    run: Run, user_ids: Sequence[str] | None = None, *, seed: int = 0
) -> pd.DataFrame:
    """Give deletion and insertion curves of the same scores as :func:`faithfulness`.

    Returns
    -------
    pandas.DataFrame
        ``curve`` (deletion, insertion), ``order`` (explained, random), ``players`` (how many were
        switched off or on), ``value`` (mean score above everything off), ``low``, ``high``.
    """
    values, _ = _judged(_games(run, user_ids))
    random = _mean_by_size(values)
    tables = {
        ("deletion", EXPLAINED): deletion_scores(values),
        ("deletion", RANDOM): random[:, ::-1],
        ("insertion", EXPLAINED): insertion_scores(values),
        ("insertion", RANDOM): random,
    }
    points = []
    for (curve, order), table in tables.items():
        intervals = resampling.mean_intervals((table - values[:, :1]).T, seed=seed)
        points += [
            (curve, order, players, one.value, one.low, one.high)
            for players, one in enumerate(intervals)
        ]
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


def rank_moves_among_all(
    games: Games, ranks: pd.DataFrame, players: tuple[str, ...]
) -> pd.DataFrame:
    """Count the places true items fall among all items when one player is off.

    Parameters
    ----------
    games
        The listed items of some users, each user's true item among them.
    ranks
        ``user_id``, ``rank``, ``rank_without_<player>``; of these users at least.

    Returns
    -------
    pandas.DataFrame
        As of :func:`rank_moves`.
    """
    users, values = games.user_ids[games.is_target], games.values[games.is_target]
    rows = ranks.set_index("user_id").loc[users]
    falls = rows[[f"rank_without_{player}" for player in players]].sub(rows["rank"], axis=0)
    first = coalitions.shapley_values(values).argmax(axis=1)
    explained = falls.to_numpy()[np.arange(len(users)), first]
    return pd.DataFrame(
        {"user_id": users, "explained": explained, "random": falls.mean(axis=1).to_numpy()}
    )


def _judged(games: Games) -> tuple[np.ndarray, str]:
    """Scores to average over, ``(R, 2 ** n)``, and what a row is."""
    if len(np.unique(games.user_ids)) == 1:
        return games.values[games.is_listed], LISTED
    return games.values[games.is_target], "user"


def _areas(values: np.ndarray) -> np.ndarray:
    """Fall, its gain over random order, score kept, its gain: ``(4, R)``, means over sizes."""
    deleted, inserted = deletion_scores(values), insertion_scores(values)
    random, inner = _mean_by_size(values), slice(1, -1)
    tables = (
        values[:, -1:] - deleted,
        random[:, ::-1] - deleted,
        inserted - values[:, :1],
        inserted - random,
    )
    return np.stack([table[:, inner].mean(axis=1) for table in tables])


def _move_words(places: float, middle: str) -> str:
    if not places:
        return "does not move"
    noun = "place" if abs(places) == 1 else "places"
    return f"{'falls' if places > 0 else 'rises'} by {middle}{_places(abs(places))} {noun}"


def _places(count: float) -> str:
    """Write a number of places: whole from ten on, a median or mean below with one decimal."""
    return f"{count:,.0f}" if abs(count) >= 10 else f"{count:.2g}"


def _games(run: Run, user_ids: Sequence[str] | None) -> Games:
    """Coalition scores of the users' listed items."""
    require_parts(run)
    rows = run.table("recommendations", ["user_id", "item_id", "rank"])
    truth = run.table("user_metrics", ["user_id", "target_item_id"])
    target = rows["user_id"].map(truth.set_index("user_id")["target_item_id"])
    values = run.lists("recommendations", "part_coalitions")
    is_target, inside = rows["item_id"] == target, rows["rank"] <= run.list_length
    chosen = np.ones(len(rows), dtype=bool)
    if user_ids is not None:
        chosen = rows["user_id"].isin(user_ids).to_numpy()
    if not chosen.any():
        raise DataError(f"Run {run.run_id!r} has none of the chosen users.")
    columns = (rows["user_id"].to_numpy(), is_target.to_numpy(), inside.to_numpy(), values)
    return Games(*(column[chosen] for column in columns))


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
