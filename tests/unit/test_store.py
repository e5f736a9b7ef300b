"""The run store: what was written comes back, and damage is named, never raised in the list."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prism_core.errors import DataError, RunFormatError
from prism_core.names import PARTS
from prism_core.store import files
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run, list_runs, read_events
from prism_core.store.writer import RunWriter, add_artifact, artifact_key
from tests.factories import make_dataset, make_run


@pytest.fixture
def run_path(tmp_path: Path, tiny_dataset: Dataset) -> Path:
    return make_run(tmp_path / "runs", dataset=tiny_dataset)


def test_a_complete_run_reads_back_and_verifies(run_path: Path, tiny_dataset: Dataset) -> None:
    run = Run(run_path)
    run.verify()
    assert run.parts == PARTS
    assert len(run.table("users")) == tiny_dataset.num_users
    coalitions = np.stack(run.table("recommendations")["part_coalitions"])
    assert coalitions.shape[1] == 2 ** (len(PARTS) + 1)
    assert run.vectors()["items.synergy"].shape[0] == tiny_dataset.num_items + 1


def test_no_manifest_means_incomplete(run_path: Path) -> None:
    (run_path / "manifest.json").unlink()
    (entry,) = list_runs([run_path.parent])
    assert entry.status == "incomplete"


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[1]", '{"schema_version": 1}', '{"schema_version": 99}', "\udcff"],
)
def test_a_damaged_manifest_is_listed_with_its_reason(run_path: Path, damage: str) -> None:
    (run_path / "manifest.json").write_bytes(damage.encode("utf-8", "surrogateescape"))
    (entry,) = list_runs([run_path.parent])
    assert entry.status == "damaged"
    assert "manifest.json" in entry.reason


def test_a_truncated_or_missing_table_makes_the_run_damaged(run_path: Path) -> None:
    table = run_path / "users.parquet"
    table.write_bytes(table.read_bytes()[:-20])
    assert list_runs([run_path.parent])[0].status == "damaged"
    table.unlink()
    entry = list_runs([run_path.parent])[0]
    assert entry.status == "damaged"
    assert "users.parquet" in entry.reason


def test_the_manifest_may_hold_anything_without_breaking_the_list(run_path: Path) -> None:
    manifest = json.loads((run_path / "manifest.json").read_text())
    for key in manifest:
        broken = manifest | {key: None}
        (run_path / "manifest.json").write_text(json.dumps(broken))
        assert len(list_runs([run_path.parent])) == 1


def test_verify_finds_a_changed_byte(run_path: Path) -> None:
    config = run_path / "config.json"
    config.write_text(config.read_text().replace("PRISM", "PRISN"))
    with pytest.raises(RunFormatError, match=r"config\.json.*differs"):
        Run(run_path).verify()


def test_a_table_without_a_promised_column_is_refused(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run")
    with pytest.raises(RunFormatError, match="'rank' is missing"):
        writer.write_table("user_metrics", pd.DataFrame({"user_id": [], "target_item_id": []}))
    assert not (tmp_path / "run" / "user_metrics.parquet").exists()


def test_an_artifact_keeps_its_key_and_the_run_stays_whole(run_path: Path) -> None:
    frame = pd.DataFrame({"item_index": [1], "x": [0.5], "y": [0.25]})
    add_artifact(run_path, "maps/items", frame, key="abc")
    assert artifact_key(run_path, "maps/items") == "abc"
    assert artifact_key(run_path, "maps/users") is None
    run = Run(run_path)
    run.verify()
    pd.testing.assert_frame_equal(run.table("maps/items"), frame)


def test_a_request_to_end_waits_until_table_and_manifest_agree(
    run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop of the app ends a command with a signal, at any moment."""
    frame = pd.DataFrame({"item_index": [1], "x": [0.5], "y": [0.25]})
    add_artifact(run_path, "maps/items", frame, key="abc")
    write, ended = files.write_parquet, []
    before = signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))

    def stopped_after_writing(path: Path, frame: pd.DataFrame) -> None:
        write(path, frame)
        signal.raise_signal(signal.SIGTERM)
        assert not ended

    monkeypatch.setattr(files, "write_parquet", stopped_after_writing)
    try:
        add_artifact(run_path, "maps/items", pd.concat([frame] * 50), key="def")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended == [signal.SIGTERM]
    assert artifact_key(run_path, "maps/items") == "def"
    Run(run_path).verify()


def test_artifacts_of_many_writers_are_all_kept(run_path: Path) -> None:
    frame = pd.DataFrame({"item_index": [1], "x": [0.5], "y": [0.25]})
    script = (
        "import sys; from pathlib import Path; import pandas as pd;"
        "from prism_core.store.writer import add_artifact;"
        "frame = pd.DataFrame({'item_index': [1], 'x': [0.5], 'y': [0.25]});"
        "[add_artifact(Path(sys.argv[1]), f'maps/{sys.argv[2]}-{n}', frame, key='k')"
        " for n in range(20)]"
    )
    command = [sys.executable, "-c", script, str(run_path)]
    writers = [subprocess.Popen([*command, name]) for name in ("one", "two")]
    for number in range(20):
        add_artifact(run_path, f"maps/here-{number}", frame, key="k")
    assert [writer.wait(60) for writer in writers] == [0, 0]
    kept = {name for name in Run(run_path).manifest["files"] if name.startswith("maps/")}
    assert len(kept) == 60
    Run(run_path).verify()


def test_a_half_written_last_event_is_left_out(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run")
    writer.log("epoch", epoch=1)
    with (tmp_path / "run" / "events.jsonl").open("a") as handle:
        handle.write('{"event": "epo')
    assert read_events(tmp_path / "run") == [{"event": "epoch", "epoch": 1}]


def test_two_equal_data_sets_have_one_fingerprint(tmp_path: Path) -> None:
    first = make_dataset(tmp_path / "a")
    second = make_dataset(tmp_path / "b")
    other = make_dataset(tmp_path / "c", seed=1)
    assert first.fingerprint == second.fingerprint != other.fingerprint


def test_features_have_a_padding_row_and_flag_what_is_missing(tiny_dataset: Dataset) -> None:
    image = tiny_dataset.features("image")
    assert image.vectors.shape == (tiny_dataset.num_items + 1, 24)
    assert not image.available[0]
    assert not image.available[3]
    assert not image.vectors[3].any()
    with pytest.raises(DataError, match="no modality 'sound'"):
        tiny_dataset.features("sound")


def test_a_damaged_feature_file_is_named(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "data")
    (tmp_path / "data" / "features" / "text.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match=r"text\.npz.*not a readable"):
        dataset.features("text")


def test_lists_come_back_as_one_array_and_rows_of_one_user_alone(run_path: Path) -> None:
    run = Run(run_path)
    whole = run.table("recommendations")
    stacked = np.stack(whole["part_coalitions"])
    np.testing.assert_array_equal(run.lists("recommendations", "part_coalitions"), stacked)
    mine = run.table("recommendations", where={"user_id": "7"})
    np.testing.assert_array_equal(
        np.stack(mine["part_coalitions"]), stacked[(whole["user_id"] == "7").to_numpy()]
    )


def test_lists_of_different_lengths_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"values": [[1.0], [1.0, 2.0]]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(RunFormatError, match="'values' differ in length"):
        files.read_lists(tmp_path / "t.parquet", "values")
    with pytest.raises(RunFormatError, match=r"t\.parquet.*not readable"):
        files.read_lists(tmp_path / "t.parquet", "none")
