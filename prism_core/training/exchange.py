"""Rows that go from one process to another, on the way forward and their gradients back."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from prism_core.errors import TrainingError
from prism_core.models.exchange import Exchange

T = TypeVar("T")


class ProcessExchange(Exchange):
    """The processes of the open process group; every call is made by all of them, in one order."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size

    def gather(self, rows: Tensor) -> Tensor:
        counts = self._counts(len(rows))
        first = sum(counts[: self.rank])
        gathered: Tensor = _Gather.apply(rows, counts, first)
        return gathered

    def place(self, count: int) -> tuple[int, int]:
        counts = self._counts(count)
        return sum(counts[: self.rank]), sum(counts)

    def fetch(self, rows: Tensor, places: Tensor, counts: list[int]) -> Tensor:
        asked = _deal(places.new_tensor(counts), [1] * self.size, [1] * self.size).tolist()
        fetched: Tensor = _Fetch.apply(rows, places, counts, asked)
        return fetched

    def total(self, values: Tensor) -> Tensor:
        return _reduced(values, dist.ReduceOp.SUM)

    def largest(self, values: Tensor) -> Tensor:
        return _reduced(values, dist.ReduceOp.MAX)

    def _counts(self, count: int) -> list[int]:
        own, every = torch.tensor([count]), torch.empty(self.size, dtype=torch.long)
        if dist.get_backend() == "nccl":
            own, every = own.cuda(), every.cuda()
        together(lambda: dist.all_gather_single(every, own))
        return every.tolist()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, counts: list[int], first: int) -> Tensor:
        ctx.first, ctx.count = first, len(rows)
        longest = max(counts)
        padded = rows.new_zeros(longest, *rows.shape[1:])
        padded[: len(rows)] = rows
        every = rows.new_empty(len(counts) * longest, *rows.shape[1:])
        together(lambda: dist.all_gather_single(every, padded))
        slices = zip(every.split(longest or 1), counts, strict=False)
        return torch.cat([part[:count] for part, count in slices])

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None, None]:
        total = gradient[0].clone(memory_format=torch.contiguous_format)
        together(lambda: dist.all_reduce(total))
        return total[ctx.first : ctx.first + ctx.count], None, None


class _Fetch(torch.autograd.Function):
    """Rows go from their holders to who asked, gradients back to the holders, who add them up."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, places: Tensor, counts: list[int], asked: list[int]
    ) -> Tensor:
        wanted = _deal(places, counts, asked)
        ctx.save_for_backward(wanted)
        ctx.num_rows, ctx.counts, ctx.asked = len(rows), counts, asked
        return _deal(rows[wanted], asked, counts)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (wanted,) = ctx.saved_tensors
        returned = _deal(gradient[0].contiguous(), ctx.counts, ctx.asked)
        total = returned.new_zeros(ctx.num_rows, *returned.shape[1:])
        return total.index_add_(0, wanted, returned), None, None, None


def _deal(rows: Tensor, sent: list[int], received: list[int]) -> Tensor:
    """Send every process its share of the rows, and give what the others sent."""
    arrived = rows.new_empty(sum(received), *rows.shape[1:])
    together(lambda: dist.all_to_all_single(arrived, rows.contiguous(), received, sent))
    return arrived


def _reduced(values: Tensor, operation: Any) -> Tensor:
    reduced = values.clone(memory_format=torch.contiguous_format)
    together(lambda: dist.all_reduce(reduced, operation))
    return reduced


def together(communicate: Callable[[], T]) -> T:
    """Communicate, and say plainly if another process is gone.

    Raises
    ------
    TrainingError
        A process of the group no longer answers.
    """
    try:
        return communicate()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"a process that trains with this one is gone, so training ends here ({reason}); "
            "start all of them again with --resume."
        ) from None
