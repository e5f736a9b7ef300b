"""Progress of a command with the time it still takes."""

import time

from analysis.events import emit

_SECONDS_BETWEEN = 0.5


class Progress:
    """Turns steps within pieces of work into events with the time left.

    Parameters
    ----------
    total
        Pieces of work.
    """

    def __init__(self, total: int) -> None:
        self.total, self.done, self.label = total, 0, ""
        self._begun, self._told, self._skipped = time.monotonic(), 0.0, 0

    def start(self, done: int, label: str) -> None:
        """Begin a piece of work after so many others."""
        self.done, self.label = done, label
        self._tell(0.0)

    def skip(self) -> None:
        """Say that the piece took no time, so that it does not count for the time left."""
        self._skipped += 1

    def step(self, done: int, of: int) -> None:
        """Say how far the piece of work is; told at most twice a second."""
        if time.monotonic() - self._told > _SECONDS_BETWEEN:
            self._tell(done / of)

    def _tell(self, share: float) -> None:
        self._told = time.monotonic()
        worked = self.done - self._skipped + share
        each = (self._told - self._begun) / worked if worked else None
        left = None if each is None else round(each * (self.total - self.done - share), 1)
        done = round(self.done + share, 3)
        emit("progress", done=done, total=self.total, what=self.label, seconds_left=left)
