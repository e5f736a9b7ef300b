"""From raw events, items and vectors to a data set in the project's own format."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prism_core.data.features import FeatureTable, align, check_known
from prism_core.data.filters import chronological, k_core, last_events
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
    """

    k_core: int = 5
    last: int | None = 50
    complete_items: bool = True

    def __post_init__(self) -> None:
        for name, value in (("k_core", self.k_core), ("last", self.last)):
            if value is not None and value <= HELD_OUT:
                raise ConfigError(f"{name} = {value}: must be at least {HELD_OUT + 1}.")


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
    for modality, table in features.items():
        check_known(table, raw.items["item_id"], modality)
    events = _kept_events(raw, features, options)
    tables = _tables(events, raw.items, options)
    item_ids = tables["items"]["item_id"].tolist()
    ordered = {name: align(features[name], item_ids) for name in _modality_order(features)}
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
    raw: RawData, features: Mapping[str, FeatureTable], options: PreparationOptions
) -> pd.DataFrame:
    events = raw.interactions
    unknown = ~events["item_id"].isin(raw.items["item_id"])
    if unknown.any():
        first = events.loc[unknown, "item_id"].iloc[0]
        raise DataError(f"{raw.origin.source}: item {first!r} has events but no description.")
    if options.complete_items:
        for table in features.values():
            events = events[events["item_id"].isin(table.item_ids)]
    events = k_core(chronological(events), options.k_core)
    if events.empty:
        raise DataError(
            f"{raw.origin.source}: no interactions are left after the {options.k_core}-core; "
            "give more data or a smaller --k-core."
        )
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


def _modality_order(features: Mapping[str, FeatureTable]) -> list[str]:
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
