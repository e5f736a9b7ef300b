"""Full ranking where each process holds some of the items: counts and lists travel, not scores."""

import numpy as np
import torch
from torch import Tensor

from prism_core.config.run import RunConfig
from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.devices import to_device
from prism_core.evaluation.ranking import Ranking, list_items_
from prism_core.models.exchange import Exchange
from prism_core.models.sequence_model import SequenceModel
from prism_core.names import PAD


@torch.no_grad()
def rank_split_items(
    model: SequenceModel, sequences: Sequences, split: str, config: RunConfig, top_k: int = 0
) -> Ranking:
    """Rank all unseen items for all users of a split; all processes call it and get the same.

    Parameters
    ----------
    model
        Its items split over the processes.
    sequences
    split
        ``valid`` or ``test``.
    config
    top_k
        Length of the kept list.
    """
    model.eval()
    size, users = config.evaluation.batch_size, np.arange(sequences.num_users)
    columns = []
    for start in range(0, len(users), size):
        inputs = sequences.evaluation_inputs(
            split, users[start : start + size], config.model.max_seq_len
        )
        seen = sequences.seen(split, inputs.users)
        columns.append([t.cpu().numpy() for t in _rank_batch(model, inputs, seen, top_k)])
    rank, score, listed, values = (np.concatenate(c) for c in zip(*columns, strict=True))
    whole = sequences.evaluation_inputs(split, users, max_seq_len=1)
    return Ranking(users, whole.target, rank, whole.history_length, score, listed, values)


def _rank_batch(
    model: SequenceModel, inputs: EvaluationInputs, seen: tuple[np.ndarray, np.ndarray], top_k: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Give rank, score, listed items and their scores of some users."""
    exchange, first = model.exchange, model.partition.own.start
    item_seq = to_device(inputs.item_seq, model.ids.device)
    scores = model.score_held(item_seq)
    target = to_device(inputs.target, scores.device)
    place = torch.where((target > first) & (target - first < scores.shape[1]), target - first, PAD)
    own = scores.gather(1, place[:, None])
    _mask_seen_(scores, seen, first)
    scores.scatter_(1, place[:, None], own)
    own = exchange.largest(own)
    rank = exchange.total((scores >= own).sum(1))
    scores.scatter_(1, place[:, None], -torch.inf)
    values, items = scores.topk(min(top_k, scores.shape[1]), dim=1)
    nothing = torch.full_like(own, -torch.inf)
    values = torch.cat([nothing, own, _all_columns(exchange, values)], dim=1)
    items = torch.cat([target[:, None], target[:, None], _all_columns(exchange, items + first)], 1)
    listed, best = list_items_(values, torch.ones_like(target), rank, top_k)
    return rank, own[:, 0], items.gather(1, listed).where(best > -torch.inf, PAD), best


def _mask_seen_(scores: Tensor, seen: tuple[np.ndarray, np.ndarray], first: int) -> None:
    rows, items = (to_device(array, scores.device) for array in seen)
    is_held = (items > first) & (items - first < scores.shape[1])
    scores[rows[is_held], items[is_held] - first] = -torch.inf


def _all_columns(exchange: Exchange, columns: Tensor) -> Tensor:
    """Put the columns ``(B, k)`` of all processes side by side."""
    return exchange.gather(columns.T.contiguous()).T.contiguous()
