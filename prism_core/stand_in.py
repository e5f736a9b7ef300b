"""What takes the place of a part, or of the id path, that is switched off."""

from dataclasses import dataclass
from typing import Final, Literal, Self, get_args

from prism_core.errors import ConfigError

Kind = Literal["mean", "users", "zero", "other"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

WORDS: Final = {
    "mean": "its mean over the items",
    "users": "its mean over the histories of all users",
    "zero": "zero",
    "other": "what user {user_id} has in its place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What takes the place of a player that is switched off.

    Attributes
    ----------
    kind
        ``mean``: its mean over the items, which a model with player dropout met in training;
        ``users``: its mean over the histories of all users, every user counting the same;
        ``zero``; ``other``: what another user's history has in the same place, counted from the
        newest item, while the candidates keep it.
    user_id
        The other user; empty for the other kinds.

    Raises
    ------
    ConfigError
        The kind is unknown, or another user is not named where it must be.
    """

    kind: Kind = "mean"
    user_id: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"stand-in {self.kind!r}: choose one of {', '.join(KINDS)}.")
        if (self.kind == "other") != bool(self.user_id):
            raise ConfigError("stand-in: name a user for the kind 'other', and only for it.")

    @property
    def words(self) -> str:
        """Name it in a sentence."""
        return WORDS[self.kind].format(user_id=self.user_id)

    def to_text(self) -> str:
        """Write it for a link: ``zero``, ``other:12``."""
        return f"{self.kind}:{self.user_id}" if self.user_id else self.kind

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read it from a link.

        Raises
        ------
        ConfigError
            The text is not one that :meth:`to_text` writes.
        """
        kind, _, user_id = text.partition(":")
        return cls(kind=kind, user_id=user_id)  # type: ignore[arg-type]
