"""What-if scoring on the trained model: the only module of the app that loads one (and torch)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
import torch

from app.loaders import stamp
from app.what_if import WhatIf
from prism_core.errors import DataError
from prism_core.models.switches import Switches
from prism_core.scoring import Recommender
from prism_core.store import schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run


def ranked(run: Run, dataset: Dataset, history: Sequence[str], change: WhatIf) -> pd.DataFrame:
    """Rank all items that are not in the history under a what-if.

    Parameters
    ----------
    history
        The user's own item ids, oldest first; the what-if may replace it.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``score``, ``rank`` from 1, best first.

    Raises
    ------
    NotFittedError
        The run was stored without its model.
    DataError
        The history names an item that the data set does not have.
    """
    model = _recommender(run.path, stamp(run.path / schema.MANIFEST), dataset.path)
    ids = dataset.items["item_id"].to_numpy()
    read = _indices(dataset, change.history if change.history is not None else history)
    scores = model.scores([read], _switches(model, change))[0]
    scores[read] = -np.inf
    order = np.argsort(-scores, kind="stable")[: np.isfinite(scores).sum()]
    return pd.DataFrame(
        {"item_id": ids[order - 1], "score": scores[order], "rank": np.arange(1, len(order) + 1)}
    )


def history_influence(
    run: Run, dataset: Dataset, history: Sequence[str], item_id: str
) -> pd.DataFrame:
    """Measure what each history item does to one item's score.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``influence`` (score with the whole history minus score without the item), in
        the order of the history, oldest first.
    """
    model = _recommender(run.path, stamp(run.path / schema.MANIFEST), dataset.path)
    read = list(history)[-model.max_seq_len :]
    candidate = _indices(dataset, [item_id])
    influence = model.history_influence(_indices(dataset, read), candidate)[:, 0]
    return pd.DataFrame({"item_id": read, "influence": influence})


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _recommender(path: Path, stamp: int, dataset: Path) -> Recommender:
    return Recommender.load(path, Dataset(dataset))


def _switches(model: Recommender, change: WhatIf) -> Switches:
    weights = change.scaled_weights
    return Switches(
        players=torch.tensor([player not in change.off for player in model.players]),
        modalities=torch.tensor([name not in change.withheld for name in model.modalities]),
        fusion_weights=None if weights is None else torch.tensor(weights),
    )


def _indices(dataset: Dataset, item_ids: Sequence[str]) -> np.ndarray:
    positions = pd.Index(dataset.items["item_id"]).get_indexer(list(item_ids))
    if (positions < 0).any():
        unknown = list(item_ids)[int(np.argmax(positions < 0))]
        raise DataError(f"{dataset.path}: there is no item {unknown!r}.")
    return positions.astype(np.int64) + 1
