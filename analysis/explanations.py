"""What drove a recommendation: contributions of the parts, interactions, fusion weights.

Three quantities that are never mixed: a *fusion weight* is what the gate gives a part for a user; a
*contribution* is the part's exact Shapley value in an item's score; *information* (PID) is about
the data and lives in :mod:`analysis.information`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import numpy as np
import pandas as pd

from analysis import coalitions
from prism_core.errors import DataError, NotFittedError
from prism_core.stand_in import StandIn
from prism_core.store.reader import Run

TOLERANCE: Final = 1e-5
"""Largest gap allowed between summed contributions and the score difference they explain."""

NEGLIGIBLE: Final = 0.01
"""Interactions below this share of the image-and-text effects count as none."""

InteractionKind = Literal["synergy", "suppression", "none"]


class Scorer(Protocol):
    """Scores items anew under every coalition, with a stand-in of the reader's choice.

    :class:`prism_core.user_scoring.UserScorer` is one.
    """

    @property
    def stand_in(self) -> StandIn:
        """What takes the place of a player that is switched off."""

    def part_coalitions(self, user_id: str, item_ids: Sequence[str]) -> np.ndarray:
        """Give the scores ``(C, 2 ** n)`` of items for a user; entry ``mask`` as in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserExplanation:
    """Everything that explains one user's list.

    Attributes
    ----------
    recommendations
        One row per listed item and one for the true next item, by ``rank``: ``item_id``, ``title``,
        ``year``, ``categories``, ``score``, ``baseline`` (score with every player off),
        ``is_target``, ``is_listed`` (False for a true next item that ranks below the list),
        ``top_player``; with two modalities or more, ``interaction`` (of all of them) and
        ``interaction_kind``.
    contributions
        Long: ``rank``, ``item_id``, ``title``, ``player``, ``contribution``.
    modality_scores
        Long: ``rank``, ``item_id``, ``coalition`` (names of the modalities that are on, joined by
        `` + ``; ``none``), ``score``. Empty where the run stored no modality coalitions.
    weights
        One row per part: ``part``, ``weight``, ``percentile`` (share of users with a smaller or
        equal weight, in [0, 100]), ``population_median``.
    residual
        Largest gap between an item's summed contributions and the difference of its listed score
        to its baseline.
    gate_entropy
        Entropy of the user's fusion weights, in bits.
    stand_in
        What takes the place of a player that is switched off.
    is_stored
        Whether the scores are those stored with the run, so that figures can be drawn again.
    """

    user_id: str
    history_length: int
    target_item_id: str
    target_rank: int
    recommendations: pd.DataFrame
    contributions: pd.DataFrame
    modality_scores: pd.DataFrame
    weights: pd.DataFrame
    residual: float
    gate_entropy: float
    stand_in: StandIn = field(default_factory=StandIn)
    is_stored: bool = True

    @property
    def is_exact(self) -> bool:
        """Whether contributions sum to the score difference within ``TOLERANCE``."""
        return self.residual <= TOLERANCE


def explain_user(run: Run, user_id: str, *, scorer: Scorer | None = None) -> UserExplanation:
    """Explain one user's recommendations from a stored run.

    Parameters
    ----------
    run
        A complete run of a model with parts.
    user_id
        External user id.
    scorer
        Scores the coalitions anew, with another stand-in for what is switched off than the one
        that the run was stored with.

    Raises
    ------
    NotFittedError
        The run has no parts (a floor or a plain backbone).
    DataError
        The run has no such user.
    """
    require_parts(run)
    listed = _rows_of(run, "recommendations", user_id).sort_values("rank", ignore_index=True)
    if scorer is not None:
        games = scorer.part_coalitions(user_id, listed["item_id"].tolist())
        listed = listed.assign(part_coalitions=list(games), score=games[:, -1])
    outcome = _rows_of(run, "user_metrics", user_id).iloc[0]
    users = run.table("users")
    mine = users[users["user_id"] == user_id].iloc[0]
    target = str(outcome["target_item_id"])
    named = with_titles(listed, run.table("items")).assign(
        is_target=listed["item_id"] == target, is_listed=listed["rank"] <= run.list_length
    )
    contributions = contributions_of(named, run.players)
    return UserExplanation(
        user_id=user_id,
        history_length=int(outcome["history_length"]),
        target_item_id=target,
        target_rank=int(outcome["rank"]),
        recommendations=_described(named, contributions),
        contributions=contributions,
        modality_scores=modality_scores(named, run.modalities),
        weights=weights_against_population(users, user_id, run.parts),
        residual=_residual(named, contributions),
        gate_entropy=float(mine["gate_entropy"]),
        stand_in=stored_stand_in(run) if scorer is None else scorer.stand_in,
        is_stored=scorer is None,
    )


def stored_stand_in(run: Run) -> StandIn:
    """Give what stands in for a switched-off player in the scores stored with a run."""
    return StandIn.from_text(str(run.manifest.get("reference", "mean")))


def require_parts(run: Run) -> None:
    """Refuse a run without parts.

    Raises
    ------
    NotFittedError
        The run is a floor or a plain backbone.
    """
    if not run.parts:
        raise NotFittedError(
            f"Run {run.run_id!r} has no parts, so nothing splits its scores; choose a PRISM run."
        )


def contributions_of(recommendations: pd.DataFrame, players: tuple[str, ...]) -> pd.DataFrame:
    """Share every listed item's score among the players.

    Parameters
    ----------
    recommendations
        Rows with ``part_coalitions`` (``2 ** len(players)`` scores each).
    players
        Player names by bit.

    Returns
    -------
    pandas.DataFrame
        One row per row and player: the identifying columns given, ``player``, ``contribution``.

    Raises
    ------
    DataError
        The number of coalition scores does not fit the players.
    """
    values = stacked(recommendations["part_coalitions"])
    if values.shape[1] != 2 ** len(players):
        raise DataError(
            f"part_coalitions: {values.shape[1]} scores a row, but {len(players)} players need "
            f"{2 ** len(players)}."
        )
    shares = coalitions.shapley_values(values)
    keys = [k for k in ("user_id", "rank", "item_id", "title") if k in recommendations.columns]
    rows = recommendations[keys].loc[recommendations.index.repeat(len(players))]
    return rows.reset_index(drop=True).assign(
        player=np.tile(players, len(recommendations)), contribution=shares.ravel()
    )


def modality_interactions(recommendations: pd.DataFrame) -> pd.DataFrame:
    """Measure how the modalities interact in every listed item's score.

    Returns
    -------
    pandas.DataFrame
        ``interaction`` (the index of all modalities together) and ``interaction_kind``, by the
        given rows.
    """
    values = stacked(recommendations["modality_coalitions"])
    index = coalitions.interaction_index(values)
    scale = np.abs(values - values[:, :1]).max(axis=1)
    kinds = np.select(
        [np.abs(index) <= NEGLIGIBLE * scale, index > 0], ["none", "synergy"], "suppression"
    )
    return pd.DataFrame(
        {"interaction": index, "interaction_kind": kinds}, index=recommendations.index
    )


def modality_scores(recommendations: pd.DataFrame, modalities: tuple[str, ...]) -> pd.DataFrame:
    """Name the score of every listed item under each set of modalities, in long form."""
    keys = ["rank", "item_id"]
    if "modality_coalitions" not in recommendations.columns:
        return pd.DataFrame(columns=[*keys, "coalition", "score"])
    values = stacked(recommendations["modality_coalitions"])
    names = [coalition_name(mask, modalities) for mask in range(values.shape[1])]
    rows = recommendations[keys].loc[recommendations.index.repeat(len(names))]
    return rows.reset_index(drop=True).assign(
        coalition=np.tile(names, len(values)), score=values.ravel()
    )


def coalition_name(mask: int, modalities: tuple[str, ...]) -> str:
    """Name a set of modalities: ``none``, ``image``, ``image + text``."""
    return " + ".join(m for bit, m in enumerate(modalities) if mask >> bit & 1) or "none"


def weights_against_population(
    users: pd.DataFrame, user_id: str, parts: tuple[str, ...]
) -> pd.DataFrame:
    """Set one user's fusion weights beside everybody's."""
    population = users[[f"weight_{part}" for part in parts]].to_numpy(dtype=np.float64)
    mine = population[(users["user_id"] == user_id).to_numpy()][0]
    return pd.DataFrame(
        {
            "part": parts,
            "weight": mine,
            "percentile": 100 * (population <= mine).mean(axis=0),
            "population_median": np.median(population, axis=0),
        }
    )


def population_weights(run: Run) -> pd.DataFrame:
    """Give every user's fusion weights in long form: ``user_id``, ``part``, ``weight``.

    The parts are categories, so that they take little room and are told apart fast.
    """
    require_parts(run)
    columns = [f"weight_{part}" for part in run.parts]
    users = run.table("users", ["user_id", *columns])
    parts = np.repeat(np.arange(len(columns)), len(users))
    return pd.DataFrame(
        {
            "user_id": pd.concat([users["user_id"]] * len(columns), ignore_index=True),
            "part": pd.Categorical.from_codes(parts, list(run.parts)),
            "weight": users[columns].to_numpy().ravel(order="F"),
        }
    )


def population_contributions(run: Run) -> pd.DataFrame:
    """Average every user's contributions over the listed items.

    A true next item that ranks below the list is left out, as in :mod:`analysis.drivers`.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, one column ``contribution_<player>`` per player (signed mean),
        ``share_<part>`` per part (its part of the summed absolute contributions of the parts,
        the id path left out) and ``top_part``, the part with the largest share.
    """
    require_parts(run)
    listed = run.table("recommendations", ["user_id", "rank"])
    inside = (listed["rank"] <= run.list_length).to_numpy()
    listed, values = listed[inside], run.lists("recommendations", "part_coalitions")[inside]
    shares = coalitions.shapley_values(values)
    columns = [f"contribution_{player}" for player in run.players]
    users = listed["user_id"].array
    signed = pd.DataFrame(shares, columns=columns).groupby(users, sort=False).mean()
    strength = pd.DataFrame(np.abs(shares[:, 1:]), columns=list(run.parts))
    strength = strength.groupby(users, sort=False).mean()
    relative = strength.div(strength.sum(axis=1).where(lambda total: total > 0, 1), axis=0)
    top = strength.columns.to_numpy()[strength.to_numpy().argmax(axis=1)]
    return (
        signed.join(relative.add_prefix("share_"))
        .assign(top_part=top)
        .rename_axis("user_id")
        .reset_index()
    )


def users_like(run: Run, user_id: str, *, count: int = 10) -> pd.DataFrame:
    """Find the users whose fusion weights are nearest (Hellinger distance).

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``distance`` in [0, 1] and the weights, nearest first, without the user.
    """
    require_parts(run)
    columns = [f"weight_{part}" for part in run.parts]
    users = run.table("users", ["user_id", *columns])
    found = np.flatnonzero((users["user_id"] == user_id).to_numpy())
    if not len(found):
        raise DataError(f"Run {run.run_id!r} has no user {user_id!r}.")
    roots = np.sqrt(users[columns].to_numpy(dtype=np.float64))
    distance = np.linalg.norm(roots - roots[found[0]], axis=1) / np.sqrt(2)
    near = users.assign(distance=distance).drop(index=found[0])
    return near.nsmallest(count, "distance").reset_index(drop=True)


def with_titles(rows: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Add ``title``, ``year`` and ``categories`` by ``item_id``; an unknown item keeps its id."""
    columns = [c for c in ("title", "year", "categories") if c in items.columns]
    joined = rows.join(items.set_index("item_id")[columns], on="item_id")
    return joined.assign(title=joined["title"].fillna(joined["item_id"]))


def stacked(lists: pd.Series) -> np.ndarray:
    """Turn a column of equally long lists into ``(rows, size)`` float64.

    Raises
    ------
    DataError
        The lists differ in length.
    """
    if not len(lists):
        return np.zeros((0, 1))
    try:
        return np.concatenate(lists.to_list()).reshape(len(lists), -1).astype(np.float64)
    except ValueError:
        raise DataError(f"column {lists.name!r}: the lists differ in length.") from None


def _described(named: pd.DataFrame, contributions: pd.DataFrame) -> pd.DataFrame:
    """Recommendations with baseline, leading player and modality interaction."""
    baseline = stacked(named["part_coalitions"])[:, 0]
    wide = contributions.pivot(index="rank", columns="player", values="contribution")
    top = wide.idxmax(axis=1).reindex(named["rank"]).to_numpy()
    kept = named.drop(columns=["part_coalitions", "modality_coalitions"], errors="ignore")
    described = kept.assign(baseline=baseline, top_player=top)
    if "modality_coalitions" in named.columns and len(named["modality_coalitions"].iloc[0]) > 2:
        described = described.join(modality_interactions(named))
    return described


def _residual(named: pd.DataFrame, contributions: pd.DataFrame) -> float:
    baseline = stacked(named["part_coalitions"])[:, 0]
    summed = contributions["contribution"].to_numpy().reshape(len(named), -1).sum(axis=1)
    return float(np.abs(summed - (named["score"].to_numpy() - baseline)).max())


def _rows_of(run: Run, table: str, user_id: str) -> pd.DataFrame:
    rows = run.table(table, where={"user_id": user_id})
    if rows.empty:
        raise DataError(f"Run {run.run_id!r}: table {table!r} has no user {user_id!r}.")
    return rows
