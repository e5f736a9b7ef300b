"""Which items' id vectors a process holds: all of them, or a block of rows."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.models.chunked import chunk_size, chunked_cross_entropy
from prism_core.models.exchange import Exchange


class Partition:
    """All items are here. Tables have ``N + 1`` rows, row 0 being padding."""

    is_split: bool = False

    @property
    def own(self) -> slice:
        """Held items, counted from 0 without padding."""
        return slice(None)

    def held(self, table: Tensor) -> Tensor:
        """Keep the rows of a whole table ``(N + 1, ...)`` that stand beside the held ids."""
        return table

    def take(self, rows: Tensor, items: Tensor) -> Tensor:
        """Look items ``(...)`` up in held rows ``(n + 1, W)``, whoever holds them: ``(..., W)``."""
        return F.embedding(items, rows)

    def compact(self, rows: Tensor, *items: Tensor) -> tuple[Tensor, ...]:
        """Give a table in which all ``items`` can be indexed, and their places in it."""
        return rows, *items

    def mean(self, rows: Tensor) -> Tensor:
        """Average the vectors of all items: ``(W,)``."""
        return rows[1:].mean(0)

    def cross_entropy(self, queries: Tensor, items: Tensor, targets: Tensor) -> Tensor:
        """Sum the cross-entropy of queries ``(T, V)`` over all items, of which these are held.

        Parameters
        ----------
        queries : Tensor (T, V)
        items : Tensor (n, V)
        targets : Tensor (T,)
            Places among all candidates.
        """
        return chunked_cross_entropy(queries, items, targets)


WHOLE = Partition()


class Rowwise(Partition):
    """Each process holds a block of items, its gradients and its optimizer state.

    A process asks the holders for the id vectors it reads. Logits are computed where the items
    are, for the queries of all processes; what the softmax needs of them travels: the largest,
    the sum of exponentials, the target's, and the gradient of each query.

    Parameters
    ----------
    num_items
        ``N``; process ``r`` of ``R`` holds items ``r N / R + 1`` to ``(r + 1) N / R``.
    exchange
    """

    is_split = True

    def __init__(self, num_items: int, exchange: Exchange) -> None:
        self.num_items, self.exchange = num_items, exchange
        self.bounds = [num_items * rank // exchange.size for rank in range(exchange.size + 1)]

    @property
    def own(self) -> slice:
        return slice(self.bounds[self.exchange.rank], self.bounds[self.exchange.rank + 1])

    def held(self, table: Tensor) -> Tensor:
        return torch.cat([table[:1], table[1:][self.own]])

    def take(self, rows: Tensor, items: Tensor) -> Tensor:
        table, places = self.compact(rows, items)
        return F.embedding(places, table)

    def compact(self, rows: Tensor, *items: Tensor) -> tuple[Tensor, ...]:
        needed = torch.cat([each.flatten() for each in items]).unique()
        ends = torch.tensor(self.bounds[1:], device=needed.device)
        owners = torch.searchsorted(ends, needed - 1, right=True)
        starts = torch.tensor(self.bounds[:-1], device=needed.device)[owners]
        counts = owners.bincount(minlength=self.exchange.size).tolist()
        table = self.exchange.fetch(rows, needed - starts, counts)
        return table, *(torch.searchsorted(needed, each) for each in items)

    def mean(self, rows: Tensor) -> Tensor:
        return self.exchange.gather(rows[1:].sum(0, keepdim=True)).sum(0) / self.num_items

    def cross_entropy(self, queries: Tensor, items: Tensor, targets: Tensor) -> Tensor:
        total: Tensor = _SplitCrossEntropy.apply(queries, items, targets, self)
        return total


class _SplitCrossEntropy(torch.autograd.Function):
    """Cross-entropy of this process's queries over all items, logits computed where items are.

    The gradient of the held items covers the queries of all processes; it assumes that each of
    them divides its loss by the same number.
    """

    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, items: Tensor, targets: Tensor, partition: Rowwise
    ) -> Tensor:
        exchange, first = partition.exchange, partition.own.start
        begin, _ = exchange.place(len(queries))
        precision = torch.promote_types(items.dtype, torch.float32)
        every, wanted = exchange.gather(queries), exchange.gather(targets) - first
        of_queries = torch.zeros_like(every, dtype=precision)
        of_items = torch.zeros_like(items, dtype=precision)
        losses = []
        size = chunk_size(-(-partition.num_items // exchange.size), items.device)
        for start in range(0, len(every), size):
            chunk, place = every[start : start + size], wanted[start : start + size, None]
            logits = (chunk @ items.T).to(precision)
            is_held = (place >= 0) & (place < len(items))
            place = place.clamp(0, len(items) - 1)
            own = exchange.total(torch.where(is_held, logits.gather(1, place), 0.0))
            top = exchange.largest(logits.amax(1, keepdim=True))
            weights = (logits - top).exp_()
            total = exchange.total(weights.sum(1, keepdim=True))
            losses.append((top + total.log() - own)[:, 0])
            weights = (weights / total).scatter_add_(1, place, -is_held.to(precision))
            of_queries[start : start + size] = weights.to(items.dtype) @ items
            of_items += weights.to(items.dtype).T @ chunk
        mine = slice(begin, begin + len(queries))
        of_queries = exchange.total(of_queries)[mine]
        ctx.save_for_backward(of_queries.to(queries.dtype), of_items.to(items.dtype))
        return torch.cat(losses)[mine].sum() if losses else of_queries.sum()

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        queries, items = ctx.saved_tensors
        return gradient[0] * queries, gradient[0] * items, None, None
