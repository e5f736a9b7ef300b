"""The table of recovered worlds, and definitions that dit cannot solve."""

from pathlib import Path

import dit.pid
import pandas as pd
import pytest
from dit.exceptions import ditException

from analysis.__main__ import main
from analysis.information.definitions import compare_definitions
from analysis.information.gates import gate
from analysis.information.worlds import WORLDS
from analysis.information.worlds_command import RECOVERED


def test_worlds_are_written_as_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "recovered.parquet"
    options = ["--samples", "300", "--permutations", "20", "--markdown"]
    assert main(["worlds", *options, "--out", str(out)]) == 0
    frame = pd.read_parquet(out)
    assert set(frame["world"]) == {world.name for world in WORLDS}
    printed = capsys.readouterr().out
    assert '"done": 5, "total": 5' in printed
    assert "| synergy | 300 |" in printed


def test_bundled_worlds_are_those_of_this_code() -> None:
    frame = pd.read_parquet(Path(__file__).parents[2] / RECOVERED)
    planted = {(world.name, atom): bits for world in WORLDS for atom, bits in world.atoms.items()}
    stored = frame.set_index(["world", "atom"])["planted"]
    assert all(stored[key].eq(bits).all() for key, bits in planted.items())
    largest = frame[frame["samples"] == frame["samples"].max()]
    assert largest["error"].abs().max() < 0.02


def test_a_definition_that_dit_cannot_solve_is_said_not_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def give_up(*_: object) -> None:
        raise ditException("Optimization failed")

    monkeypatch.setattr(dit.pid, "PID_Proj", give_up)
    frame = compare_definitions(gate("AND").probabilities, names=("BROJA", "Proj"))
    assert frame.groupby("definition")["value"].count().to_dict() == {"BROJA": 4, "Proj": 0}
    assert frame["meaning"].iloc[-1].endswith("no answer for this table.")
