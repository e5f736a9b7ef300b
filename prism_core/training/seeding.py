"""Random numbers that depend on the seed and the step alone, not on what ran before.

A run that continues from a checkpoint therefore draws what an uninterrupted one would have drawn,
and no generator's state has to be stored.
"""

import numpy as np
import torch


def initialise(seed: int) -> None:
    """Seed the draws of initial weights."""
    torch.manual_seed(_mix(seed, 0, 0))


def epoch_order(seed: int, epoch: int) -> np.random.Generator:
    """Give the generator that orders an epoch's users."""
    return np.random.default_rng([seed, 1, epoch])


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Give the generator of what a model estimates once per epoch."""
    return torch.Generator().manual_seed(_mix(seed, 2, epoch))


def step_generator(seed: int, step: int) -> torch.Generator:
    """Seed dropout for one step, and give the generator of its negatives and withheld draws.

    The generator lives on the CPU whatever the model's device, so that draws agree between devices.
    """
    torch.manual_seed(_mix(seed, 3, step))
    return torch.Generator().manual_seed(_mix(seed, 4, step))


def _mix(seed: int, stream: int, index: int) -> int:
    state = np.random.SeedSequence([seed, stream, index]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
