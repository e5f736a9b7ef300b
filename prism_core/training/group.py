"""The processes that train one model together; a single process needs none of this.

Every process holds the whole model, or of the item ids its share only, and takes a slice of each
global batch. Draws are made for the global batch from (seed, step), losses are divided by its
size, and gradients are averaged, so any number of processes computes the same step. On a GPU
dropout is the exception: each process draws its own.
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
from prism_core.models.sequence_model import SequenceModel
from prism_core.training.exchange import ProcessExchange, together


@dataclass(frozen=True, slots=True)
class Group:
    """This process's place among the processes that train together.

    Attributes
    ----------
    rank, size
        Number of this process, from 0, and of processes.
    is_opener
        Whether the process group was opened here, and not by a launcher.
    """

    rank: int = 0
    size: int = 1
    is_opener: bool = False

    @classmethod
    def join(cls, device: torch.device) -> Self:
        """Join the group that the launcher opened or describes; alone without one."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        is_opener = not dist.is_initialized()
        if is_opener:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), size, is_opener)

    def leave(self) -> None:
        """Close the group, if it was opened here."""
        if self.is_opener:
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

    def average_gradients_(self, model: SequenceModel) -> None:
        """Average all gradients; one that this process' slice did not touch counts as zero.

        Id vectors that only this process holds have the gradients of all processes already.
        """
        if self.size == 1:
            return
        for parameter in (parameters := _trained(model)):
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        held = [model.ids] if model.partition.is_split else []
        shared = [p for p in parameters if all(p is not own for own in held)]
        self.average_([p.grad for p in shared if p.grad is not None])
        for parameter in held:
            assert parameter.grad is not None
            parameter.grad /= self.size

    def clip_gradients_(self, model: SequenceModel, max_norm: float) -> None:
        """Shorten the gradient of the whole model to a largest norm."""
        if not model.partition.is_split:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            return
        rest = [p.grad for p in _trained(model) if p is not model.ids and p.grad is not None]
        assert model.ids.grad is not None
        own = self.exchange.total(model.ids.grad.square().sum())
        norm = (own + nn.utils.get_total_norm(rest).square()).sqrt()
        nn.utils.clip_grads_with_norm_(_trained(model), max_norm, norm)

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


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
