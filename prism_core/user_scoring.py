"""Scores of the users of a run, by external id, with a chosen stand-in for what is switched off."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Final, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.errors import DataError
from prism_core.models.switches import Switches
from prism_core.names import PAD
from prism_core.scoring import History, Recommender
from prism_core.stand_in import StandIn
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

BATCH: Final = 256


class UserScorer:
    """Scores users of a data set with a trained model.

    Parameters
    ----------
    recommender
        The model.
    dataset
        The data it was trained on.
    stand_in
        What takes the place of a player that is switched off; its mean over the items by default.
    """

    def __init__(
        self, recommender: Recommender, dataset: Dataset, stand_in: StandIn | None = None
    ) -> None:
        self.recommender, self.dataset = recommender, dataset
        self.stand_in = stand_in or StandIn()
        self.sequences = Sequences(dataset)

    @classmethod
    def load(
        cls, run: Run, dataset: Dataset, stand_in: StandIn | None = None, device: str = "auto"
    ) -> Self:
        """Load the model of a run.

        Raises
        ------
        NotFittedError
            The run was stored without its model.
        """
        return cls(Recommender.load(run.path, dataset, device), dataset, stand_in)

    def replacing_with(self, stand_in: StandIn) -> "UserScorer":
        """Give a scorer with another stand-in that shares everything else."""
        other = copy(self)
        other.stand_in = stand_in
        return other

    def history(self, user_id: str) -> np.ndarray:
        """Give the items that the model reads of a user, as indices, oldest first.

        Raises
        ------
        DataError
            The data set has no such user.
        """
        item_seq = self._inputs([user_id]).item_seq[0]
        return item_seq[item_seq != PAD]

    def switches(
        self,
        histories: Sequence[History] | np.ndarray,
        players: Tensor,
        modalities: Tensor | None = None,
        fusion_weights: Tensor | None = None,
    ) -> Switches:
        """Make the setting that turns players off and puts the stand-in in their place.

        Parameters
        ----------
        histories
            The ``B`` histories that will be scored.
        players, modalities, fusion_weights
            As in :class:`~prism_core.models.switches.Switches`.
        """
        kind = self.stand_in.kind
        donor = [self.history(self.stand_in.user_id)] * len(histories) if kind == "other" else None
        return Switches(
            players=players,
            modalities=modalities,
            fusion_weights=fusion_weights,
            reference="zero" if kind == "zero" else "mean",
            item_weights=self._weights_of_users if kind == "users" else None,
            donors=None if donor is None else self.recommender.aligned(donor, histories),
        )

    def part_coalitions(self, user_id: str, item_ids: Sequence[str]) -> np.ndarray:
        """Score items for a user under every coalition of players.

        Returns
        -------
        numpy.ndarray
            ``(C, 2 ** (P + 1))``; in entry ``mask`` exactly the players whose bit is set are on.
        """
        histories, players = [self.history(user_id)], len(self.recommender.players)
        games = self.recommender.game(
            histories,
            self.indices(item_ids)[None],
            players,
            lambda on: self.switches(histories, on),
        )
        return games[0]

    def ranks_without(self, user_ids: Sequence[str]) -> pd.DataFrame:
        """Rank each user's true next item among all unseen items, with each player off alone.

        Returns
        -------
        pandas.DataFrame
            ``user_id``, ``rank`` and ``rank_without_<player>`` for each player; ties count against
            the item, as in the evaluation.
        """
        names = self.recommender.players
        settings = torch.cat([torch.ones(1, len(names)), 1 - torch.eye(len(names))]).bool()
        batches = [user_ids[start : start + BATCH] for start in range(0, len(user_ids), BATCH)]
        ranks = [np.stack([self._ranks(batch, on) for on in settings], axis=1) for batch in batches]
        columns = ["rank", *(f"rank_without_{name}" for name in names)]
        table = pd.DataFrame(np.concatenate(ranks), columns=columns)
        return table.assign(user_id=list(user_ids))[["user_id", *columns]]

    def indices(self, item_ids: Sequence[str]) -> np.ndarray:
        """Give item indices.

        Raises
        ------
        DataError
            The data set does not have one of the items.
        """
        return self._places("items", "item", item_ids)

    @cached_property
    def _weights_of_users(self) -> Tensor:
        """How much of the users' histories each item is, ``(N + 1,)``; every user counts 1."""
        everybody = np.arange(self.dataset.num_users)
        read = self.sequences.evaluation_inputs("test", everybody, self.recommender.max_seq_len)
        lengths = (read.item_seq != PAD).sum(axis=1, keepdims=True)
        weights = np.broadcast_to(1 / np.maximum(lengths, 1), read.item_seq.shape)
        total = np.bincount(read.item_seq.ravel(), weights.ravel(), self.dataset.num_items + 1)
        total[PAD] = 0
        return torch.from_numpy(total.astype(np.float32))

    def _ranks(self, user_ids: Sequence[str], on: Tensor) -> np.ndarray:
        inputs = self._inputs(user_ids)
        histories = [row[row != PAD] for row in inputs.item_seq]
        scores = self.recommender.scores(histories, self.switches(histories, on))
        rows = np.arange(len(scores))
        own = scores[rows, inputs.target]
        scores[self.sequences.seen("test", inputs.users)] = -np.inf
        scores[rows, inputs.target] = -np.inf
        return 1 + (scores >= own[:, None]).sum(axis=1)

    def _inputs(self, user_ids: Sequence[str]) -> EvaluationInputs:
        users = self._places("users", "user", user_ids)
        return self.sequences.evaluation_inputs("test", users, self.recommender.max_seq_len)

    def _places(self, table: str, noun: str, ids: Sequence[str]) -> np.ndarray:
        frame = getattr(self.dataset, table)
        found = pd.Index(frame[f"{noun}_id"]).get_indexer(list(ids))
        if (found < 0).any():
            unknown = list(ids)[int(np.argmax(found < 0))]
            raise DataError(f"{self.dataset.path}: there is no {noun} {unknown!r}.")
        return frame[f"{noun}_index"].to_numpy(np.int64)[found]
