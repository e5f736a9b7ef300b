"""A what-if: what the reader changed for one user, as a value that fits into a link."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

from prism_core.errors import ConfigError

MAX_LINK: Final = 4000
"""Longest text read from a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Changes to a user's case; the default changes nothing.

    Attributes
    ----------
    off
        Players that are switched off: ``id`` or parts.
    withheld
        Modalities that are withheld.
    weights
        Fusion weights in the order of the parts, before they are scaled to sum to 1; None leaves
        the gate's own.
    history
        Item ids, oldest first; None leaves the user's own.
    """

    off: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    history: tuple[str, ...] | None = None

    @property
    def is_empty(self) -> bool:
        return self == WhatIf()

    @property
    def scaled_weights(self) -> tuple[float, ...] | None:
        """The weights scaled to sum to 1; equal ones where all are zero."""
        if self.weights is None:
            return None
        total = sum(self.weights)
        if total <= 0:
            return tuple(1 / len(self.weights) for _ in self.weights)
        return tuple(weight / total for weight in self.weights)

    def read(self, own: tuple[str, ...]) -> tuple[str, ...]:
        """Give the history that is read, oldest first: the changed one, or the user's own."""
        return own if self.history is None else self.history

    def with_removed(self, place: int, own: tuple[str, ...]) -> Self:
        """Remove one item of the history, by its place: 0 is the newest."""
        items = list(self.read(own)[::-1])
        del items[place]
        return self._with_history(items[::-1], own)

    def with_moved(self, place: int, to: int, own: tuple[str, ...]) -> Self:
        """Move one item of the history to another place; 0 is the newest."""
        items = list(self.read(own)[::-1])
        items.insert(to, items.pop(place))
        return self._with_history(items[::-1], own)

    def with_added(self, item_id: str, own: tuple[str, ...]) -> Self:
        """Add an item as the newest."""
        return self._with_history([*self.read(own), item_id], own)

    def to_text(self) -> str:
        """Write it for a link; the empty one is the empty text."""
        given = {key: value for key, value in asdict(self).items() if value}
        return json.dumps(given, separators=(",", ":")) if given else ""

    @classmethod
    def from_text(cls, text: str, *, players: tuple[str, ...], modalities: tuple[str, ...]) -> Self:
        """Read it from a link.

        Raises
        ------
        ConfigError
            The text is not one that :meth:`to_text` writes for a model with these players.
        """
        if not text:
            return cls()
        try:
            values = json.loads(text[:MAX_LINK])
            read = cls(**{key: _tuple(value) for key, value in values.items()})
            read._check(players, modalities)
        except (json.JSONDecodeError, TypeError, AttributeError, ValueError):
            raise ConfigError(
                "The link describes a what-if that this run does not understand; it is left out."
            ) from None
        return read

    def _check(self, players: tuple[str, ...], modalities: tuple[str, ...]) -> None:
        known = set(self.off) <= set(players) and set(self.withheld) <= set(modalities)
        weights = self.weights is None or (
            len(self.weights) == len(players) - 1 and all(0 <= float(w) <= 1 for w in self.weights)
        )
        history = self.history is None or all(isinstance(item, str) for item in self.history)
        if not (known and weights and history):
            raise ValueError

    def _with_history(self, items: list[str], own: tuple[str, ...]) -> Self:
        changed = tuple(items)
        return replace(self, history=None if changed == own else changed)


def _tuple(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(value)
