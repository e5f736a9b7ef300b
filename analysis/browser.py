"""A browser that stays open on a thread of its own and draws figures.

A cold browser takes seconds to start; a warm one draws a figure in a fraction of one. The page is
loaded anew only now and then, and its random numbers start from one seed for every figure, so that
the same figure gives the same marks and names.
"""

import asyncio
import atexit
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Final

import plotly.graph_objects as go
from kaleido import Kaleido, PageGenerator

FIGURES_PER_PAGE: Final = 40
"""Figures drawn before the page is loaded anew, which frees what they left behind."""

PATIENCE: Final = 120
"""Seconds after which a start or a figure counts as failed."""

_NO_MARGINS: Final = """
        <style>
            @page { margin: 0 !important }
            html, body { margin: 0 !important; padding: 0 !important }
            img { display: block }
        </style>
"""

_SEEDED: Final = """
        <script>
            const draw = kaleido_scopes.plotly;
            kaleido_scopes.plotly = (...order) => {
                let state = 1;
                Math.random = () => (state = (state * 48271) % 2147483647) / 2147483647;
                return draw(...order);
            };
        </script>
    </head>
"""


class _WarmKaleido(Kaleido):
    """Kaleido that keeps its page for several figures; it loads it anew after each otherwise."""

    _drawn = 0

    async def _return_kaleido_tab(self, tab: Any) -> None:
        self._drawn += 1
        if self._drawn % FIGURES_PER_PAGE == 0:
            await tab.reload()
        await self.tabs_ready.put(tab)


class Browser:
    """A browser that starts with the first figure and ends with the program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kaleido: Kaleido | None = None

    def draw(self, figure: go.Figure, options: Mapping[str, str | float]) -> bytes:
        """Draw one figure; several threads take turns.

        Parameters
        ----------
        figure
            The figure.
        options
            ``format``, ``width``, ``height`` in px and ``scale``.

        Raises
        ------
        Exception
            Whatever stopped the browser; the next figure starts another one.
        """
        with self._lock:
            try:
                return self._wait(self._started().calc_fig(figure, opts=dict(options)))
            except BaseException:
                self._end()
                raise

    def close(self) -> None:
        """End the browser, if there is one."""
        with self._lock:
            self._end()

    def _started(self) -> Kaleido:
        if self._kaleido is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
            kaleido = _WarmKaleido(page_generator=_page())
            self._kaleido = kaleido
            self._wait(kaleido.open())
        return self._kaleido

    def _wait(self, work: Any) -> Any:
        assert self._loop is not None
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(PATIENCE)

    def _end(self) -> None:
        loop, kaleido = self._loop, self._kaleido
        self._loop = self._kaleido = None
        if loop is None:
            return
        try:
            if kaleido is not None:
                asyncio.run_coroutine_threadsafe(kaleido.close(), loop).result(10)
        except Exception:  # a browser that cannot even be closed is left to the system
            pass
        finally:
            loop.call_soon_threadsafe(loop.stop)


def _page() -> PageGenerator:
    """Give the page that draws figures, without the margins that would shrink and clip a PDF."""
    page = PageGenerator(mathjax=False)
    page.header += _NO_MARGINS
    page.footer = page.footer.replace("</head>", _SEEDED.strip())
    return page


BROWSER: Final = Browser()
atexit.register(BROWSER.close)
