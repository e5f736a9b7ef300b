"""A study that is stopped ends all its workers, keeps what they did and goes on from there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prism_core.__main__ import main
from prism_core.store.datasets import Dataset
from prism_core.store.reader import list_runs, read_events

ROOT = Path(__file__).parents[2]
EPOCHS = 150
STUDY = """
datasets = ["{data}"]
floors = false
seeds = [0, 1]
set = ["training.max_epochs={epochs}", "training.patience=1000", "model.hidden_size=16"]
[[variants]]
preset = "sasrec"
"""


@pytest.mark.slow
def test_a_stopped_study_leaves_no_worker_and_goes_on(
    tmp_path: Path, tiny_dataset: Dataset
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.format(data=tiny_dataset.path, epochs=EPOCHS), encoding="utf-8")
    words = ["study", str(study), "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    words += ["--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "prism_core", *words, "--jobs", "2"],
        cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    wait_for_epochs(tmp_path / "work", process, runs=2)
    process.send_signal(signal.SIGTERM)
    _, printed = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command continues" in printed
    wait_until_gone(process.pid)
    done = {}
    for entry in list_runs([tmp_path / "work"]):
        events = read_events(entry.path)
        assert events[-1]["event"] == "stopped"
        done[entry.run_id] = events[-1]["epoch"]
    assert len(done) == 2
    study.write_text(STUDY.format(data=tiny_dataset.path, epochs=EPOCHS), encoding="utf-8")
    assert main([*words, "--only", "* seed 0"]) == 0
    (entry,) = list_runs([tmp_path / "out"])
    resumed = [e for e in read_events(tmp_path / "work" / entry.run_id) if e["event"] == "resumed"]
    (event,) = resumed
    assert done[entry.run_id] - 1 <= event["epoch"] <= done[entry.run_id]
    record = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))["runs"]
    statuses = {run["label"]: run["status"] for run in record.values()}
    assert statuses == {"SASRec seed 0": "complete", "SASRec seed 1": "planned"}


def wait_until_gone(group: int) -> None:
    """Wait until no process of the group lives; ended ones that nobody collected do not count."""
    for _ in range(100):
        listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True)
        states = [line.split() for line in listed.stdout.splitlines()]
        if not any(int(pgid) == group and state[0] != "Z" for pgid, state in states):
            return
        time.sleep(0.1)
    raise AssertionError("processes of the study are still there")


def wait_for_epochs(work: Path, process: subprocess.Popen, runs: int) -> None:
    """Wait until so many runs have finished three epochs."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        folders = [entry.path for entry in list_runs([work])]
        started = [sum(e["event"] == "epoch" for e in read_events(f)) > 2 for f in folders]
        if sum(started) >= runs:
            return
        time.sleep(0.2)
    raise AssertionError(f"no {runs} runs have begun; the study ended with {process.poll()}.")
