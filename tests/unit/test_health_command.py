"""The command that checks parts: what it stores, resumes and calls out of date."""

import argparse
import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.health import command as health_command
from analysis.health import freshness
from analysis.health.freshness import DEFAULTS, content_key, why_out_of_date
from analysis.health.verdicts import measure
from analysis.unfinished import Unfinished
from prism_core.errors import DataError
from prism_core.names import PARTS
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.factories import make_dataset, make_run
from tests.healthy import healthy


def test_the_command_stores_measures_verdicts_and_roles_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.information.refitting.MOST_EVENTS", 0)
    dataset = make_dataset(tmp_path / "data", num_items=130, length=14)
    path = make_run(tmp_path / "runs", dataset=dataset)
    parser = argparse.ArgumentParser()
    health_command.add_arguments(parser)
    args = parser.parse_args(
        [str(path), "--dataset", str(tmp_path / "data"), "--permutations", "10"]
    )
    health_command.run(args)
    table = Run(path).table("health")
    assert set(table.loc[table["quantity"] == "verdict", "part"]) == set(PARTS)
    assert (table["quantity"].str.startswith("role")).any()
    assert (table["quantity"].str.startswith("beyond")).any()
    assert len(table[table["quantity"] == "probe"]) == len(PARTS) * 2
    assert set(table.loc[table["quantity"] == "explains", "other"]) == {"category", "popularity"}
    assert why_out_of_date(Run(path), has_dataset=True) == ""
    capsys.readouterr()
    health_command.run(args)
    assert '"computed": false' in capsys.readouterr().out


def test_a_stopped_check_goes_on_behind_its_last_finished_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.information.refitting.MOST_EVENTS", 0)
    dataset = make_dataset(tmp_path / "data", num_items=130, length=14)
    path = make_run(tmp_path / "runs", dataset=dataset)
    key = content_key(Run(path), dataset.fingerprint, {"permutations": 5, "seed": 0})
    args = argparse.Namespace(runs=[path], dataset=tmp_path / "data", permutations=5, seed=0)
    asked, role = [], health_command.role

    def stopped_at_synergy(part: str, *given: object, **named: object) -> pd.DataFrame:
        asked.append(part)
        if asked == list(PARTS[:3]):
            raise KeyboardInterrupt
        return role(part, *given, **named)

    monkeypatch.setattr(health_command, "role", stopped_at_synergy)
    with pytest.raises(KeyboardInterrupt):
        health_command.run(args)
    assert not Run(path).has("health")
    assert Unfinished.of_run(path, key).has("probes")
    health_command.run(args)
    assert asked == [*PARTS[:3], *PARTS[2:]]
    whole = health_command.health_table(Run(path), dataset, args)
    stored = Run(path).table("health")
    plain = [frame.astype(object).where(frame.notna(), None) for frame in (stored, whole)]
    pd.testing.assert_frame_equal(*plain)
    assert not Unfinished.of_run(path, key).has("probes")


def test_a_check_is_out_of_date_where_its_inputs_or_the_program_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path, dataset=make_dataset(tmp_path / "data"))
    run, fingerprint = Run(path), Run(path).manifest["dataset"]["fingerprint"]
    assert why_out_of_date(run, has_dataset=True) == ""
    chosen = {"permutations": 7, "seed": 3}
    for data, settings in ((fingerprint, None), (fingerprint, chosen), (None, chosen)):
        key = content_key(run, data, settings or DEFAULTS)
        add_artifact(path, "health", measure(*healthy()), key=key, settings=settings)
        assert why_out_of_date(Run(path), has_dataset=data is not None) == ""
    assert "without the data set" in why_out_of_date(Run(path), has_dataset=True)
    monkeypatch.setattr(freshness, "_REVISION", freshness._REVISION + 1)
    assert "older version" in why_out_of_date(Run(path), has_dataset=False)
    monkeypatch.undo()
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"]["vectors.safetensors"]["sha256"] = "0" * 64
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert "their vectors have changed" in why_out_of_date(Run(path), has_dataset=False)


def test_a_run_without_parts_is_refused(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "data")
    path = make_run(tmp_path / "runs", dataset=dataset, has_parts=False)
    with pytest.raises(DataError, match="no parts"):
        health_command.health_table(Run(path), None, argparse.Namespace())
