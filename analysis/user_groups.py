"""How the parts' shares differ between groups of users."""

import numpy as np
import pandas as pd


def group_profiles(population: pd.DataFrame, groups: pd.DataFrame, grouping: str) -> pd.DataFrame:
    """Average the parts' shares within every group of users.

    Parameters
    ----------
    population
        ``user_id`` and ``share_<part>``, as of
        :func:`analysis.explanations.population_contributions`.
    groups
        ``user_id`` and a column ``grouping``, as of :func:`analysis.slices.user_slices`.
    grouping
        Which column to group by.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``num_users``, ``part``, ``share`` (mean), ``low``, ``high`` (95 % interval over
        users; missing for a single user); groups in their order.
    """
    labels = groups.set_index("user_id")[grouping].reindex(population["user_id"]).array
    joined = population.filter(like="share_").assign(group=labels)
    rows = []
    for group, users in joined.groupby("group", observed=True, sort=True):
        for column in users.columns.drop("group"):
            mean, half = _mean_and_half(users[column].to_numpy())
            part = column.removeprefix("share_")
            rows.append((str(group), len(users), part, mean, mean - half, mean + half))
    return pd.DataFrame(rows, columns=["group", "num_users", "part", "share", "low", "high"])


def _mean_and_half(values: np.ndarray) -> tuple[float, float]:
    """Mean and half the width of its normal 95 % interval."""
    if len(values) < 2:
        return float(values.mean()), float("nan")
    return float(values.mean()), float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
