"""From raw events, items and vectors to a data set in the project's own format."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prism_core.data.features import FeatureTable, ItemVectors, align, identified
from prism_core.data.filters import chronological, k_core, last_events, sample_users
from prism_core.data.raw import RawData
from prism_core.data.statistics import sequence_sentence, statistics
from prism_core.errors import ConfigError, DataError
from prism_core.names import MODALITIES
from prism_core.store.datasets import Dataset, Features, write_dataset

HELD_OUT = 2
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


def prepare(
    raw: RawData,
    features: Mapping[str, FeatureTable],
    path: Path,
    options: PreparationOptions,
    encoders: Mapping[str, str],
) -> Dataset:
    """Filter, number and write a data set; the same input gives the same bytes.

    Parameters
    ----------
    raw
        Events and items of a reader.
    features
        Vectors by modality.
    path
        Target folder.
    options
        What is kept.
    encoders
        True name of the encoder of every modality.

    Raises
    ------
    DataError
        Vectors belong to unknown items, events to undescribed items, or nothing is left.
    """
    _check_encoders(features, encoders)
    vectors = {
        name: identified(table, raw.items["item_id"], name) for name, table in features.items()
    }
    events = _kept_events(raw, vectors, options)
    tables = _tables(events, raw.items, options)
    item_ids = tables["items"]["item_id"].tolist()
    ordered = {name: align(vectors[name], item_ids) for name in _modality_order(vectors)}
    return write_dataset(
        path,
        description=_description(raw, tables, ordered, options, encoders),
        tables=tables,
        features=ordered,
        documents=raw.origin.documents,
    )


def _check_encoders(features: Mapping[str, FeatureTable], encoders: Mapping[str, str]) -> None:
    for names, others, what in (
        (features, encoders, "has no encoder name; say which encoder made its vectors"),
        (encoders, features, "has an encoder name but no vectors"),
    ):
        missing = sorted(set(names) - set(others))
        if missing:
            raise ConfigError(f"modality {missing[0]!r} {what}.")


def _kept_events(
    raw: RawData, vectors: Mapping[str, ItemVectors], options: PreparationOptions
) -> pd.DataFrame:
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


def _tables(
    events: pd.DataFrame, items: pd.DataFrame, options: PreparationOptions
) -> dict[str, pd.DataFrame]:
    user_ids, item_ids = _ordered(events["user_id"]), _ordered(events["item_id"])
    kept = events if options.last is None else last_events(events, options.last)
    interactions = pd.DataFrame(
        {
            "user_index": pd.Index(user_ids)
            .get_indexer(pd.Index(kept["user_id"]))
            .astype(np.int32),
            "item_index": pd.Index(item_ids).get_indexer(pd.Index(kept["item_id"])).astype(np.int32)
            + 1,
            "timestamp": kept["timestamp"].to_numpy(np.int64),
        }
    ).sort_values("user_index", kind="stable", ignore_index=True)
    indices = np.arange(1, len(item_ids) + 1, dtype=np.int32)
    described = items.set_index("item_id").loc[item_ids].reset_index()
    counts = training_counts(interactions, len(item_ids))
    users = {"user_index": np.arange(len(user_ids), dtype=np.int32), "user_id": user_ids}
    return {
        "interactions": interactions,
        "items": described.assign(item_index=indices, popularity=counts)[
            ["item_index", "item_id", "title", "year", "categories", "popularity"]
        ],
        "users": pd.DataFrame(users),
    }


def training_counts(interactions: pd.DataFrame, num_items: int) -> np.ndarray:
    """Count each item's events without the users' two newest: ``(N,)`` int32, items 1..N."""
    from_newest = interactions.groupby("user_index").cumcount(ascending=False)
    train = interactions.loc[from_newest >= HELD_OUT, "item_index"]
    return np.bincount(train, minlength=num_items + 1)[1:].astype(np.int32)


def _ordered(ids: pd.Series) -> list[str]:
    unique = ids.unique().tolist()
    if all(text.isdecimal() and text.isascii() for text in unique):
        return sorted(unique, key=lambda text: (int(text), text))
    return sorted(unique)


def _modality_order(features: Iterable[str]) -> list[str]:
    known = [name for name in MODALITIES if name in features]
    return known + [name for name in features if name not in MODALITIES]


def _description(
    raw: RawData,
    tables: Mapping[str, pd.DataFrame],
    features: Mapping[str, Features],
    options: PreparationOptions,
    encoders: Mapping[str, str],
) -> dict[str, Any]:
    figures = statistics(tables["interactions"], tables["items"], has_times=raw.has_times)
    missing = {name: int((~table.available[1:]).sum()) for name, table in features.items()}
    origin = raw.origin
    return {
        "name": origin.name,
        "title": origin.title,
        "source": origin.source,
        "licence": origin.licence,
        "citation": origin.citation,
        "sequence": sequence_sentence(origin.sequence, figures),
        "options": dataclasses.asdict(options),
        "encoders": {name: encoders[name] for name in features},
        "statistics": figures | {"items_without": missing},
    }
