"""The processes that train one model together; a single process needs none of this.

Every process holds the whole model and takes a slice of each global batch. Draws are made for the
global batch from (seed, step), losses are divided by its size, and gradients are averaged, so any
number of processes computes the same step. On a GPU dropout is the exception: each process draws
its own.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from prism_core.models.exchange import ALONE, Exchange
from prism_core.training.exchange import ProcessExchange, together


@dataclass(frozen=True, slots=True)
class Group:
    """This process's place among the processes that train together.

    Attributes
    ----------
    rank, size
        Number of this process, from 0, and of processes.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: torch.device) -> Self:
        """Join the group that ``torchrun`` describes; alone without it, no group is opened."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), size)

    def leave(self) -> None:
        """Close the group, if one is open."""
        if self.size > 1:
            dist.destroy_process_group()

    @property
    def exchange(self) -> Exchange:
        """What a model asks for rows that other processes hold."""
        return ALONE if self.size == 1 else ProcessExchange(self.rank, self.size)

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """Give this process's share of a global batch of ``count`` rows."""
        ends = np.linspace(0, count, self.size + 1).astype(int)
        return slice(int(ends[self.rank]), int(ends[self.rank + 1]))

    def average_(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors of one type by their means over all processes, in one message."""
        if self.size == 1:
            return
        whole = list(tensors)
        flat = torch.cat([tensor.flatten() for tensor in whole])
        together(lambda: dist.all_reduce(flat))
        parts = (flat / self.size).split([tensor.numel() for tensor in whole])
        for tensor, part in zip(whole, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def average_gradients_(self, model: nn.Module) -> None:
        """Average all gradients; one that this process' slice did not touch counts as zero."""
        if self.size == 1:
            return
        parameters = [p for p in model.parameters() if p.requires_grad]
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.average_([p.grad for p in parameters if p.grad is not None])

    def sum(self, array: np.ndarray, device: torch.device) -> np.ndarray:
        """Sum whole numbers over all processes, element by element."""
        if self.size == 1:
            return array
        tensor = torch.from_numpy(array).to(device)
        together(lambda: dist.all_reduce(tensor))
        return tensor.cpu().numpy()

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            together(dist.barrier)
