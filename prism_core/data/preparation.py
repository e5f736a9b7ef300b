"""From raw events, items and vectors to a data set in the project's own format."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prism_core.data.features import FeatureTable, align, identified
from prism_core.data.filters import from_newest
from prism_core.data.options import HELD_OUT, PreparationOptions
from prism_core.data.raw import RawData
from prism_core.data.readers.frames import with_undescribed
from prism_core.data.selection import SelectedEvents, newest, select_events
from prism_core.data.statistics import sequence_sentence, statistics
from prism_core.errors import ConfigError
from prism_core.names import MODALITIES
from prism_core.store.datasets import TABLES, Dataset, Features, write_dataset


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
    events = select_events(raw, vectors, options)
    tables = _tables(events, with_undescribed(raw.items, events.item_ids), options)
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


def _tables(
    events: SelectedEvents, items: pd.DataFrame, options: PreparationOptions
) -> dict[str, pd.DataFrame]:
    kept = newest(events, options.last)
    users = events.user_codes[kept]
    item_index = events.item_codes[kept] + 1
    described = items.set_index("item_id").loc[list(events.item_ids)].reset_index()
    numbered = described.assign(
        item_index=np.arange(1, len(described) + 1, dtype=np.int32),
        popularity=training_counts(users, item_index, len(described)),
    )
    columns = {"user_index": users, "item_index": item_index, "timestamp": events.timestamps[kept]}
    user_index = np.arange(len(events.user_ids), dtype=np.int32)
    return {
        "interactions": pd.DataFrame(columns),
        "items": numbered[list(TABLES["items"])],
        "users": pd.DataFrame({"user_index": user_index, "user_id": list(events.user_ids)}),
    }


def training_counts(users: np.ndarray, items: np.ndarray, num_items: int) -> np.ndarray:
    """Count each item's events without the users' two newest: ``(N,)`` int32, items 1..N."""
    train = items[from_newest(users) >= HELD_OUT]
    return np.bincount(train, minlength=num_items + 1)[1:].astype(np.int32)


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
