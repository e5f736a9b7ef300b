"""The table of recovered worlds, and definitions that dit cannot solve."""

import math
import os
import time
from pathlib import Path

import dit.pid
import pandas as pd
import pytest
from dit.exceptions import ditException

from analysis.__main__ import main
from analysis.information.bounded import Bounded, TimeLimitError
from analysis.information.definitions import around, compare_definitions, dit_atoms
from analysis.information.gates import gate
from analysis.information.truth import RECOVERED
from analysis.information.worlds import WORLDS
from prism_core.errors import PrismError


def test_worlds_are_written_as_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.information.refitting.MOST_EVENTS", 0)
    out = tmp_path / "deep" / "recovered.parquet"
    options = ["--samples", "300", "--permutations", "20", "--markdown"]
    assert main(["worlds", *options, "--out", str(out)]) == 0
    frame = pd.read_parquet(out)
    assert set(frame["world"]) == {world.name for world in WORLDS}
    printed = capsys.readouterr().out
    assert '"done": 5, "total": 5' in printed
    assert "| synergy | 300 |" in printed


def test_bundled_worlds_are_those_of_this_code() -> None:
    frame = pd.read_parquet(RECOVERED)
    planted = {(world.name, atom): bits for world in WORLDS for atom, bits in world.atoms.items()}
    stored = frame.set_index(["world", "atom"])["planted"]
    assert all(stored[key].eq(bits).all() for key, bits in planted.items())
    largest = frame[frame["samples"] == frame["samples"].max()]
    assert largest["error"].abs().max() < 0.02


def test_definitions_run_beside_and_say_what_they_mean() -> None:
    frame = compare_definitions(gate("UNQ").probabilities, names=("BROJA", "WB", "Proj"))
    redundancy = frame[frame["atom"] == "redundancy"].set_index("definition")["value"]
    assert redundancy["BROJA"] == pytest.approx(0, abs=1e-6)
    assert redundancy["WB"] == pytest.approx(1, abs=1e-6)
    assert redundancy["Proj"] == pytest.approx(0, abs=1e-6)
    assert frame["meaning"].str.endswith(".").all()


def test_definitions_are_moved_to_where_the_corrected_atoms_are() -> None:
    """All agree on each source's and the joint information; only redundancy tells them apart."""
    panel = compare_definitions(gate("UNQ").probabilities, names=("BROJA", "WB"))
    corrected = {"unique_first": 0.9, "unique_second": 0.8, "synergy": 0.05, "redundancy": 0.1}
    moved = around(panel, corrected).pivot(index="definition", columns="atom", values="value")
    assert moved.loc["BROJA"].to_dict() == pytest.approx(corrected)
    assert moved.loc["WB"].to_dict() == pytest.approx(
        {"unique_first": -0.1, "unique_second": -0.2, "synergy": 1.05, "redundancy": 1.1}, abs=1e-6
    )


def test_a_definition_that_takes_too_long_is_ended_and_said() -> None:
    frame = compare_definitions(gate("AND").probabilities, names=("BROJA", "MMI"), limit=0.01)
    assert frame.groupby("definition")["value"].count().to_dict() == {"BROJA": 4, "MMI": 0}
    assert frame["meaning"].iloc[-1].endswith("No answer within 0.01 seconds.")


def test_a_process_that_hangs_is_replaced() -> None:
    with Bounded(limit=20.0) as process:
        assert process.call(math.sqrt, 9.0) == 3.0
        process.limit = 0.2
        with pytest.raises(TimeLimitError, match=r"within 0\.2 seconds"):
            process.call(time.sleep, 60)
        process.limit = 20.0
        assert process.call(math.sqrt, 4.0) == 2.0


def test_what_a_bounded_call_raises_is_raised_here() -> None:
    with Bounded(limit=20.0) as process:
        with pytest.raises(ValueError, match="math domain error"):
            process.call(math.sqrt, -1.0)
        assert process.call(math.sqrt, 4.0) == 2.0


def test_a_process_that_dies_is_explained_and_not_started_again_and_again() -> None:
    with (
        Bounded(limit=20.0) as process,
        pytest.raises(PrismError, match="put the call under 'if __name__"),
    ):
        process.call(os._exit, 1)


def test_a_measure_that_gives_up_leaves_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> None:
        raise ditException("Optimization failed")

    monkeypatch.setattr(dit.pid, "PID_Proj", give_up)
    atoms = dit_atoms("PID_Proj", gate("AND").probabilities)
    assert all(math.isnan(value) for value in atoms.values())
