"""Small, complete data sets and runs for tests: seeded, torch-free, written by the store."""

from pathlib import Path

import numpy as np
import pandas as pd

from prism_core.names import CUTOFFS, MODALITIES, PARTS, players_of
from prism_core.store.datasets import Dataset, Features, write_dataset
from prism_core.store.writer import RunWriter

GENRES = ("Drama", "Comedy", "Action", "Horror", "Romance")


def make_dataset(
    path: Path, *, num_users: int = 40, num_items: int = 60, length: int = 12, seed: int = 0
) -> Dataset:
    """Write a data set with random histories, two modalities and one item without a picture."""
    rng = np.random.default_rng(seed)
    histories = [rng.permutation(num_items)[:length] + 1 for _ in range(num_users)]
    interactions = pd.DataFrame(
        {
            "user_index": np.repeat(np.arange(num_users, dtype=np.int32), length),
            "item_index": np.concatenate(histories).astype(np.int32),
            "timestamp": np.tile(np.arange(length, dtype=np.int64), num_users),
        }
    )
    features = {"image": _features(rng, num_items, 24), "text": _features(rng, num_items, 16)}
    features["image"].available[3] = False
    return write_dataset(
        path,
        description={
            "name": "tiny",
            "title": "Tiny random data",
            "source": "generated",
            "licence": "none",
            "citation": "",
            "sequence": "Random items in random order; nothing can be learned from it.",
            "options": {"seed": seed},
            "encoders": {"image": "random 24-d", "text": "random 16-d"},
        },
        tables={
            "interactions": interactions,
            "items": item_table(num_items, rng),
            "users": pd.DataFrame(
                {
                    "user_index": np.arange(num_users, dtype=np.int32),
                    "user_id": [str(u + 1) for u in range(num_users)],
                }
            ),
        },
        features=features,
    )


def item_table(num_items: int, rng: np.random.Generator) -> pd.DataFrame:
    """Make an item table with titles, years, one or two genres and popularity."""
    genres = [list(rng.permutation(GENRES)[: 1 + i % 2]) for i in range(num_items)]
    return pd.DataFrame(
        {
            "item_index": np.arange(1, num_items + 1, dtype=np.int32),
            "item_id": [str(10 * i) for i in range(1, num_items + 1)],
            "title": [f"Film number {i}" for i in range(1, num_items + 1)],
            "year": pd.array(1950 + np.arange(num_items) % 70, dtype="Int16"),
            "categories": genres,
            "popularity": rng.integers(1, 100, num_items).astype(np.int32),
        }
    )


def make_run(
    root: Path,
    *,
    dataset: Dataset,
    run_id: str = "prism-seed0",
    name: str = "PRISM",
    kind: str = "model",
    has_parts: bool = True,
    seed: int = 0,
    top_k: int = 10,
    skill: float = 0.0,
) -> Path:
    """Write a complete run whose score game is additive plus one image-text interaction.

    ``skill`` in [0, 1] moves true items up the ranking, so that runs can differ.
    """
    rng = np.random.default_rng(seed)
    writer = RunWriter(root / run_id)
    model, evaluation = {"content": "prism"}, {"top_k": top_k}
    writer.write_config({"name": name, "seed": seed, "model": model, "evaluation": evaluation})
    users = dataset.users["user_id"].to_numpy()
    targets = dataset.interactions.groupby("user_index")["item_index"].last().to_numpy()
    ranks = 1 + (rng.random(len(users)) * (dataset.num_items - 1) * (1 - skill)).astype(np.int64)
    items = dataset.items
    target_ids = items["item_id"].to_numpy()[targets - 1]
    lengths = dataset.interactions.groupby("user_index").size().to_numpy() - 1
    per_user = pd.DataFrame(
        {
            "user_id": users,
            "target_item_id": target_ids,
            "rank": ranks,
            "history_length": lengths,
        }
    )
    writer.write_table("user_metrics", per_user)
    writer.write_table("metrics", _metrics(ranks, seed))
    writer.write_table("items", items)
    writer.write_table("users", _users(users, lengths, rng, has_parts))
    writer.write_table(
        "recommendations", _recommendations(users, targets, ranks, items, rng, top_k, has_parts)
    )
    if has_parts:
        writer.write_vectors(_vectors(dataset, rng))
    writer.log("started", max_epochs=3)
    for epoch in range(1, 4):
        losses = {"recommendation": 5.0 / epoch, "alignment": 0.5 / epoch}
        writer.log("epoch", epoch=epoch, losses=losses, valid={"ndcg@10": 0.01 * epoch}, seconds=1)
    writer.log("finished", best_epoch=3)
    writer.finish(
        {
            "run_id": run_id,
            "name": name,
            "kind": kind,
            "seed": seed,
            "modalities": list(MODALITIES),
            "has_parts": has_parts,
            "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint, "path": "tiny"},
            "protocol": {
                "split": "leave-one-out",
                "candidates": "all unseen items",
                "num_candidates": dataset.num_items,
            },
            "versions": {"prism": "0.1.0"},
            "training": {"best_epoch": 3, "seconds": 3.0, "num_parameters": 1000},
        }
    )
    return root / run_id


def _features(rng: np.random.Generator, num_items: int, size: int) -> Features:
    vectors = rng.normal(size=(num_items + 1, size)).astype(np.float32)
    vectors[0] = 0
    return Features(vectors, np.arange(num_items + 1) > 0)


def _metrics(ranks: np.ndarray, seed: int) -> pd.DataFrame:
    rows = []
    for k in CUTOFFS:
        hit = ranks <= k
        values = {
            "recall": hit.mean(),
            "hr": hit.mean(),
            "ndcg": (hit / np.log2(ranks + 1)).mean(),
            "mrr": (hit / ranks).mean(),
        }
        rows += [
            {"split": "test", "metric": m, "k": k, "value": v, "num_users": len(ranks)}
            for m, v in values.items()
        ]
    return pd.DataFrame(rows).assign(seed=seed)


def _users(
    users: np.ndarray, lengths: np.ndarray, rng: np.random.Generator, has_parts: bool
) -> pd.DataFrame:
    frame = pd.DataFrame({"user_id": users, "history_length": lengths})
    if not has_parts:
        return frame
    weights = rng.dirichlet(np.ones(len(PARTS)), len(users)).astype(np.float32)
    frame[[f"weight_{part}" for part in PARTS]] = weights
    frame["gate_entropy"] = -(weights * np.log2(weights)).sum(axis=1)
    frame[[f"delta_{part}" for part in PARTS]] = rng.normal(size=weights.shape)
    return frame


def _recommendations(
    users: np.ndarray,
    targets: np.ndarray,
    ranks: np.ndarray,
    items: pd.DataFrame,
    rng: np.random.Generator,
    top_k: int,
    has_parts: bool,
) -> pd.DataFrame:
    rows = []
    ids = items["item_id"].to_numpy()
    for user, target, rank in zip(users, targets, ranks, strict=True):
        others = rng.permutation(np.setdiff1d(np.arange(1, len(ids) + 1), [target]))[:top_k]
        places = [r for r in range(1, top_k + 1) if r != rank]
        listed = [*zip(places, others, strict=False), (int(rank), int(target))]
        rows += [
            {"user_id": user, "rank": r, "item_id": ids[i - 1], "score": 5.0 - 0.1 * r}
            for r, i in sorted(listed)
        ]
    frame = pd.DataFrame(rows)
    if has_parts:
        games = [_game(score, rng) for score in frame["score"]]
        frame["part_coalitions"] = [game[0] for game in games]
        frame["modality_coalitions"] = [game[1] for game in games]
    return frame


def _game(score: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    players = len(players_of(MODALITIES))
    shares = rng.normal(size=players)
    masks = np.arange(2**players)
    on = (masks[:, None] >> np.arange(players)) & 1
    values = on @ shares + 0.3 * on[:, 1] * on[:, 2]
    modality = np.array([0.0, *rng.normal(size=2), 0.0])
    values += score - values[-1]
    modality[-1] = score
    return values.astype(np.float32), modality.astype(np.float32)


def _vectors(dataset: Dataset, rng: np.random.Generator) -> dict[str, np.ndarray]:
    def draw(rows: int, size: int) -> np.ndarray:
        return rng.normal(size=(rows, size)).astype(np.float32)

    rows = dataset.num_items + 1
    vectors = {f"items.{part}": draw(rows, 8) for part in PARTS}
    for modality in MODALITIES:
        for part in PARTS:
            shift = 0.1 * draw(rows, 8)
            vectors[f"items.{part}.without_{modality}"] = vectors[f"items.{part}"] + shift
    ids, fused = draw(rows, 16), draw(rows, 16)
    return vectors | {
        "items.id": ids,
        "items.fused": fused,
        "users.state": draw(dataset.num_users, 16),
    }
