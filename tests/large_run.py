"""A run of very many users, written without a loop over them."""

from pathlib import Path

import numpy as np
import pandas as pd

from prism_core.names import MODALITIES, PARTS
from prism_core.store.datasets import Dataset, Features, write_dataset
from prism_core.store.writer import RunWriter
from tests.factories import item_table

LENGTH = 5
ITEMS = 400


def make_large(root: Path, num_users: int, seed: int = 0) -> tuple[Path, Path]:
    """Write a data set and a run of ``num_users`` users; give the folders that hold them."""
    rng = np.random.default_rng(seed)
    dataset = _dataset(root / "data" / "large", num_users, rng)
    _run(root / "runs" / "large", dataset, rng)
    return root / "runs", root / "data"


def _dataset(path: Path, num_users: int, rng: np.random.Generator) -> Dataset:
    starts = rng.integers(ITEMS, size=(num_users, 1))
    chosen = (starts + rng.integers(1, 50) * np.arange(LENGTH)) % ITEMS + 1
    users = np.arange(num_users, dtype=np.int32)
    interactions = pd.DataFrame(
        {
            "user_index": np.repeat(users, LENGTH),
            "item_index": chosen.ravel().astype(np.int32),
            "timestamp": np.tile(np.arange(LENGTH, dtype=np.int64), num_users),
        }
    )
    vectors = rng.normal(size=(ITEMS + 1, 4)).astype(np.float32)
    vectors[0] = 0
    return write_dataset(
        path,
        description={
            "name": "large", "title": "Large", "source": "generated", "licence": "none",
            "citation": "", "sequence": "Random.", "options": {},
            "encoders": dict.fromkeys(MODALITIES, "random 4-d"),
        },
        tables={
            "interactions": interactions,
            "items": item_table(ITEMS, rng),
            "users": pd.DataFrame({"user_index": users, "user_id": (users + 1).astype(str)}),
        },
        features={name: Features(vectors, np.arange(ITEMS + 1) > 0) for name in MODALITIES},
    )  # fmt: skip


def _run(path: Path, dataset: Dataset, rng: np.random.Generator) -> None:
    users = dataset.users["user_id"].to_numpy()
    chosen = dataset.interactions["item_index"].to_numpy().reshape(len(users), LENGTH)
    ids = dataset.items["item_id"].to_numpy()
    ranks = rng.integers(2, ITEMS, len(users))
    outcome = pd.DataFrame(
        {
            "user_id": users, "target_item_id": ids[chosen[:, -1] - 1], "rank": ranks,
            "history_length": LENGTH - 1,
        }
    )  # fmt: skip
    weights = rng.dirichlet(np.ones(len(PARTS)), len(users)).astype(np.float32)
    gate = pd.DataFrame(weights, columns=[f"weight_{part}" for part in PARTS])
    gate["gate_entropy"] = -(weights * np.log2(weights)).sum(axis=1)
    writer = RunWriter(path)
    model, evaluation = {"content": "prism"}, {"top_k": 1}
    writer.write_config({"name": "Large", "seed": 0, "model": model, "evaluation": evaluation})
    writer.write_table("user_metrics", outcome)
    writer.write_table("users", pd.concat([outcome[["user_id", "history_length"]], gate], axis=1))
    writer.write_table("items", dataset.items)
    writer.write_table("recommendations", _recommendations(outcome, ids, chosen, rng))
    writer.write_table("metrics", _metrics(len(users)))
    writer.finish(_manifest(dataset))


def _recommendations(
    outcome: pd.DataFrame, ids: np.ndarray, chosen: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """List one item for every user, and the true next one."""
    first = outcome[["user_id"]].assign(rank=1, item_id=ids[chosen[:, -1] % ITEMS])
    true = outcome[["user_id", "rank"]].assign(item_id=outcome["target_item_id"])
    table = pd.concat([first, true]).sort_index(kind="stable", ignore_index=True)
    games = rng.normal(size=(len(table), 32)).astype(np.float32)
    pairs = games[:, :4].copy()
    pairs[:, -1] = games[:, -1]
    return table.assign(
        score=games[:, -1], part_coalitions=list(games), modality_coalitions=list(pairs)
    )


def _metrics(num_users: int) -> pd.DataFrame:
    row = {"split": "test", "metric": "ndcg", "k": 10, "value": 0.1, "num_users": num_users}
    return pd.DataFrame([row | {"seed": 0}])


def _manifest(dataset: Dataset) -> dict[str, object]:
    return {
        "run_id": "large", "name": "Large", "kind": "model", "seed": 0,
        "modalities": list(MODALITIES), "has_parts": True,
        "dataset": {"name": "large", "fingerprint": dataset.fingerprint, "path": "large"},
        "protocol": {"split": "leave-one-out", "num_candidates": ITEMS, "max_seq_len": 50},
        "versions": {"prism": "0.1.0"}, "training": {},
    }  # fmt: skip
