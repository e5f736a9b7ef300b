"""Training: reproducible, stopped early, continued after any interruption to the same result."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import entr

from prism_core.config.reading import to_dict
from prism_core.config.run import RunConfig, load_run_config
from prism_core.data.sequences import Sequences
from prism_core.errors import ConfigError, RunFormatError, TrainingError
from prism_core.evaluation.part_measures import spread
from prism_core.names import PAD, PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run, list_runs, read_events
from prism_core.training import runs
from prism_core.training.batches import epoch_batches, load_batch
from prism_core.training.checkpoint import CHECKPOINT
from prism_core.training.loop import make_optimizer
from prism_core.training.progress import Silent
from prism_core.training.runs import train_run

SMALL = ("model.hidden_size=16", "model.num_layers=1", "training.batch_size=16")


def config_for(dataset: Dataset, *overrides: str, preset: str = "prism") -> RunConfig:
    settings = (f"data.path={dataset.path}", "training.max_epochs=4", *SMALL, *overrides)
    return load_run_config(preset=preset, overrides=settings)


class StopAfter(Silent):
    """Interrupts a training once it has reported some epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def step(self, epoch: int, step: int, losses: object) -> None:
        if epoch > self.epochs:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Run:
    """A run of four epochs without interruption; read only."""
    return Run(train_run(config_for(tiny_dataset), tmp_path_factory.mktemp("runs"), device="cpu"))


def same_result(one: Run, other: Run) -> None:
    for name in ("model.safetensors", "vectors.safetensors", "metrics.parquet", "users.parquet"):
        assert (one.path / name).read_bytes() == (other.path / name).read_bytes(), name
    for ours, theirs in zip(_epochs(one.path), _epochs(other.path), strict=True):
        assert ours["losses"] == theirs["losses"]
        assert ours["valid"] == theirs["valid"]


def _epochs(path: Path) -> list[dict[str, object]]:
    return [event for event in read_events(path) if event["event"] == "epoch"]


def test_run_holds_everything_a_reader_needs(finished: Run, tiny_dataset: Dataset) -> None:
    finished.verify()
    assert finished.run_id == finished.path.name
    assert finished.parts == PARTS
    assert finished.manifest["dataset"]["fingerprint"] == tiny_dataset.fingerprint
    assert finished.manifest["training"]["num_parameters"] > 0
    assert set(finished.table("metrics")["split"]) == {"valid", "test"}
    assert not (finished.path / CHECKPOINT).exists()
    vectors = finished.vectors()
    assert vectors["items.synergy.without_image"].shape == vectors["items.synergy"].shape
    assert len(vectors["users.state"]) == tiny_dataset.num_users


def test_every_epoch_measures_the_parts_and_the_best_one_is_what_is_stored(finished: Run) -> None:
    epochs = _epochs(finished.path)
    assert all({row[0] for row in epoch["parts"]} == set(PARTS) for epoch in epochs)
    best = next(e for e in epochs if e["epoch"] == finished.manifest["training"]["best_epoch"])
    stored = finished.vectors()["items.synergy"][1:]
    logged = next(row[3] for row in best["parts"] if row[:2] == ["synergy", "spread"])
    assert logged == pytest.approx(spread(stored), rel=1e-2)


def test_every_epoch_says_what_a_probe_reads_of_each_modality(finished: Run) -> None:
    for epoch in _epochs(finished.path):
        scores = {(r[0], r[2]): r[3] for r in epoch["parts"] if r[1] == "explains"}
        assert set(scores) == {(part, name) for part in PARTS for name in ("image", "text")}
        assert all(score <= 1 for score in scores.values())
    best = next(
        e
        for e in _epochs(finished.path)
        if e["epoch"] == finished.manifest["training"]["best_epoch"]
    )
    scores = {(r[0], r[2]): r[3] for r in best["parts"] if r[1] == "explains"}
    assert scores["unique_image", "image"] > scores["unique_image", "text"]
    assert scores["unique_text", "text"] > scores["unique_text", "image"]


def test_measuring_the_parts_changes_nothing_of_the_training(
    tmp_path: Path, tiny_dataset: Dataset, finished: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "part_measures", lambda model: [])
    unmeasured = Run(train_run(config_for(tiny_dataset), tmp_path, device="cpu"))
    assert not any(epoch["parts"] for epoch in _epochs(unmeasured.path))
    same_result(finished, unmeasured)


def test_weights_of_users_are_a_distribution_with_their_entropy(finished: Run) -> None:
    users = finished.table("users")
    weights = users[[f"weight_{part}" for part in PARTS]].to_numpy(np.float64)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    entropy = entr(weights).sum(axis=1) / np.log(2)
    np.testing.assert_allclose(users["gate_entropy"], entropy, atol=1e-5)


def test_score_games_agree_with_scores_and_score_changes(finished: Run) -> None:
    pairs = finished.table("recommendations")
    games = np.stack(pairs["part_coalitions"].to_list())
    modalities = np.stack(pairs["modality_coalitions"].to_list())
    assert games.shape[1] == 2 ** len(finished.players)
    np.testing.assert_allclose(games[:, -1], pairs["score"], atol=1e-5)
    np.testing.assert_allclose(modalities[:, -1], pairs["score"], atol=1e-5)
    targets = finished.table("user_metrics")[["user_id", "target_item_id"]]
    own = pairs.assign(row=range(len(pairs))).merge(
        targets, left_on=["user_id", "item_id"], right_on=["user_id", "target_item_id"]
    )
    assert len(own) == len(targets)
    without_text = 0b11111 & ~(1 << finished.players.index("unique_text"))
    expected = games[own["row"], -1] - games[own["row"], without_text]
    delta = finished.table("users")["delta_unique_text"]
    np.testing.assert_allclose(delta, expected, atol=1e-6)


def test_same_seed_gives_the_same_run_and_another_seed_another(
    tmp_path: Path, tiny_dataset: Dataset, finished: Run
) -> None:
    again = Run(train_run(config_for(tiny_dataset), tmp_path, device="cpu"))
    same_result(finished, again)
    other = Run(train_run(config_for(tiny_dataset, "seed=1"), tmp_path, device="cpu"))
    assert other.manifest["config_hash"] == finished.manifest["config_hash"]
    assert (other.path / "model.safetensors").read_bytes() != (
        finished.path / "model.safetensors"
    ).read_bytes()


def test_interrupted_run_is_incomplete_and_resumes_to_the_same_result(
    tmp_path: Path, tiny_dataset: Dataset, finished: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prism_core.training.loop.REPORT_SECONDS", -1.0)
    config = config_for(tiny_dataset)
    with pytest.raises(KeyboardInterrupt):
        train_run(config, tmp_path, device="cpu", reporter=StopAfter(2))
    assert [entry.status for entry in list_runs([tmp_path])] == ["incomplete"]
    assert read_events(tmp_path / config.run_id)[-1]["event"] == "stopped"
    with pytest.raises(RunFormatError, match="--resume"):
        train_run(config, tmp_path, device="cpu")
    path = train_run(config, tmp_path, device="cpu", resume=True)
    same_result(finished, Run(path))
    assert [event["epoch"] for event in _epochs(path)] == [1, 2, 3, 4]


def test_killed_process_resumes_to_the_same_result(
    tmp_path: Path, tiny_dataset: Dataset, finished: Run
) -> None:
    config = config_for(tiny_dataset)
    stored = tmp_path / config.run_id
    process = _start_train(tiny_dataset, tmp_path)
    while not (stored / CHECKPOINT).exists() and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert [entry.status for entry in list_runs([tmp_path])] == ["incomplete"]
    train_run(config, tmp_path, device="cpu", resume=True)
    same_result(finished, Run(stored))


def _start_train(dataset: Dataset, root: Path) -> subprocess.Popen[bytes]:
    settings = (f"data.path={dataset.path}", "training.max_epochs=4", *SMALL)
    overrides = [word for text in settings for word in ("--set", text)]
    command = [sys.executable, "-m", "prism_core", "train", "--preset", "prism", *overrides]
    command += ["--out", str(root), "--device", "cpu"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_training_stops_when_validation_no_longer_rises(
    tmp_path: Path, tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.1, 0.3, 0.2, 0.3, 0.25, 0.9])
    monkeypatch.setattr(runs, "summary", lambda ranks: {"ndcg@10": next(scores)})
    config = config_for(tiny_dataset, "training.patience=3", "training.max_epochs=50")
    run = Run(train_run(config, tmp_path, device="cpu"))
    assert run.manifest["training"]["best_epoch"] == 2
    assert run.manifest["training"]["epochs"] == 5


def test_diverging_loss_ends_the_run_with_a_reason(tmp_path: Path, tiny_dataset: Dataset) -> None:
    config = config_for(tiny_dataset, "training.learning_rate=1e30", "training.clip_norm=1e30")
    with pytest.raises(TrainingError, match="learning_rate"):
        train_run(config, tmp_path, device="cpu")
    assert read_events(tmp_path / config.run_id)[-1]["event"] == "failed"


def test_unknown_stopping_metric_is_refused_before_training(
    tmp_path: Path, tiny_dataset: Dataset
) -> None:
    with pytest.raises(ConfigError, match="accuracy"):
        config_for(tiny_dataset, "training.stop_on=accuracy")
    assert list(tmp_path.iterdir()) == []


def test_complete_run_is_replaced_only_on_request(tmp_path: Path, tiny_dataset: Dataset) -> None:
    config = config_for(tiny_dataset, "training.max_epochs=1", preset="sasrec")
    path = train_run(config, tmp_path, device="cpu")
    with pytest.raises(RunFormatError, match="--overwrite"):
        train_run(config, tmp_path, device="cpu", resume=True)
    assert train_run(config, tmp_path, device="cpu", overwrite=True) == path


def test_a_step_counts_as_a_change_of_every_weight() -> None:
    layer = torch.nn.Linear(3, 2)
    optimizer = make_optimizer(layer, learning_rate=0.1, weight_decay=0.0)
    layer(torch.ones(1, 3)).sum().backward()
    before = [parameter._version for parameter in layer.parameters()]
    optimizer.step()
    after = [parameter._version for parameter in layer.parameters()]
    assert all(new > old for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "preset", ["sasrec", "summed", "without-synergy", "uniform-gate", "wide-parts"]
)
def test_every_kind_of_preset_trains(tmp_path: Path, tiny_dataset: Dataset, preset: str) -> None:
    config = config_for(tiny_dataset, "training.max_epochs=1", preset=preset)
    run = Run(train_run(config, tmp_path, device="cpu"))
    run.verify()
    assert bool(run.parts) == (preset not in ("sasrec", "summed"))
    assert run.config == json.loads(json.dumps(to_dict(config)))


def test_batches_hold_every_user_once_and_no_needless_padding(tiny_dataset: Dataset) -> None:
    sequences = Sequences(tiny_dataset)
    batches = epoch_batches(sequences, 16, seed=0, epoch=1)
    assert sorted(np.concatenate(batches)) == list(sequences.training_users())
    assert {len(users) for users in batches} <= {13, 14}
    other = epoch_batches(sequences, 16, seed=0, epoch=2)
    assert any((a != b).any() for a, b in zip(batches, other, strict=False) if len(a) == len(b))
    batch = load_batch(sequences, batches[0], 50, torch.device("cpu"))
    assert (batch.item_seq[:, 0] != PAD).any()
    assert batch.num_targets == int((batch.targets != PAD).sum())


def test_held_out_items_are_avoided_as_negatives_only_as_the_released_code_does(
    tiny_dataset: Dataset, tmp_path: Path
) -> None:
    sequences, users = Sequences(tiny_dataset), np.array([3, 7])
    plain = load_batch(sequences, users, 50, torch.device("cpu"))
    leaking = load_batch(sequences, users, 50, torch.device("cpu"), avoid_held_out=True)
    assert plain.avoid is None
    assert leaking.avoid is not None
    for row, split in enumerate(("valid", "test")):
        wanted = sequences.evaluation_inputs(split, users, 50).target
        assert leaking.avoid[:, row].tolist() == wanted.tolist()


@pytest.mark.parametrize("mode", ["paper", "released"])
@pytest.mark.parametrize("backbone", ["stosa", "indirec", "gru4rec"])
def test_published_modes_train_from_data_to_a_complete_run(
    backbone: str, mode: str, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    config = config_for(
        tiny_dataset,
        f"model.backbone={backbone}",
        f"model.mode={mode}",
        "model.objective.loss=bpr",
        "model.indirec.diffusion_steps=5",
        "training.max_epochs=1",
    )
    run = Run(train_run(config, tmp_path, device="cpu"))
    assert (run.path / "manifest.json").is_file()
