"""Full ranking: every item but the seen ones is a candidate, on whatever device scores are.

Ties count against the model: an item that scores the same as the target ranks above it. A model
that gives all items one score is therefore last, never first.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.errors import PrismError
from prism_core.names import PAD

Score = Callable[[EvaluationInputs], torch.Tensor]
"""Scores ``(B, N + 1)`` of all items for some users; column 0 is padding and is ignored."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Outcome of ranking all unseen items for some users, as arrays.

    Attributes
    ----------
    users, target, rank, history_length
        ``(U,)`` whole numbers; ``rank`` counts from 1.
    target_score
        ``(U,)`` float32.
    listed_items, listed_scores
        ``(U, K)`` the ``K`` best items in order, the target standing at its rank; where fewer
        than ``K`` candidates exist, the rest is PAD with score -inf.
    """

    users: np.ndarray
    target: np.ndarray
    rank: np.ndarray
    history_length: np.ndarray
    target_score: np.ndarray
    listed_items: np.ndarray
    listed_scores: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """What becomes of items that should not be recommended.

    The defaults are the protocol; other values measure what a flawed evaluation makes of it.

    Attributes
    ----------
    seen_score
        Score of items already seen.
    padding_competes
        Whether padding keeps its score and can outrank the target.
    """

    seen_score: float = -math.inf
    padding_competes: bool = False


PROTOCOL: Final = Masking()


def rank_users(
    score: Score,
    sequences: Sequences,
    split: str,
    *,
    max_seq_len: int,
    users: np.ndarray | None = None,
    batch_size: int = 256,
    top_k: int = 20,
    masking: Masking = PROTOCOL,
) -> Ranking:
    """Rank all unseen items for the users of a split.

    Parameters
    ----------
    score
        The model.
    sequences
        Users' events; seen items and targets come from here.
    split
        ``valid`` or ``test``.
    max_seq_len
        Newest events a model sees.
    users
        User indices; all users by default.
    batch_size
        Users scored at once; the result does not depend on it.
    top_k
        Length of the kept list.
    masking
        What becomes of seen items and padding.

    Raises
    ------
    PrismError
        A score is NaN or infinite.
    """
    users = np.arange(sequences.num_users) if users is None else users
    starts = range(0, len(users), batch_size)
    parts = [
        _rank_batch(score, sequences, split, users[s : s + batch_size], max_seq_len, top_k, masking)
        for s in starts
    ]
    return Ranking(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def mask_unwanted_(
    scores: torch.Tensor,
    rows: torch.Tensor,
    items: torch.Tensor,
    target: torch.Tensor,
    masking: Masking = PROTOCOL,
) -> torch.Tensor:
    """Take padding and seen items out of the race in place; the target keeps its score.

    Parameters
    ----------
    scores
        ``(B, N + 1)``, altered.
    rows, items
        Coordinates of seen items, equal length.
    target
        ``(B,)`` true next items.
    masking
        By default both get minus infinity.
    """
    target_scores = scores.gather(1, target[:, None])
    if not masking.padding_competes:
        scores[:, PAD] = -torch.inf
    scores[rows, items] = masking.seen_score
    return scores.scatter_(1, target[:, None], target_scores)


def target_ranks(scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Give the rank of the target among masked scores, all ties above it: ``(B,)`` int64."""
    return (scores >= scores.gather(1, target[:, None])).sum(dim=1)


def list_items(
    scores: torch.Tensor, target: torch.Tensor, rank: torch.Tensor, top_k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the best items in order, the target standing exactly at its rank.

    Returns
    -------
    items, scores
        Both ``(B, top_k)``; PAD and -inf beyond the last candidate.
    """
    own = scores.gather(1, target[:, None])
    others = scores.scatter(1, target[:, None], -torch.inf)
    missing = max(0, top_k - scores.shape[1])
    values, items = others.topk(top_k - missing, dim=1)
    values = torch.nn.functional.pad(values, (0, missing), value=-torch.inf)
    items = torch.nn.functional.pad(items, (0, missing), value=PAD)
    items = items.masked_fill(values == -torch.inf, PAD)
    place = torch.arange(1, top_k + 1, device=scores.device)[None, :]
    shifted = (place > rank[:, None]).long()
    source = (place - 1 - shifted).clamp(min=0)
    at_rank = place == rank[:, None]
    listed = torch.where(at_rank, target[:, None], items.gather(1, source))
    return listed, torch.where(at_rank, own, values.gather(1, source))


def _rank_batch(
    score: Score,
    sequences: Sequences,
    split: str,
    users: np.ndarray,
    max_seq_len: int,
    top_k: int,
    masking: Masking,
) -> tuple[np.ndarray, ...]:
    inputs = sequences.evaluation_inputs(split, users, max_seq_len)
    scores = score(inputs).detach().float()
    _check(scores, len(users), sequences.num_items, users)
    target, rows, items = (
        torch.from_numpy(array).to(scores.device)
        for array in (inputs.target, *sequences.seen(split, users))
    )
    mask_unwanted_(scores, rows, items, target, masking)
    rank = target_ranks(scores, target)
    listed, values = list_items(scores, target, rank, top_k)
    own = scores.gather(1, target[:, None])[:, 0]
    results = (t.cpu().numpy() for t in (rank, own, listed, values))
    rank_array, own_array, listed_array, values_array = results
    return (
        users,
        inputs.target,
        rank_array,
        inputs.history_length,
        own_array,
        listed_array,
        values_array,
    )


def _check(scores: torch.Tensor, num_users: int, num_items: int, users: np.ndarray) -> None:
    assert scores.shape == (num_users, num_items + 1), scores.shape
    bad = ~torch.isfinite(scores[:, PAD + 1 :])
    if bad.any():
        row, column = (int(i) for i in bad.nonzero()[0])
        raise PrismError(
            f"the score of item {column + 1} for user {users[row]} is not a finite number; "
            "train with a smaller learning rate or in float32."
        )
