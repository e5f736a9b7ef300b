"""Two ranked lists of items set beside each other, with the place of every item in both."""

from collections.abc import Mapping

import pandas as pd


def aligned_lists(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    targets: tuple[str, str] | None = None,
    top: int = 10,
) -> pd.DataFrame:
    """Join two ranked lists over the items that are in the top of either.

    Parameters
    ----------
    first, second
        ``item_id``, ``rank``; ranks beyond ``top`` are used where they are known.
    titles
        Item id to title.
    targets
        The true next item of each list.
    top
        Length of the lists.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``title``, ``first`` and ``second`` (ranks, NA where unknown), ``move`` (places
        gained from the first list to the second), ``is_target``; by the better of both ranks.
    """
    ranks = pd.DataFrame(
        {
            "first": first.set_index("item_id")["rank"],
            "second": second.set_index("item_id")["rank"],
        }
    ).astype("Int64")
    shown = ranks[(ranks["first"] <= top).fillna(False) | (ranks["second"] <= top).fillna(False)]
    shown = shown.assign(move=shown["first"] - shown["second"], best=shown.min(axis=1))
    rows = shown.sort_values(["best", "first"]).rename_axis("item_id").reset_index()
    return rows.drop(columns="best").assign(
        title=[titles.get(item_id, item_id) for item_id in rows["item_id"]],
        is_target=rows["item_id"].isin(targets or ()),
    )
