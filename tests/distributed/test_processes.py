"""Training with several processes under ``torchrun``: the same losses, the same metrics."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prism_core.config.run import load_run_config
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run, list_runs, read_events
from prism_core.training.checkpoint import CHECKPOINT
from prism_core.training.runs import train_run

pytestmark = pytest.mark.slow

SETTINGS = (
    "model.hidden_size=16",
    "model.num_layers=1",
    "training.batch_size=16",
)


def launch(
    dataset: Dataset, root: Path, processes: int, *words: str, settings: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    overrides = [f"data.path={dataset.path}", *SETTINGS, *settings]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={processes}", "-m", "prism_core", "train"]
    command += ["--preset", "prism", "--out", str(root), "--device", "cpu"]
    command += [word for text in overrides for word in ("--set", text)]
    command += words
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )


def trained_alone(dataset: Dataset, root: Path) -> Run:
    overrides = [f"data.path={dataset.path}", *SETTINGS, "training.max_epochs=3"]
    config = load_run_config(preset="prism", overrides=overrides)
    return Run(train_run(config, root, device="cpu"))


def trained(dataset: Dataset, root: Path, processes: int, *words: str) -> Run:
    process = launch(dataset, root, processes, *words, settings=("training.max_epochs=3",))
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    (entry,) = list_runs([root])
    return Run(entry.path)


def losses(run: Run) -> pd.DataFrame:
    return pd.DataFrame([e["losses"] for e in run.events() if e["event"] == "epoch"])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Run:
    """The run of one process, with dropout as in the preset."""
    return trained_alone(tiny_dataset, tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize(("size", "how"), [(2, ()), (3, ()), (2, ("--split-items",))])
def test_one_two_and_three_processes_agree(
    tmp_path: Path, tiny_dataset: Dataset, alone: Run, size: int, how: tuple[str, ...]
) -> None:
    run = trained(tiny_dataset, tmp_path, size, *how)
    assert losses(run).columns.equals(losses(alone).columns)
    np.testing.assert_allclose(losses(run), losses(alone), atol=1e-6, rtol=1e-6)
    pd.testing.assert_frame_equal(run.table("metrics"), alone.table("metrics"))
    assert run.manifest["training"]["processes"] == size


def test_dead_process_ends_the_job_without_a_manifest(
    tmp_path: Path, tiny_dataset: Dataset
) -> None:
    process = launch(
        tiny_dataset, tmp_path, 2, settings=("training.max_epochs=500", "training.patience=500")
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(f"*/{CHECKPOINT}")) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = _children(process.pid)
    os.kill(workers[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    (entry,) = list_runs([tmp_path])
    assert entry.status == "incomplete"
    assert not list(tmp_path.glob("*/manifest.json"))
    assert read_events(entry.path)[-1]["event"] in ("failed", "stopped", "epoch")
    assert "a process that trains with this one is gone" in output
    assert "SIGKILL" in output


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    )
    return [int(line) for line in found.stdout.split()]
