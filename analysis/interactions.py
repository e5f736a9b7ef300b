"""How image and text act together on one user's scores, with an error.

Pointwise information of one user is not sound: its measures disagree in sign. The interaction of
the coalition scores is: ``v(all) - v(image) - v(text) + v(none)`` of every listed item.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
import pandas as pd

from analysis.coalitions import interaction_index
from prism_core.errors import DataError
from prism_core.store.reader import Run

ONE_SIDED_Z: Final = 1.64
MIN_ITEMS: Final = 5

Reading = Literal["together", "repeat", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInteraction:
    """Mean interaction of the modalities over the items listed for one user, in scores.

    Attributes
    ----------
    mean, error, items
        The mean, its standard error over items, and their number.
    each
        Columns item_id, rank, interaction.
    """

    mean: float
    error: float
    items: int
    each: pd.DataFrame

    @property
    def reading(self) -> Reading:
        """``together`` above zero, ``repeat`` below, ``unclear`` within 1.64 errors of it."""
        if self.items < MIN_ITEMS or abs(self.mean) <= ONE_SIDED_Z * self.error:
            return "unclear"
        return "together" if self.mean > 0 else "repeat"


def group_interactions(scores: pd.DataFrame) -> pd.DataFrame:
    """Measure how every group of two modalities or more interacts in one item's score.

    Parameters
    ----------
    scores
        ``coalition``, ``score`` of one item, as in the ``modality_scores`` of
        :class:`analysis.explanations.UserExplanation`.

    Returns
    -------
    pandas.DataFrame
        ``group`` (names joined by `` + ``), ``size``, ``interaction`` (Shapley interaction index),
        smaller groups first.
    """
    values = scores["score"].to_numpy()
    names = scores["coalition"].iloc[-1].split(" + ")
    rows = [
        (" + ".join(names[m] for m in members), size, float(interaction_index(values, members)))
        for size in range(2, len(names) + 1)
        for members in combinations(range(len(names)), size)
    ]
    return pd.DataFrame(rows, columns=["group", "size", "interaction"])


def user_interaction(run: Run, user_id: str) -> UserInteraction:
    """Average the interaction of all modalities over what is listed for a user.

    Raises
    ------
    DataError
        The run has no coalition scores, or nothing is listed for the user.
    """
    columns = ["user_id", "item_id", "rank", "modality_coalitions"]
    if not run.parts or len(run.modalities) < 2:
        raise DataError(
            f"Run {run.run_id!r} has no scores with one of several modalities withheld."
        )
    rows = run.table("recommendations", columns, where={"user_id": user_id})
    rows = rows[rows["rank"] <= run.list_length]
    if rows.empty:
        raise DataError(f"Run {run.run_id!r} lists nothing for user {user_id!r}.")
    values = interaction_index(np.stack(rows["modality_coalitions"].to_list()))
    return UserInteraction(
        mean=float(values.mean()),
        error=float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf,
        items=len(values),
        each=rows[["item_id", "rank"]].assign(interaction=values).sort_values("rank"),
    )
