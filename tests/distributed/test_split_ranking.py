"""Items spread over processes: the same ranking, and checkpoints that any number can read."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import load_file

from prism_core.config.run import RunConfig, load_run_config
from prism_core.data.sequences import Sequences
from prism_core.models.exchange import connect
from prism_core.models.sequence_model import SequenceModel
from prism_core.scoring import make_model
from prism_core.store.datasets import Dataset
from prism_core.training.checkpoint import (
    CHECKPOINT,
    TrainingState,
    restore_checkpoint,
    save_checkpoint,
)
from prism_core.training.group import Group
from prism_core.training.loop import make_optimizer
from prism_core.training.recording import rank_split
from prism_core.training.split_ranking import rank_split_items

SIZE, TOP_K = 3, 25
COLUMNS = ("target", "rank", "history_length", "target_score", "listed_items", "listed_scores")


def model_of(data: str) -> tuple[SequenceModel, Sequences, RunConfig]:
    torch.manual_seed(0)
    overrides = [f"data.path={data}", "model.hidden_size=16", "evaluation.batch_size=19"]
    config = load_run_config(preset="prism", overrides=overrides)
    model = make_model(config.model, Dataset(Path(data)))
    with torch.no_grad():
        model.ids.mul_(20)
    return model, Sequences(Dataset(Path(data))), config


def work(rank: int, data: str, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=SIZE)
    model, sequences, config = model_of(data)
    connect(model, Group(rank, SIZE).exchange)
    model.split_items()
    ranking = rank_split_items(model, sequences, "test", config, TOP_K)
    if rank == 1:
        np.savez(f"{folder}/ranking.npz", **{name: getattr(ranking, name) for name in COLUMNS})
    save_a_step(model, rank, Path(folder))
    dist.destroy_process_group()


def save_a_step(model: SequenceModel, rank: int, folder: Path) -> None:
    """Train one step, store it, and store what a fresh model restores."""
    state = a_step(model)
    for name in ("first", "second"):
        (folder / name).mkdir(exist_ok=True)
        tensors = state.tensors()
        if rank == 0:
            save_checkpoint(folder / name, tensors, state.progress, "recipe")
        dist.barrier()
        if name == "first":
            state = a_step(model)
            assert restore_checkpoint(folder / name, state, "recipe")
    assert model.ids.shape[0] < model.num_items


def a_step(model: SequenceModel) -> TrainingState:
    """Change every weight and the optimizer's state."""
    state = TrainingState(model, make_optimizer(model, 0.1, 0.0))
    for parameter in model.parameters():
        parameter.grad = torch.rand_like(parameter)
    state.optimizer.step()
    state.best = {name: t.clone() for name, t in model.state_dict().items()}
    return state


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    folder = tmp_path_factory.mktemp("split")
    mp.spawn(work, (str(tiny_dataset.path), str(folder)), nprocs=SIZE)
    return folder


@pytest.mark.slow
def test_ranks_and_lists_are_those_of_one_process(folder: Path, tiny_dataset: Dataset) -> None:
    found = np.load(folder / "ranking.npz")
    model, sequences, config = model_of(str(tiny_dataset.path))
    whole = rank_split(model, sequences, "test", config, top_k=TOP_K)
    for name in COLUMNS:
        np.testing.assert_allclose(
            found[name], getattr(whole, name), rtol=1e-5, atol=1e-4, err_msg=name
        )


@pytest.mark.slow
def test_a_checkpoint_holds_whole_tables_and_is_restored_by_shares_or_alone(
    folder: Path, tiny_dataset: Dataset
) -> None:
    first, second = (load_file(folder / name / CHECKPOINT) for name in ("first", "second"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    model, _, _ = model_of(str(tiny_dataset.path))
    assert first["model/ids"].shape == model.ids.shape
    state = a_step(model)
    assert restore_checkpoint(folder / "first", state, "recipe")
    assert torch.equal(model.ids.detach(), first["model/ids"])
