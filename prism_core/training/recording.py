"""From a trained model to a run folder: rankings, score games, vectors, weights, manifest."""

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch

from prism_core.config.published import ReleasedConfig
from prism_core.config.run import RunConfig
from prism_core.data.sequences import EvaluationInputs, Sequences
from prism_core.devices import device_name, to_device
from prism_core.evaluation.part_measures import MAX_ITEMS, PartMeasure, measure_parts
from prism_core.evaluation.part_probes import probe_parts
from prism_core.evaluation.ranking import Masking, Ranking, rank_users
from prism_core.evaluation.recording import (
    origin,
    protocol,
    recommended,
    record_rankings,
    versions,
)
from prism_core.models.chunked import CPU_SCORES, chunk_size
from prism_core.models.features import FeatureSpace
from prism_core.models.sequence_model import SequenceModel
from prism_core.names import parts_of
from prism_core.scoring import Recommender
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset
from prism_core.store.writer import RunWriter


def rank_split(
    model: SequenceModel,
    sequences: Sequences,
    split: str,
    config: RunConfig,
    *,
    top_k: int = 0,
    users: np.ndarray | None = None,
) -> Ranking:
    """Rank all unseen items for the users of a split, all by default, in evaluation mode."""
    model.eval()
    device = model.ids.device
    size = chunk_size(model.num_items, device, CPU_SCORES)

    @torch.no_grad()
    def scores_of(inputs: EvaluationInputs) -> Iterator[torch.Tensor]:
        item_seq = to_device(inputs.item_seq, device)
        yield from model.score_blocks(item_seq, size, by_item=top_k == 0)

    return rank_users(
        scores_of,
        sequences,
        split,
        max_seq_len=config.model.max_seq_len,
        users=users,
        batch_size=config.evaluation.batch_size,
        top_k=top_k,
        masking=_masking(config.model.quirks),
    )


def _masking(quirks: ReleasedConfig | None) -> Masking:
    if quirks is None:
        return Masking()
    seen_score = 0.0 if quirks.zero_seen_scores else -math.inf
    return Masking(seen_score=seen_score, padding_competes=quirks.padding_candidates)


def record_model(
    writer: RunWriter,
    model: SequenceModel,
    dataset: Dataset,
    sequences: Sequences,
    config: RunConfig,
    training: dict[str, Any],
) -> None:
    """Evaluate a trained model, store everything a reader needs, and complete the run.

    Parameters
    ----------
    training
        What the manifest says of the training, such as ``best_epoch`` and ``seconds``.
    """
    top_k = config.evaluation.top_k
    valid = rank_split(model, sequences, "valid", config)
    test = rank_split(model, sequences, "test", config, top_k=top_k)
    recommender = Recommender(model, config.model.max_seq_len)
    histories = sequences.evaluation_inputs("test", test.users, config.model.max_seq_len).item_seq
    recommendations, user_columns = recommended(test), None
    if has_parts(model):
        games = _score_games(recommender, histories, test, config)
        recommendations = _with_games(recommendations, test, *games)
        user_columns = _user_columns(recommender, histories, games[0][:, -1], config)
    record_rankings(
        writer,
        dataset,
        valid=valid,
        test=test,
        seed=config.seed,
        recommendations=recommendations,
        user_columns=user_columns,
    )
    writer.write_vectors(_vectors(recommender, histories, config))
    files.write_vectors(writer.path / schema.MODEL, _state(model))
    writer.finish(_manifest(writer, model, dataset, config, training))


def _state(model: SequenceModel) -> dict[str, np.ndarray]:
    """Give the weights as arrays; frozen features, exact in half precision, take half the room."""
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    frozen = {name for name in state if name.endswith(".rows")}
    return {k: (v.half() if k in frozen else v).numpy() for k, v in state.items()}


def has_parts(model: SequenceModel) -> bool:
    """Say whether a model has the parts of PRISM, each on a switch of its own."""
    return bool(model.parts) and model.parts == parts_of(model.modalities)


@torch.no_grad()
def part_measures(model: SequenceModel) -> list[PartMeasure]:
    """Measure a model's parts as they are now, on at most `MAX_ITEMS` items; none without parts.

    Draws no random number, and leaves the model in evaluation mode.
    """
    if not has_parts(model):
        return []
    model.eval()
    step = -(-model.num_items // MAX_ITEMS)

    def vectors(withhold: str | None = None) -> dict[str, np.ndarray]:
        tables = model.item_vectors(withhold).items()
        return {part: table[1::step].float().cpu().numpy() for part, table in tables}

    spaces = {name: cast(FeatureSpace, model.content.spaces[name]) for name in model.modalities}
    features = {name: space.rows[1::step].cpu().numpy() for name, space in spaces.items()}
    available = {name: space.available[1::step].cpu().numpy() for name, space in spaces.items()}
    whole = vectors()
    measured = measure_parts(whole, {name: vectors(name) for name in model.modalities})
    return measured + probe_parts(whole, features, available)


def _score_games(
    recommender: Recommender, histories: np.ndarray, ranking: Ranking, config: RunConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Play both games for every user's list and, last, the true item: ``(U, K + 1, 2^n)``."""
    candidates = np.concatenate([ranking.listed_items, ranking.target[:, None]], axis=1)
    size, reference = config.evaluation.batch_size, config.evaluation.reference
    parts = recommender.part_coalitions(histories, candidates, reference, size)
    return parts, recommender.modality_coalitions(histories, candidates, size)


def _with_games(
    pairs: pd.DataFrame, ranking: Ranking, parts: np.ndarray, modalities: np.ndarray
) -> pd.DataFrame:
    length = ranking.listed_items.shape[1]
    row = np.searchsorted(ranking.users, pairs["user_index"].to_numpy())
    column = np.minimum(pairs["rank"].to_numpy() - 1, length)
    return pairs.assign(
        part_coalitions=list(parts[row, column]),
        modality_coalitions=list(modalities[row, column]),
    )


def _user_columns(
    recommender: Recommender, histories: np.ndarray, target_game: np.ndarray, config: RunConfig
) -> pd.DataFrame:
    parts = recommender.players[1:]
    weights = recommender.fusion_weights(histories, config.evaluation.batch_size)
    whole = target_game.shape[1] - 1
    positive = np.where(weights > 0, weights, 1.0)
    columns = {f"weight_{part}": weights[:, p] for p, part in enumerate(parts)}
    columns["gate_entropy"] = -(positive * np.log2(positive)).sum(axis=1)
    for p, part in enumerate(parts):
        without = whole ^ (1 << (p + 1))
        columns[f"delta_{part}"] = target_game[:, whole] - target_game[:, without]
    return pd.DataFrame(columns)


@torch.no_grad()
def _vectors(
    recommender: Recommender, histories: np.ndarray, config: RunConfig
) -> dict[str, np.ndarray]:
    model, size = recommender.model, config.evaluation.batch_size
    tables = {f"items.{part}": v for part, v in model.item_vectors().items()}
    for modality in model.modalities:
        for part, vectors in model.item_vectors(withhold=modality).items():
            tables[f"items.{part}.without_{modality}"] = vectors
    tables["items.id"] = torch.nn.functional.pad(model.ids, (0, 0, 1, 0))
    tables["items.fused"] = model.fused_items()
    item_seq = to_device(histories, model.ids.device)
    tables["users.state"] = model.user_states(item_seq, size)
    return {name: tensor.float().cpu().numpy() for name, tensor in tables.items()}


def _manifest(
    writer: RunWriter,
    model: SequenceModel,
    dataset: Dataset,
    config: RunConfig,
    training: dict[str, Any],
) -> dict[str, Any]:
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return {
        "run_id": writer.path.name,
        "name": config.name,
        "kind": "model",
        "seed": config.seed,
        "modalities": list(config.model.modalities),
        "has_parts": has_parts(model),
        "backbone": config.model.backbone,
        "config_hash": config.recipe_hash,
        "dataset": origin(dataset),
        "protocol": protocol(dataset, config.model.max_seq_len),
        "reference": config.evaluation.reference,
        "versions": versions(),
        "git_commit": git_commit(),
        "device": device_name(model.ids.device),
        "training": {**training, "num_parameters": parameters},
    }


def git_commit() -> str | None:
    """Give the commit of the source tree this package runs from, or None outside of one."""
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
