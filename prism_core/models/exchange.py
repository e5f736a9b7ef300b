"""How the processes of one training reach each other's rows; a process alone has them all."""

import torch
from torch import Tensor, nn


class Exchange:
    """One process alone; see :mod:`prism_core.training.exchange` for several.

    Attributes
    ----------
    rank, size
        Number of this process, from 0, and of processes.
    """

    rank: int = 0
    size: int = 1

    def gather(self, rows: Tensor) -> Tensor:
        """Join the rows ``(n, ...)`` of all processes, in order of rank: ``(n_all, ...)``.

        Differentiable: a row's gradient is the sum of what all processes do with it.
        """
        return rows

    def place(self, count: int) -> tuple[int, int]:
        """Say where this process's ``count`` rows begin among those of all, and how many these are.

        Returns
        -------
        tuple of int
            First row, number of rows of all processes.
        """
        return 0, count

    def roll(self, rows: Tensor) -> Tensor:
        """Shift the rows ``(n, ...)`` of the global batch by one: each gets that before it."""
        first, _ = self.place(len(rows))
        return self.gather(rows).roll(1, 0)[first : first + len(rows)]

    def fetch(self, rows: Tensor, places: Tensor, counts: list[int]) -> Tensor:
        """Get rows ``(n, W)`` that other processes hold: ``(k, W)``. Differentiable.

        Parameters
        ----------
        rows
            What this process holds.
        places : Tensor (k,)
            Row numbers at the holders, those of the first holder first.
        counts
            How many of them each process holds.
        """
        return rows[places]

    def total(self, values: Tensor) -> Tensor:
        """Add up the values of all processes, element by element; not differentiable."""
        return values

    def largest(self, values: Tensor) -> Tensor:
        """Give the largest value of all processes, element by element; not differentiable."""
        return values


ALONE = Exchange()


class Connected(nn.Module):
    """A module some of whose results depend on rows that other processes may hold."""

    exchange: Exchange = ALONE


def connect(model: nn.Module, exchange: Exchange) -> None:
    """Let every part of a model reach the rows of the other processes."""
    for module in model.modules():
        if isinstance(module, Connected):
            module.exchange = exchange


def is_split(exchange: Exchange, device: torch.device) -> bool:
    """Say whether draws made in place must be cut out of those of the global batch.

    On a GPU the kernels draw for themselves, so that dropout there is each process's own.
    """
    return exchange.size > 1 and device.type == "cpu"
