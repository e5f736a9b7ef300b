"""Which events of the raw data go into a data set."""

from collections.abc import Mapping

import pandas as pd

from prism_core.data.features import ItemVectors
from prism_core.data.filters import chronological, k_core, sample_users
from prism_core.data.options import PreparationOptions
from prism_core.data.raw import RawData
from prism_core.errors import ConfigError, DataError


def kept_events(
    raw: RawData, vectors: Mapping[str, ItemVectors], options: PreparationOptions
) -> pd.DataFrame:
    """Choose events in time order: by rating and time, by features, by user, by k-core.

    Raises
    ------
    ConfigError
        An option needs ratings or times that the data do not have.
    DataError
        An item has events but no description, or nothing is left.
    """
    _check_described(raw)
    events = _wanted(raw, options)
    if options.complete_items:
        for table in vectors.values():
            events = events[events["item_id"].isin(table.item_ids)]
    events = chronological(events)
    if options.users is not None:
        events = sample_users(events, options.users, options.seed)
    events = k_core(events, options.k_core)
    if events.empty:
        raise DataError(
            f"{raw.origin.source}: no interactions are left after the {options.k_core}-core; "
            "give more data or a smaller --k-core."
        )
    return events


def _check_described(raw: RawData) -> None:
    unknown = ~raw.interactions["item_id"].isin(raw.items["item_id"])
    if unknown.any():
        first = raw.interactions.loc[unknown, "item_id"].iloc[0]
        raise DataError(f"{raw.origin.source}: item {first!r} has events but no description.")


def _wanted(raw: RawData, options: PreparationOptions) -> pd.DataFrame:
    events = raw.interactions
    if options.min_rating is not None:
        if "rating" not in events:
            raise ConfigError(f"min_rating = {options.min_rating}: these data have no ratings.")
        events = events[events["rating"] >= options.min_rating]
    if not raw.has_times and (options.since, options.until) != (None, None):
        raise ConfigError("since, until: these data have no times.")
    if options.since is not None:
        events = events[events["timestamp"] >= options.since]
    if options.until is not None:
        events = events[events["timestamp"] <= options.until]
    return events
