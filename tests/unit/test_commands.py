"""The command line: what it makes, and one clear line for every mistake."""

from pathlib import Path

import numpy as np
import pytest

from prism_core.__main__ import main
from prism_core.config.run import RunConfig, load_run_config, preset_names
from prism_core.errors import ConfigError
from prism_core.names import PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_run
from prism_core.store.reader import Run, list_runs

FAST = ("training.max_epochs=1", "model.hidden_size=16", "model.num_layers=1")


def train(dataset: Dataset, root: Path, *arguments: str) -> int:
    words = ["train", "--preset", "sasrec", "--out", str(root), "--device", "cpu"]
    for text in (f"data.path={dataset.path}", *FAST):
        words += ["--set", text]
    return main([*words, *arguments])


def test_train_then_evaluate_reproduces_the_stored_metrics(
    tmp_path: Path, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tiny_dataset, tmp_path, "--seed", "3") == 0
    printed = capsys.readouterr().out
    assert "run folder: " in printed
    assert "valid ndcg@10" in printed
    (entry,) = list_runs([tmp_path])
    assert (entry.status, entry.seed) == ("complete", 3)
    assert main(["evaluate", str(entry.path), "--device", "cpu"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(rows) == 12
    assert all(now == stored for _, now, stored in rows)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train"], "--preset"),
        (["train", "--preset", "prsm"], "prism"),
        (["train", "--preset", "prism", "--set", "model.hiden_size=3"], "hidden_size"),
        (["train", "--preset", "prism", "--set", "training.batch_size=0"], "at least 1"),
        (["train", "--preset", "prism", "--set", "data.path=nowhere"], "prepare"),
        (["train", "--resume", "nowhere"], "config.json"),
        (["evaluate", "nowhere"], "manifest.json"),
        (["export", "nowhere", "--to", "here"], "manifest.json"),
        (["study", "nowhere.toml", "--out", "here"], "nowhere.toml"),
    ],
)
def test_mistakes_get_one_line(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert printed.count("\n") == 1
    assert told in printed


def test_stopped_training_says_how_to_go_on(
    tmp_path: Path,
    tiny_dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("prism_core.training.loop.Trainer._step", interrupt)
    assert train(tiny_dataset, tmp_path) == 130
    assert "--resume" in capsys.readouterr().err
    monkeypatch.undo()
    (entry,) = list_runs([tmp_path])
    assert entry.status == "incomplete"
    assert main(["train", "--resume", str(entry.path), "--device", "cpu"]) == 0
    assert list_runs([tmp_path])[0].status == "complete"


def test_a_run_can_be_trained_again_from_its_folder(tmp_path: Path, tiny_dataset: Dataset) -> None:
    assert train(tiny_dataset, tmp_path / "one", "--seed", "3") == 0
    (one,) = list_runs([tmp_path / "one"])
    like = ["train", "--like", str(one.path), "--device", "cpu"]
    assert main([*like, "--out", str(tmp_path / "two")]) == 0
    (two,) = list_runs([tmp_path / "two"])
    assert two.run_id == one.run_id
    assert Run(two.path).table("user_metrics").equals(Run(one.path).table("user_metrics"))
    assert main([*like, "--out", str(tmp_path / "two"), "--seed", "4"]) == 0
    assert {entry.seed for entry in list_runs([tmp_path / "two"])} == {3, 4}


def test_compact_copy_has_a_right_manifest(tmp_path: Path, tiny_runs: Path) -> None:
    copy = export_run(tiny_runs / "prism-seed0", tmp_path / "copy", without=("vectors",))
    run = Run(copy)
    run.verify()
    assert not run.has_vectors
    assert len(run.table("users")) == 40
    with pytest.raises(ConfigError, match="recommendations"):
        export_run(tiny_runs / "prism-seed0", tmp_path / "other", without=("users",))


def test_compact_copy_stays_close_and_is_smaller(tmp_path: Path, tiny_runs: Path) -> None:
    source = Run(tiny_runs / "prism-seed0")
    copy = Run(export_run(source.path, tmp_path / "copy", compact=True))
    copy.verify()
    table = "recommendations.parquet"
    assert (copy.path / table).stat().st_size < (source.path / table).stat().st_size
    ours, theirs = copy.table("recommendations"), source.table("recommendations")
    np.testing.assert_allclose(ours["score"], theirs["score"], rtol=1e-5)
    games = [np.stack(frame["part_coalitions"].to_list()) for frame in (ours, theirs)]
    np.testing.assert_allclose(*games, rtol=1e-5)
    np.testing.assert_allclose(games[0][:, -1], ours["score"], rtol=1e-6)


def test_presets_say_only_what_differs() -> None:
    removed = {load_run_config(preset=name).model.without for name in preset_names()}
    assert {(part,) for part in PARTS} <= removed
    assert load_run_config(preset="prism") == RunConfig()
