"""Groups of users, and how a comparison comes out within each of them."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from analysis import resampling
from analysis.comparison import Variant, paired_users
from prism_core.store.reader import Run

MIN_USERS: Final = 20
"""Groups smaller than this are never called certain."""

MAX_CATEGORIES: Final = 8


def user_slices(run: Run) -> pd.DataFrame:
    """Put every user into groups.

    Returns
    -------
    pandas.DataFrame
        ``user_id`` and one categorical column per grouping: ``history length`` and
        ``true item popularity`` (thirds), ``true item category`` (the first one, rare ones as
        ``other``), and ``top part`` (largest fusion weight) where the run has parts and their
        weights were kept.
    """
    users = run.table("user_metrics")
    items = run.table("items").set_index("item_id")
    target = items.reindex(users["target_item_id"])
    frame = pd.DataFrame({"user_id": users["user_id"]})
    frame["history length"] = _thirds(users["history_length"])
    frame["true item popularity"] = _thirds(target["popularity"].reset_index(drop=True))
    frame["true item category"] = _common(target["categories"].reset_index(drop=True))
    if run.parts and run.has("users"):
        gate = run.table("users").set_index("user_id")
        weights = gate.loc[frame["user_id"], [f"weight_{part}" for part in run.parts]].to_numpy()
        frame["top part"] = np.array(run.parts)[weights.argmax(axis=1)]
    return frame


def slice_differences(
    variants: Sequence[Variant],
    *,
    reference: Variant,
    slices: pd.DataFrame,
    metric: str = "ndcg@10",
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every variant with the reference within every group.

    Parameters
    ----------
    slices
        ``user_id`` and one column per grouping, as of :func:`user_slices`.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``grouping``, ``group``, ``num_users``, ``difference``, ``low``, ``high``,
        ``certain`` (the interval leaves out zero and the group has at least 20 users).
    """
    aligned = slices.set_index("user_id").loc[reference.user_ids]
    rows = []
    for grouping in aligned.columns:
        labels = aligned[grouping].astype("string").fillna("").to_numpy()
        for group in _groups(aligned[grouping]):
            inside = labels == group
            rows += [
                {"name": v.name, "grouping": grouping, "group": group}
                | _within(v, reference, inside, metric, seed)
                for v in variants
                if v is not reference
            ]
    return pd.DataFrame(rows)


def who_loses(paired: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Count winners and losers within every group.

    Parameters
    ----------
    paired
        ``user_id``, ``difference``, ``outcome``, as of :func:`analysis.comparison.paired_users`.
    slices
        ``user_id`` and one column per grouping.

    Returns
    -------
    pandas.DataFrame
        ``grouping``, ``group``, ``num_users``, ``wins``, ``ties``, ``losses``, ``difference``
        (mean), and ``balance`` (losses less wins, over users); the worst balance first.
    """
    joined = slices.merge(paired, on="user_id")
    rows = []
    for grouping in (column for column in slices.columns if column != "user_id"):
        for group, users in joined.groupby(grouping, observed=True):
            outcomes = users["outcome"].value_counts()
            wins, losses = int(outcomes.get("win", 0)), int(outcomes.get("loss", 0))
            row = {"grouping": grouping, "group": str(group), "num_users": len(users)}
            row |= {"wins": wins, "ties": len(users) - wins - losses, "losses": losses}
            row["difference"] = float(users["difference"].mean())
            rows.append(row | {"balance": (losses - wins) / len(users)})
    return pd.DataFrame(rows).sort_values("balance", ascending=False, ignore_index=True)


def losing_groups(
    variant: Variant,
    reference: Variant,
    *,
    slices: pd.DataFrame,
    metric: str = "ndcg@10",
    seed: int = 0,
) -> pd.DataFrame:
    """Count winners and losers of one variant within every group, with the mean difference.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`who_loses`, with ``difference``, ``low``, ``high`` and ``certain`` as
        of :func:`slice_differences`; the worst balance first.
    """
    counted = who_loses(paired_users(variant, reference, metric=metric), slices)
    gaps = slice_differences(
        [variant], reference=reference, slices=slices, metric=metric, seed=seed
    )
    kept = gaps[["grouping", "group", "difference", "low", "high", "certain"]]
    return counted.drop(columns="difference").merge(kept, on=["grouping", "group"])


def with_saved_slices(slices: pd.DataFrame, saved: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """Add saved sets of users, by name, as groupings of their own; they may overlap."""
    added = {
        f"slice {name}": pd.Categorical(
            [name if user in users else None for user in slices["user_id"]]
        )
        for name, users in saved.items()
    }
    return slices.assign(**added)


def _within(
    variant: Variant, reference: Variant, inside: np.ndarray, metric: str, seed: int
) -> dict[str, float | int | bool]:
    ours = variant.values(metric)[:, inside]
    theirs = reference.values(metric)[:, inside]
    interval, _ = resampling.difference_interval(ours, theirs, seed=seed)
    users = int(inside.sum())
    return {
        "num_users": users,
        "difference": interval.value,
        "low": interval.low,
        "high": interval.high,
        "certain": interval.excludes_zero and users >= MIN_USERS,
    }


def _thirds(numbers: pd.Series) -> pd.Series:
    """Cut into three groups of equal size, named by their range; ties stay together."""
    edges = np.unique(numbers.quantile([1 / 3, 2 / 3]).to_numpy())
    codes = np.searchsorted(edges, numbers.to_numpy(), side="left")
    names = {
        code: f"{numbers[codes == code].min():g} to {numbers[codes == code].max():g}"
        for code in np.unique(codes)
    }
    ordered = pd.Categorical([names[c] for c in codes], list(names.values()), ordered=True)
    return pd.Series(ordered, index=numbers.index)


def _common(categories: pd.Series) -> pd.Series:
    first = categories.map(lambda names: str(names[0]) if len(names) else "none")
    frequent = first.value_counts().index[:MAX_CATEGORIES]
    return first.where(first.isin(frequent), "other")


def _groups(column: pd.Series) -> list[str]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [str(name) for name in column.cat.categories]
    return [str(name) for name in column.value_counts().index]
