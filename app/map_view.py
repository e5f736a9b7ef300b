"""What the page Maps shows, as one short text in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from analysis.map_points import color_columns
from analysis.maps import METHODS, stored_spaces
from analysis.regions import Region
from analysis.spaces import SCOPES
from app import loaders
from app.state import select, selection
from prism_core.errors import ConfigError
from prism_core.store.reader import Run

METHOD_NAMES: Final[Mapping[str, str]] = {"umap": "UMAP", "densmap": "densMAP", "pca": "PCA"}
FIELD: Final = "~"
LIST: Final = "."
PANELS: Final = 4
"""Spaces that are drawn when the reader has not chosen any."""


@dataclass(frozen=True, slots=True)
class MapView:
    """Scope, method, colour, spaces and search of the page; empty fields let the page choose."""

    scope: str = ""
    method: str = ""
    color: str = ""
    spaces: tuple[str, ...] = ()
    search: str = ""

    def text(self) -> str:
        """Write it for the address; :meth:`parse` reads it back."""
        fields = [self.scope, self.method, self.color, LIST.join(self.spaces), self.search]
        return FIELD.join(fields).rstrip(FIELD)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a view; what is missing stays empty."""
        scope, method, color, spaces, search = [*text.split(FIELD, 4), "", "", "", "", ""][:5]
        return cls(scope, method, color, tuple(s for s in spaces.split(LIST) if s), search)


def available(run: Run) -> dict[str, dict[str, list[str]]]:
    """Give the spaces that have a stored map, by scope and method."""
    found = {
        scope: {m: spaces for m in METHODS if (spaces := stored_spaces(run, scope, m))}
        for scope in SCOPES
    }
    return {scope: methods for scope, methods in found.items() if methods}


def current(run: Run) -> MapView:
    """Give what is shown now: what the address asks for, as far as the run has it."""
    wanted, stored = MapView.parse(selection().map or ""), available(run)
    scope = wanted.scope if wanted.scope in stored else next(iter(stored))
    method = wanted.method if wanted.method in stored[scope] else next(iter(stored[scope]))
    known = stored[scope][method]
    colors = color_columns(loaders.points_of(run, scope))
    return replace(
        wanted,
        scope=scope,
        method=method,
        color=wanted.color if wanted.color in colors else colors[0],
        spaces=tuple(s for s in wanted.spaces if s in known) or tuple(known[:PANELS]),
    )


def change(**fields: Any) -> None:
    """Change fields of the view; another scope or method starts with its own spaces."""
    if set(fields) & {"scope", "method"}:
        fields = {"spaces": (), **fields}
    select(map=replace(MapView.parse(selection().map or ""), **fields).text())


def marked() -> Region | None:
    """Give what is marked; None for nothing.

    Raises
    ------
    ConfigError
        The address holds something else.
    """
    text = selection().marked
    try:
        return Region.parse(text) if text else None
    except ConfigError:
        select(marked=None)
        raise
