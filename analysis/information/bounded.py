"""Calls that may hang, in a process of their own with a time limit.

Some of dit's optimisers can neither be interrupted nor be relied on to end.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
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
        self._helper: tuple[BaseProcess, Connection] | None = None

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
        """Give the function's result, or raise what it raised.

        Raises
        ------
        TimeLimitError
            When it takes longer than the limit.
        PrismError
            When the process ends without an answer.
        """
        self._helper = self._helper or _start()
        connection = self._helper[1]
        try:
            connection.send((function, arguments))
            if not connection.poll(self.limit):
                self._end()
                raise TimeLimitError(f"No answer within {self.limit:g} seconds.")
            succeeded, result = connection.recv()
        except (EOFError, OSError):
            self._end()
            raise PrismError(
                "The process that asks dit ended without an answer. In a script of your own, put "
                "the call under 'if __name__ == \"__main__\":', as every new process of Python's "
                "multiprocessing needs it."
            ) from None
        if succeeded:
            return result
        raise result

    def _end(self) -> None:
        if self._helper is not None:
            process, connection = self._helper
            process.kill()
            process.join()
            connection.close()
            self._helper = None


def _start() -> tuple[BaseProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    return process, here


def _serve(connection: Connection) -> None:
    """Answer calls until the other side is gone."""
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = True, function(*arguments)
        except Exception as error:
            answer = False, error
        connection.send(answer)
