"""What every reader gives: the events and items of one public data set, as published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from prism_core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a data set comes from and how it may be used.

    Attributes
    ----------
    name, title
        Short name for folders and keys, and the name people read.
    sequence
        One sentence without figures: what a user's sequence is; measured figures are added.
    documents
        Published files that travel with the data, such as the licence text, by target name.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str
    sequence: str
    documents: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawData:
    """Events and items of one data set under their external ids.

    Attributes
    ----------
    interactions
        ``user_id`` and ``item_id`` (str), ``timestamp`` (whole seconds, or the position in the
        sequence where the source has no times), ``rating`` where the source has one; in file
        order, which breaks ties of time.
    items
        ``item_id`` (str, unique), ``title`` (str), ``year`` (Int16), ``categories`` (list of str).
    has_times
        False where ``timestamp`` is only a position.
    """

    origin: Origin
    interactions: pd.DataFrame
    items: pd.DataFrame
    has_times: bool = True

    def __post_init__(self) -> None:
        if self.interactions.empty:
            raise DataError(f"{self.origin.source}: there are no interactions.")
        repeated = self.items["item_id"].duplicated()
        if repeated.any():
            first = self.items.loc[repeated, "item_id"].iloc[0]
            raise DataError(f"{self.origin.source}: item {first!r} is described twice.")
