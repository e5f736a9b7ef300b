"""A generated data set as large as Amazon Beauty (2014, 5-core), with its lengths of histories."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from prism_core.store.datasets import Dataset, Features, write_dataset
from tests.factories import item_table

NUM_ITEMS: Final = 12_101
FEATURE_SIZE: Final = 512
USERS_BY_EVENTS: Final = (
    7162, 4221, 2680, 1811, 1366, 881, 695, 558, 439, 361, 262, 207, 213, 141, 118, 112, 117, 84,
    66, 73, 74, 61, 54, 44, 44, 38, 30, 38, 20, 19, 21, 19, 23, 24, 22, 15, 17, 7, 10, 10, 15, 7,
    11, 8, 4, 8, 9, 8, 9, 6, 8, 2, 6, 4, 7, 94,
)  # fmt: skip
"""Users with 5, 6, 7 and so on events; the last entry counts those with 60 and more."""


def make_beauty(path: Path, share: float = 1.0, seed: int = 0) -> Dataset:
    """Write all items and a share of the users; items are drawn by a power law."""
    rng = np.random.default_rng(seed)
    lengths = np.repeat(np.arange(5, 5 + len(USERS_BY_EVENTS)), USERS_BY_EVENTS)
    lengths = rng.permutation(lengths)[: round(share * len(lengths))]
    users = np.repeat(np.arange(len(lengths)), lengths)
    items = 1 + (NUM_ITEMS * rng.random(len(users)) ** 2).astype(np.int32)
    events = pd.DataFrame({"user_index": users.astype(np.int32), "item_index": items})
    names = pd.DataFrame({"user_index": np.arange(len(lengths), dtype=np.int32)})
    return write_dataset(
        path,
        description={
            **dict.fromkeys(("source", "licence", "citation", "sequence"), "generated"),
            **{"name": "beauty-like", "title": "As large as Beauty"},
            **{"options": {}, "encoders": dict.fromkeys(("image", "text"), "random")},
        },
        tables={
            "interactions": events.assign(timestamp=np.arange(len(events), dtype=np.int64)),
            "items": item_table(NUM_ITEMS, rng),
            "users": names.assign(user_id=names["user_index"].astype(str)),
        },
        features={name: _features(rng) for name in ("image", "text")},
    )


def _features(rng: np.random.Generator) -> Features:
    vectors = rng.normal(size=(NUM_ITEMS + 1, FEATURE_SIZE)).astype(np.float32)
    vectors[0] = 0
    return Features(vectors, np.arange(NUM_ITEMS + 1) > 0)
