"""Fixtures that several kinds of tests share."""

from pathlib import Path

import pytest

from prism_core.store.datasets import Dataset
from tests.factories import make_dataset, make_run


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
