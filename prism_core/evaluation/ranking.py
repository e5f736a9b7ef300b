"""Full ranking: every item but the seen ones is a candidate, on whatever device scores are.

Ties count against the model: an item that scores the same as the target ranks above it. A model
that gives all items one score is therefore last, never first.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.devices import to_device
from prism_core.errors import PrismError
from prism_core.names import PAD

Scores = Callable[[EvaluationInputs], Iterable[torch.Tensor]]
"""Scores ``(b, N + 1)`` of all items, for as many users at once as is convenient, in their order;
column 0 is padding and is ignored."""


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
    scores_of: Scores,
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
    scores_of
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
        Users handed over at once; the result does not depend on it.
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
    lengths = sequences.history_lengths(split, users)
    by_length = np.argsort(lengths, kind="stable")
    batches = np.split(by_length, range(batch_size, len(users), batch_size))

    def read(rows: np.ndarray) -> EvaluationInputs:
        return sequences.evaluation_inputs(split, users[rows], max_seq_len).without_padding()

    def rank_read(inputs: EvaluationInputs) -> Iterator[tuple[torch.Tensor, ...]]:
        first = 0
        for scores in scores_of(inputs):
            block = inputs.rows(slice(first, first + len(scores)))
            yield _rank_block(scores, sequences, split, block, top_k, masking)
            first += len(scores)
        assert first == len(inputs.users), f"{len(inputs.users)} users, scores of {first}"

    ranked = [columns for rows in batches for columns in rank_read(read(rows))]
    sums, *columns = (torch.cat(column).cpu() for column in zip(*ranked, strict=True))
    _check(sums, lambda row: next(iter(scores_of(read(by_length[[row]])))), users[by_length])
    original = np.argsort(by_length)
    rank, own, listed, values = (column.numpy()[original] for column in columns)
    target = sequences.evaluation_inputs(split, users, max_seq_len=1).target
    return Ranking(users, target, rank, lengths, own, listed, values)


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
    """Give the rank of the target among masked scores, all ties above it: ``(B,)`` int64.

    Counting in float32 is several times faster than in whole numbers, and exact to 2^24 items.
    """
    above = torch.ge(scores, scores.gather(1, target[:, None]), out=torch.empty_like(scores))
    return above.sum(dim=1).long()


def list_items_(
    scores: torch.Tensor, target: torch.Tensor, rank: torch.Tensor, top_k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the best items in order, the target standing exactly at its rank.

    Parameters
    ----------
    scores
        ``(B, N + 1)``, masked; altered.
    target, rank
        ``(B,)``.
    top_k
        Length of the list.

    Returns
    -------
    items, scores
        Both ``(B, top_k)``; PAD and -inf beyond the last candidate.
    """
    if top_k == 0:
        return target.new_empty(len(target), 0), scores.new_empty(len(target), 0)
    own = scores.gather(1, target[:, None])
    others = scores.scatter_(1, target[:, None], -torch.inf)
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


def _rank_block(
    scores: torch.Tensor,
    sequences: Sequences,
    split: str,
    inputs: EvaluationInputs,
    top_k: int,
    masking: Masking,
) -> tuple[torch.Tensor, ...]:
    """Rank some users without waiting for the device: sums of scores, then what `Ranking` holds."""
    scores = scores.detach().float()
    assert scores.shape == (len(inputs.users), sequences.num_items + 1), scores.shape
    sums = scores[:, PAD + 1 :].sum(dim=1)
    target, rows, items = (
        to_device(array, scores.device)
        for array in (inputs.target, *sequences.seen(split, inputs.users))
    )
    mask_unwanted_(scores, rows, items, target, masking)
    rank = target_ranks(scores, target)
    own = scores.gather(1, target[:, None])[:, 0]
    return sums, rank, own, *list_items_(scores, target, rank, top_k)


def _check(sums: torch.Tensor, score_row: Callable[[int], torch.Tensor], users: np.ndarray) -> None:
    """Refuse scores that are not finite; their sums ``(U,)`` tell which users have some."""
    for row in (~torch.isfinite(sums)).nonzero().flatten().tolist():
        bad = ~torch.isfinite(score_row(row)[0, PAD + 1 :])
        if bad.any():
            raise PrismError(
                f"the score of item {int(bad.nonzero()[0]) + 1} for user {users[row]} is not a "
                "finite number; train with a smaller learning rate or in float32."
            )
