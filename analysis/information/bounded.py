"""Calls that may hang, in a process of their own with a time limit.

Some of dit's optimisers can neither be interrupted nor be relied on to end.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from prism_core.errors import PrismError

LIMIT: Final = 60.0
"""Seconds a call may take."""


class TimeLimitError(PrismError):
    """A call did not end within its time limit; its process was ended."""


class Bounded:
    """A helper process that answers one call after another; one that hangs is replaced.

    Use it as a context manager. Functions, arguments and results travel between processes, so they
    are importable functions and plain data.

    Parameters
    ----------
    limit
        Seconds a call may take; the first one includes the start of the process.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._pool: Any = None

    def __enter__(self) -> Bounded:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Give the function's result.

        Raises
        ------
        TimeLimitError
            When it takes longer than the limit.
        """
        if self._pool is None:
            self._pool = multiprocessing.get_context("spawn").Pool(1)
        try:
            return self._pool.apply_async(function, arguments).get(self.limit)
        except multiprocessing.TimeoutError:
            self._end()
            raise TimeLimitError(f"No answer within {self.limit:g} seconds.") from None

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()
            self._pool = None
