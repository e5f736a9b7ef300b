"""Scoring on the trained model: the only module of the app that loads one (and torch)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
import torch

from analysis.explanations import UserExplanation, explain_user
from app.loaders import stamp
from app.what_if import WhatIf
from prism_core.scoring import Recommender
from prism_core.stand_in import StandIn
from prism_core.store import schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.user_scoring import UserScorer


def ranked(
    run: Run,
    dataset: Dataset,
    history: Sequence[str],
    change: WhatIf,
    stand_in: StandIn | None = None,
) -> pd.DataFrame:
    """Rank all items that are not in the history under a what-if.

    Parameters
    ----------
    history
        The user's whole history, item ids, oldest first; the what-if may replace the newest part
        that the model reads.
    stand_in
        What takes the place of a part that is switched off; its mean over the items by default.

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
    scorer = _scorer(run, dataset, stand_in)
    length = scorer.recommender.max_seq_len
    older, own = scorer.indices(history[:-length]), scorer.indices(history[-length:])
    read = own if change.history is None else scorer.indices(change.history)
    switches = scorer.switches(
        [read], _players(scorer, change), _modalities(scorer, change), _weights(change)
    )
    scores = scorer.recommender.scores([read], switches)[0]
    scores[np.concatenate([older, read])] = -np.inf
    order = np.argsort(-scores, kind="stable")[: np.isfinite(scores).sum()]
    ids = dataset.items["item_id"].to_numpy()
    return pd.DataFrame(
        {"item_id": ids[order - 1], "score": scores[order], "rank": np.arange(1, len(order) + 1)}
    )


def ranked_as_is(run: Run, dataset: Dataset, history: Sequence[str]) -> pd.DataFrame:
    """Rank as :func:`ranked` does without any change; the frame is shared, so never change it."""
    return _as_is(run.path, stamp(run.path / schema.MANIFEST), dataset.path, tuple(history))


@st.cache_resource(max_entries=64, show_spinner=False)
def _as_is(path: Path, stamp: int, dataset: Path, history: tuple[str, ...]) -> pd.DataFrame:
    return ranked(Run(path), Dataset(dataset), history, WhatIf())


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
    scorer = _scorer(run, dataset, None)
    read = list(history)[-scorer.recommender.max_seq_len :]
    influence = scorer.recommender.history_influence(
        scorer.indices(read), scorer.indices([item_id])
    )
    return pd.DataFrame({"item_id": read, "influence": influence[:, 0]})


def explanation(run: Run, dataset: Dataset, user_id: str, stand_in: StandIn) -> UserExplanation:
    """Explain a user's recommendations with another stand-in than the stored one."""
    key = stand_in.to_text()
    return _explanation(run.path, stamp(run.path / schema.MANIFEST), dataset.path, user_id, key)


@st.cache_resource(max_entries=128, show_spinner=False)
def _explanation(
    path: Path, stamp: int, dataset: Path, user_id: str, stand_in: str
) -> UserExplanation:
    run = Run(path)
    scorer = _scorer(run, Dataset(dataset), StandIn.from_text(stand_in))
    return explain_user(run, user_id, scorer=scorer)


def ranks_without(run: Run, dataset: Dataset, user_ids: tuple[str, ...]) -> pd.DataFrame:
    """Rank true next items among all items with each part off; see :class:`UserScorer`."""
    return _ranks_without(run.path, stamp(run.path / schema.MANIFEST), dataset.path, user_ids)


@st.cache_data(max_entries=8, show_spinner="Ranking all items without each part …")
def _ranks_without(
    path: Path, stamp: int, dataset: Path, user_ids: tuple[str, ...]
) -> pd.DataFrame:
    return _scorer(Run(path), Dataset(dataset), None).ranks_without(user_ids)


def _scorer(run: Run, dataset: Dataset, stand_in: StandIn | None) -> UserScorer:
    plain = _plain_scorer(run.path, stamp(run.path / schema.MANIFEST), dataset.path)
    return plain if stand_in is None else plain.replacing_with(stand_in)


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _plain_scorer(path: Path, stamp: int, dataset: Path) -> UserScorer:
    data = Dataset(dataset)
    return UserScorer(Recommender.load(path, data), data)


def _players(scorer: UserScorer, change: WhatIf) -> torch.Tensor:
    return torch.tensor([player not in change.off for player in scorer.recommender.players])


def _modalities(scorer: UserScorer, change: WhatIf) -> torch.Tensor:
    return torch.tensor([name not in change.withheld for name in scorer.recommender.modalities])


def _weights(change: WhatIf) -> torch.Tensor | None:
    scaled = change.scaled_weights
    return None if scaled is None else torch.tensor(scaled)
