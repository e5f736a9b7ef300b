"""What is kept of the raw data."""

import dataclasses
from typing import Final

from prism_core.errors import ConfigError

HELD_OUT: Final = 2
"""Newest events of a user that are no training data: the valid and the test target."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PreparationOptions:
    """What is kept of the raw data.

    Attributes
    ----------
    k_core
        Smallest number of events of every kept user and item, at least 3: a user needs one
        event for training, one for validation and one for the test.
    last
        Newest events kept per user, counted after the k-core; None keeps all.
    complete_items
        Keep only items that have every modality; otherwise the others are flagged.
    min_rating
        Smallest rating that counts as an event; None keeps all.
    since, until
        First and last time kept, in the unit of ``timestamp``; None is no limit.
    users
        Number of users drawn before the k-core; None keeps all.
    seed
        Of that draw.
    """

    k_core: int = 5
    last: int | None = 50
    complete_items: bool = True
    min_rating: float | None = None
    since: int | None = None
    until: int | None = None
    users: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("k_core", self.k_core), ("last", self.last)):
            if value is not None and value <= HELD_OUT:
                raise ConfigError(f"{name} = {value}: must be at least {HELD_OUT + 1}.")
        if self.users is not None and self.users < 1:
            raise ConfigError(f"users = {self.users}: must be at least 1.")
        if None not in (self.since, self.until) and self.since > self.until:  # type: ignore[operator]
            raise ConfigError(f"since = {self.since} is after until = {self.until}.")
