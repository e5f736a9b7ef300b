"""Leave-one-out splits of a prepared data set, as flat arrays; no loop over users anywhere."""

from dataclasses import dataclass, fields, replace
from typing import Final, Self

import numpy as np

from prism_core.errors import DataError
from prism_core.names import PAD
from prism_core.store.datasets import Dataset

FROM_END: Final = {"test": 1, "valid": 2}
"""How many events from the end of a user's sequence a split's target stands."""


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """What a model sees of some users, and what it should rank first.

    Attributes
    ----------
    users
        ``(B,)`` user indices.
    item_seq
        ``(B, L)`` history, left padded, newest last.
    target
        ``(B,)`` next items.
    history_length
        ``(B,)`` events before the target, also those beyond ``L``.
    """

    users: np.ndarray
    item_seq: np.ndarray
    target: np.ndarray
    history_length: np.ndarray

    def without_padding(self) -> Self:
        """Cut off the columns in which nobody has an item."""
        return replace(self, item_seq=self.item_seq[:, -longest(self.item_seq) :])

    def rows(self, chosen: slice) -> Self:
        """Keep some of the users."""
        return replace(self, **{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


class Sequences:
    """All users' events in one array, split into train, valid and test by position.

    The test target is a user's last event, the valid target the one before; all earlier events
    are training data. The history of the test target includes the valid target.

    Parameters
    ----------
    dataset
        A prepared data set; every user has at least three events.

    Raises
    ------
    DataError
        A user has fewer events, an index is out of range or the events are out of order.
    """

    def __init__(self, dataset: Dataset) -> None:
        events = dataset.interactions
        users = events["user_index"].to_numpy(np.int64)
        self.items = events["item_index"].to_numpy(np.int64)
        self.num_items = dataset.num_items
        self.num_users = dataset.num_users
        _check_events(dataset, users, self.items, events["timestamp"].to_numpy())
        counts = np.bincount(users, minlength=self.num_users)
        _check_counts(dataset, counts)
        self.offsets = np.concatenate([[0], np.cumsum(counts)])

    def train_lengths(self) -> np.ndarray:
        """Count every user's training events: ``(num_users,)``."""
        return np.diff(self.offsets) - len(FROM_END)

    def training_users(self) -> np.ndarray:
        """Users with at least one training pair of an item and its next item."""
        return np.flatnonzero(self.train_lengths() >= 2)

    def train_events(self) -> tuple[np.ndarray, np.ndarray]:
        """Give user and item of every training event, by user, oldest first."""
        lengths = self.train_lengths()
        return _ragged(np.arange(self.num_users), self.offsets[:-1], lengths, self.items)

    def training_batch(self, users: np.ndarray, max_seq_len: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the newest training pairs of some users.

        Parameters
        ----------
        users
            ``(B,)`` user indices.
        max_seq_len
            Positions ``L``.

        Returns
        -------
        item_seq, targets
            Both ``(B, L)``, left padded, newest last: ``targets[b, l]`` is the item after
            ``item_seq[b, l]``, PAD at padding, never the user's valid or test target.
        """
        end = self.offsets[users + 1] - len(FROM_END)
        start = self.offsets[users]
        item_seq = self._windows(start, end - 1, max_seq_len)
        return item_seq, np.where(item_seq != PAD, self._windows(start, end, max_seq_len), PAD)

    def held_out(self, users: np.ndarray) -> np.ndarray:
        """Give the valid and the test target of some users: ``(B, 2)``."""
        return self.items[self.offsets[users + 1][:, None] - [FROM_END["valid"], FROM_END["test"]]]

    def evaluation_inputs(
        self, split: str, users: np.ndarray, max_seq_len: int
    ) -> EvaluationInputs:
        """Give histories and targets of some users.

        Parameters
        ----------
        split
            ``valid`` or ``test``.
        users
            ``(B,)`` user indices.
        max_seq_len
            Newest events kept, ``L``.
        """
        start, end = self._history(split, users)
        return EvaluationInputs(
            users=users,
            item_seq=self._windows(start, end, max_seq_len),
            target=self.items[end],
            history_length=end - start,
        )

    def history_lengths(self, split: str, users: np.ndarray) -> np.ndarray:
        """Count the events of some users before a split's target: ``(B,)``."""
        start, end = self._history(split, users)
        return end - start

    def seen(self, split: str, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give coordinates of seen items for masking a score table ``(B, N + 1)``.

        Returns
        -------
        rows, items
            Equal length: place in ``users`` (0..B-1), and an item of that user's whole history
            before the target, also beyond ``max_seq_len``.
        """
        start, end = self._history(split, users)
        return _ragged(np.arange(len(users)), start, end - start, self.items)

    def _history(self, split: str, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if split not in FROM_END:
            raise DataError(f"split {split!r}: choose one of {', '.join(FROM_END)}.")
        return self.offsets[users], self.offsets[users + 1] - FROM_END[split]

    def _windows(self, start: np.ndarray, end: np.ndarray, length: int) -> np.ndarray:
        places = end[:, None] + np.arange(-length, 0)
        inside = places >= start[:, None]
        return np.where(inside, self.items[np.maximum(places, 0)], PAD)


def longest(item_seq: np.ndarray) -> int:
    """Give the length of the longest of some left-padded histories ``(B, L)``, at least 1."""
    return int((item_seq != PAD).sum(1).max(initial=1))


def _ragged(
    labels: np.ndarray, starts: np.ndarray, lengths: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    first = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) + np.repeat(starts - first, lengths)
    return np.repeat(labels, lengths), values[places]


def _check_events(
    dataset: Dataset, users: np.ndarray, items: np.ndarray, times: np.ndarray
) -> None:
    path = dataset.path / "interactions.parquet"
    for name, values, low, high in (
        ("user_index", users, 0, dataset.num_users - 1),
        ("item_index", items, 1, dataset.num_items),
    ):
        outside = (values < low) | (values > high)
        if outside.any():
            row = int(np.argmax(outside))
            raise DataError(
                f"{path}, row {row}, column {name!r}: {values[row]} is not in {low}..{high}."
            )
    steps = np.diff(users)
    disorder = (steps < 0) | ((steps == 0) & (np.diff(times) < 0))
    if disorder.any():
        row = int(np.argmax(disorder)) + 1
        raise DataError(f"{path}, row {row}: rows must be sorted by user_index and timestamp.")


def _check_counts(dataset: Dataset, counts: np.ndarray) -> None:
    if len(counts) == 0 or counts.min() <= len(FROM_END):
        user = int(np.argmin(counts)) if len(counts) else 0
        raise DataError(
            f"{dataset.path}: user {user} has {counts[user] if len(counts) else 0} events, but "
            f"leave-one-out needs {len(FROM_END) + 1}; prepare the data again."
        )
