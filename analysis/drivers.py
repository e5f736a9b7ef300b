"""What drove a user's list as a whole: mean contributions over the listed items, with intervals."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.explanations import UserExplanation


def contributions_by_item(explanation: UserExplanation) -> pd.DataFrame:
    """Give the contributions to the listed items: one row per rank, one column per player.

    A true next item that ranks below the list is left out.
    """
    shown = explanation.recommendations
    inside = explanation.contributions["rank"].isin(shown.loc[shown["is_listed"], "rank"])
    return explanation.contributions[inside].pivot(
        index="rank", columns="player", values="contribution"
    )


def list_drivers(explanation: UserExplanation) -> pd.DataFrame:
    """Average the contributions over the listed items.

    Returns
    -------
    pandas.DataFrame
        ``player``, ``contribution`` (mean), ``low``, ``high`` (95 % t interval over the items,
        missing for a single one), ``share`` (of the summed absolute contributions, in [0, 1]),
        ``items`` (their number); the largest mean first.
    """
    wide = contributions_by_item(explanation)
    strength = wide.abs().mean()
    table = pd.DataFrame(
        {
            "player": wide.columns,
            "contribution": wide.mean().to_numpy(),
            "half": [half_interval(wide[player]) for player in wide.columns],
            "share": (strength / (strength.sum() or 1.0)).to_numpy(),
            "items": len(wide),
        }
    )
    table["low"] = table["contribution"] - table["half"]
    table["high"] = table["contribution"] + table["half"]
    ordered = table.sort_values("contribution", ascending=False, ignore_index=True)
    return ordered[["player", "contribution", "low", "high", "share", "items"]]


def half_interval(values: pd.Series) -> float:
    """Half the width of the 95 % t interval of a mean; missing below two values."""
    if len(values) < 2:
        return float("nan")
    return float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
