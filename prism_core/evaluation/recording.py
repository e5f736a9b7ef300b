"""Writing rankings into a run folder: metrics, users, items and recommendations."""

import platform
from importlib import metadata

import numpy as np
import pandas as pd

from prism_core.evaluation.metrics import metric_table
from prism_core.evaluation.ranking import Ranking
from prism_core.names import PAD
from prism_core.store.datasets import Dataset
from prism_core.store.writer import RunWriter


def recommended(ranking: Ranking) -> pd.DataFrame:
    """List every user's best items and, also where it ranks below the list, the true next item.

    Returns
    -------
    pandas.DataFrame
        ``user_index``, ``item_index``, ``rank``, ``score``; by user, then rank. Further columns
        about the same user-item pairs are computed along these rows.
    """
    num_users, length = ranking.listed_items.shape
    listed = pd.DataFrame(
        {
            "user_index": np.repeat(ranking.users, length),
            "item_index": ranking.listed_items.ravel(),
            "rank": np.tile(np.arange(1, length + 1), num_users),
            "score": ranking.listed_scores.ravel(),
        }
    )
    below = ranking.rank > length
    targets = pd.DataFrame(
        {
            "user_index": ranking.users[below],
            "item_index": ranking.target[below],
            "rank": ranking.rank[below],
            "score": ranking.target_score[below],
        }
    )
    table = pd.concat([listed[listed["item_index"] != PAD], targets])
    return table.sort_values(["user_index", "rank"], kind="stable", ignore_index=True)


def record_rankings(
    writer: RunWriter,
    dataset: Dataset,
    *,
    valid: Ranking,
    test: Ranking,
    seed: int,
    recommendations: pd.DataFrame | None = None,
    user_columns: pd.DataFrame | None = None,
) -> None:
    """Write the tables that every scored run has.

    Parameters
    ----------
    writer
        Of the run folder.
    dataset
        The data that was ranked.
    valid, test
        Rankings of both splits; users and recommendations are those of the test split.
    seed
        Of the model.
    recommendations
        ``recommended(test)`` with further columns; that table alone by default.
    user_columns
        Further columns of the ``users`` table, rows as in ``test.users``.
    """
    metrics = [metric_table(r.rank, s, seed) for s, r in (("valid", valid), ("test", test))]
    writer.write_table("metrics", pd.concat(metrics, ignore_index=True))
    user_ids = dataset.users["user_id"].to_numpy()
    item_ids = np.concatenate([[""], dataset.items["item_id"].to_numpy()])
    users = {"user_id": user_ids[test.users], "history_length": test.history_length}
    writer.write_table(
        "user_metrics",
        pd.DataFrame(users | {"target_item_id": item_ids[test.target], "rank": test.rank}),
    )
    table = pd.DataFrame(users)
    if user_columns is not None:
        table = pd.concat([table, user_columns.reset_index(drop=True)], axis=1)
    writer.write_table("users", table)
    writer.write_table("items", dataset.items)
    pairs = recommended(test) if recommendations is None else recommendations
    writer.write_table("recommendations", _external(pairs, user_ids, item_ids))


def protocol(dataset: Dataset, max_seq_len: int) -> dict[str, object]:
    """Describe how a run was evaluated, for its manifest."""
    return {
        "split": "leave-one-out: last event test, second last valid",
        "candidates": "all items the user has not seen",
        "num_candidates": dataset.num_items,
        "ties": "against the model",
        "max_seq_len": max_seq_len,
    }


def origin(dataset: Dataset) -> dict[str, str]:
    """Identify the data of a run, for its manifest."""
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "path": dataset.path.as_posix(),
    }


def versions() -> dict[str, str]:
    """Name the versions of Python and of the packages that decide a run's numbers."""
    packages = {"prism": "prism-recommender"} | {p: p for p in ("torch", "numpy", "pandas")}
    found = {name: _version(package) for name, package in packages.items()}
    return found | {"python": platform.python_version()}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _external(pairs: pd.DataFrame, user_ids: np.ndarray, item_ids: np.ndarray) -> pd.DataFrame:
    ids = {"user_id": user_ids[pairs["user_index"]], "item_id": item_ids[pairs["item_index"]]}
    rest = pairs.drop(columns=["user_index", "item_index"])
    return pd.concat([pd.DataFrame(ids), rest.reset_index(drop=True)], axis=1)
