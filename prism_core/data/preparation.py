"""From raw events, items and vectors to a data set in the project's own format."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prism_core.data.features import FeatureTable, align, identified
from prism_core.data.filters import last_events
from prism_core.data.options import HELD_OUT, PreparationOptions
from prism_core.data.raw import RawData
from prism_core.data.selection import kept_events
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
    events = kept_events(raw, vectors, options)
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


def _tables(
    events: pd.DataFrame, items: pd.DataFrame, options: PreparationOptions
) -> dict[str, pd.DataFrame]:
    user_ids, item_ids = _ordered(events["user_id"]), _ordered(events["item_id"])
    kept = events if options.last is None else last_events(events, options.last)
    interactions = _interactions(kept, user_ids, item_ids)
    described = items.set_index("item_id").loc[item_ids].reset_index()
    numbered = described.assign(
        item_index=np.arange(1, len(item_ids) + 1, dtype=np.int32),
        popularity=training_counts(interactions, len(item_ids)),
    )
    users = {"user_index": np.arange(len(user_ids), dtype=np.int32), "user_id": user_ids}
    return {
        "interactions": interactions,
        "items": numbered[list(TABLES["items"])],
        "users": pd.DataFrame(users),
    }


def _interactions(kept: pd.DataFrame, user_ids: list[str], item_ids: list[str]) -> pd.DataFrame:
    users = pd.Index(user_ids).get_indexer(pd.Index(kept["user_id"]))
    items = pd.Index(item_ids).get_indexer(pd.Index(kept["item_id"])) + 1
    frame = pd.DataFrame(
        {
            "user_index": users.astype(np.int32),
            "item_index": items.astype(np.int32),
            "timestamp": kept["timestamp"].to_numpy(np.int64),
        }
    )
    return frame.sort_values("user_index", kind="stable", ignore_index=True)


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
