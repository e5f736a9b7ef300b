"""Which users make up each batch, and how their histories reach the device."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from prism_core.data.sequences import Sequences, longest
from prism_core.devices import to_device
from prism_core.names import PAD
from prism_core.training import seeding

BATCHES_PER_CHUNK: Final = 16
"""Batches whose users are sorted by length together: little padding, still random batches."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Training pairs of some users.

    Attributes
    ----------
    item_seq, targets : Tensor (B, L), int64
        Left padded, newest last, no longer than the longest history among them.
    num_targets
        Pairs in the batch.
    avoid : Tensor (B, 2), int64, optional
        Items that are not drawn as negatives although the histories do not show them.
    """

    item_seq: Tensor
    targets: Tensor
    num_targets: int
    avoid: Tensor | None = None


def epoch_batches(sequences: Sequences, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Draw an epoch's batches: arrays of users, sizes equal but for one.

    Users come in random order; within a chunk of some batches they are sorted by length, so that
    users of one batch have similar lengths; the order of batches is random again.
    """
    rng = seeding.epoch_order(seed, epoch)
    users = rng.permutation(sequences.training_users())
    lengths = sequences.train_lengths()
    chunk = batch_size * BATCHES_PER_CHUNK
    batches: list[np.ndarray] = []
    for start in range(0, len(users), chunk):
        part = users[start : start + chunk]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += np.array_split(part, -(-len(part) // batch_size))
    return [batches[i] for i in rng.permutation(len(batches))]


def load_batch(
    sequences: Sequences,
    users: np.ndarray,
    max_seq_len: int,
    device: torch.device,
    avoid_held_out: bool = False,
) -> Batch:
    """Gather the training pairs of some users and send them to the device, padding cut off.

    With ``avoid_held_out``, negatives keep clear of the users' validation and test items, which
    gives these items away.
    """
    item_seq, targets = sequences.training_batch(users, max_seq_len)
    length = longest(item_seq)
    return Batch(
        to_device(item_seq[:, -length:], device),
        to_device(targets[:, -length:], device),
        int((targets != PAD).sum()),
        to_device(sequences.held_out(users), device) if avoid_held_out else None,
    )
