"""Parts of a page that are drawn again alone, until something changes that the rest shows."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from app.state import Field, publish, selection

Arguments = ParamSpec("Arguments")


def redrawn_alone(
    *elsewhere: Field,
) -> Callable[[Callable[Arguments, None]], Callable[Arguments, None]]:
    """Make a function a fragment of its page that hands over to the whole page when it must.

    The function draws what depends on its own controls, and the URL follows it. Once a field of
    the selection has another value than when the page was drawn, the whole page is drawn again.

    Parameters
    ----------
    *elsewhere
        The fields of the selection that the rest of the page shows.
    """

    def make(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
        @st.fragment
        @wraps(draw)
        def alone(
            drawn: dict[Field, str | None], *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> None:
            if _shown(elsewhere) != drawn:
                st.rerun()
            draw(*args, **kwargs)
            publish()

        @wraps(draw)
        def with_the_page(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            alone(_shown(elsewhere), *args, **kwargs)

        return with_the_page

    return make


def _shown(fields: tuple[Field, ...]) -> dict[Field, str | None]:
    return {field: getattr(selection(), field) for field in fields}
