"""Fixtures that several kinds of tests share, and one thread for all who compute.

Sums depend on how many threads make them, so a process that is compared with another one must
have as many: the variable is read by torch when it is loaded and inherited by subprocesses.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

from pathlib import Path

import pytest
from hypothesis import settings

from prism_core.store.datasets import Dataset
from tests.factories import make_dataset, make_run

settings.register_profile("project", deadline=None)  # a busy machine is no failure
settings.load_profile("project")


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A prepared data set of 40 users and 60 items; read only."""
    return make_dataset(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture(scope="session")
def tiny_runs(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    """A folder of runs: PRISM in two seeds, a backbone and a floor; read only."""
    root = tmp_path_factory.mktemp("runs")
    make_run(root, dataset=tiny_dataset, run_id="prism-seed0", seed=0, skill=0.6)
    make_run(root, dataset=tiny_dataset, run_id="prism-seed1", seed=1, skill=0.6)
    make_run(
        root, dataset=tiny_dataset, run_id="sasrec-seed0", name="SASRec", has_parts=False, skill=0.3
    )
    make_run(
        root,
        dataset=tiny_dataset,
        run_id="popularity",
        name="Popularity",
        kind="floor",
        has_parts=False,
    )
    return root


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    """A folder with one small run that was really trained, so that it has a model."""
    from prism_core.config.run import load_run_config
    from prism_core.training.runs import train_run

    root = tmp_path_factory.mktemp("trained")
    options = ["name=Small", "model.hidden_size=16", "model.num_heads=2", "training.max_epochs=2"]
    path = f'data.path="{tiny_dataset.path}"'
    train_run(load_run_config(preset="prism", overrides=[*options, path]), root, device="cpu")
    return root
