"""Ray Train starts the same training."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from prism_core.__main__ import main
from prism_core.store.datasets import Dataset
from prism_core.store.reader import list_runs
from tests.distributed.test_processes import Run, losses, trained_alone

SETTINGS = ("model.hidden_size=16", "model.num_layers=1", "training.batch_size=16")
HAS_RAY = importlib.util.find_spec("ray") is not None


def words(dataset: Dataset, root: Path, workers: int) -> list[str]:
    command = ["train", "--preset", "prism", "--out", str(root), "--device", "cpu"]
    for text in (f"data.path={dataset.path}", *SETTINGS, "training.max_epochs=3"):
        command += ["--set", text]
    return [*command, "--ray", str(workers)]


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_it_says_how_to_get_it(
    tmp_path: Path, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tiny_dataset, tmp_path, 2)) == 2
    assert "pip install 'ray[train]'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: pip install 'ray[train]'")
def test_two_ray_workers_agree_with_one_process(tmp_path: Path, tiny_dataset: Dataset) -> None:
    command = [sys.executable, "-m", "prism_core", *words(tiny_dataset, tmp_path / "ray", 2)]
    environment = {**os.environ, "RAY_TRAIN_V2_ENABLED": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (entry,) = list_runs([tmp_path / "ray"])
    run, alone = Run(entry.path), trained_alone(tiny_dataset, tmp_path / "alone")
    assert run.manifest["training"]["processes"] == 2
    pd.testing.assert_frame_equal(losses(run), losses(alone), atol=1e-6, rtol=1e-6)
    pd.testing.assert_frame_equal(run.table("metrics"), alone.table("metrics"))
