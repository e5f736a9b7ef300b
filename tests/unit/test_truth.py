"""The parts of mode ``anchored`` are what their names say, on items no model has met."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from prism_core.__main__ import main
from prism_core.data.synthetic import FACTORS, make_world
from prism_core.truth import (
    TRUTH_MODEL,
    WORLD,
    measure_truth,
    probe_r2,
    train_on_world,
)
from prism_core.truth_report import CONDITIONS, ROLES, report, summarise, verdicts


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return measure_truth(["anchored"], [0], epochs=8)


def values(truth: pd.DataFrame, measure: str) -> pd.Series:
    chosen = truth[truth["measure"] == measure]
    return chosen.set_index(["part", "factor"])["value"]


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(CONDITIONS)), ids=[c.measure for c in CONDITIONS])
def test_every_role_holds(truth: pd.DataFrame, place: int) -> None:
    row = verdicts(truth).iloc[place]
    assert row["holds"], dict(row)


@pytest.mark.slow
def test_no_part_tells_more_than_an_oracle(truth: pd.DataFrame) -> None:
    r2 = values(truth, "probe")
    for part, factor in ROLES.items():
        assert r2[part, factor] < r2["oracle", factor] + 0.01


@pytest.mark.slow
def test_saturated_factors_find_an_interaction_of_signs() -> None:
    world = make_world(replace(WORLD, interaction="xor"), 0)
    unseen = {name: torch.from_numpy(rows) for name, rows in world.unseen_features.items()}
    found = {}
    for kind in ("plain", "saturated"):
        model = train_on_world(replace(TRUTH_MODEL, synergy_factors=kind), world, 0, epochs=10)
        with torch.no_grad():
            known, new = model.item_vectors(), model.new_item_vectors(unseen)
        found[kind] = {f: probe_r2(known["synergy"][1:], new["synergy"], world, f) for f in FACTORS}
    assert found["saturated"]["interaction"] > 0.45
    assert found["saturated"]["interaction"] > found["plain"]["interaction"] + 0.15
    assert max(r2 for f, r2 in found["saturated"].items() if f != "interaction") < 0.1


@pytest.mark.slow
def test_withholding_a_modality_moves_only_what_reads_it(truth: pd.DataFrame) -> None:
    change = values(truth, "withheld")
    for kept, withheld in (("text", "image"), ("image", "text")):
        assert change[f"unique_{kept}", withheld] < 0.1
        assert change["redundancy", withheld] < 0.1
        assert change[f"unique_{withheld}", withheld] > 0.5
        assert change["synergy", withheld] > 0.5


@pytest.mark.slow
def test_synergy_is_silent_where_the_world_has_none(truth: pd.DataFrame) -> None:
    share = values(truth, "score_share")
    assert share["synergy", "without interaction"] < 0.05
    assert share["synergy", "with interaction"] > share["synergy", "without interaction"] + 0.01


def test_intervals_over_seeds_match_a_hand_computed_one() -> None:
    row = {"mode": "anchored", "measure": "probe", "part": "synergy", "factor": "shared"}
    frame = pd.DataFrame([row | {"seed": s, "value": v} for s, v in enumerate((1.0, 2.0, 3.0))])
    summary = summarise(frame).iloc[0]
    assert summary["mean"] == pytest.approx(2.0)
    assert summary["num_seeds"] == 3
    assert summary["high"] - summary["mean"] == pytest.approx(4.302653 / 3**0.5, rel=1e-5)


def perfect(seeds: int = 2, **changes: float) -> pd.DataFrame:
    """Numbers of parts that hold their roles, but for changes by ``measure:part:factor``."""
    parts = list(ROLES)
    numbers = {f"probe:{p}:{f}": float(ROLES[p] == f) for p in parts for f in FACTORS}
    numbers |= {f"withheld:{p}:{m}": 0.0 for p in parts for m in ("image", "text")}
    numbers |= {f"score_share:{p}:without interaction": 0.0 for p in parts}
    rows = [("a", seed, *key.split(":"), value) for seed in range(seeds) for key, value in
            (numbers | (changes if seed == seeds - 1 else {})).items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["mode", "seed", "measure", "part", "factor", "value"])


def test_the_report_has_a_row_per_part_and_a_cell_per_measure() -> None:
    lines = report(perfect(**{"probe:synergy:interaction": 0.5})).splitlines()
    assert lines[0] == "### a"
    assert lines[2].startswith("| part | probe: own_image | probe: own_text |")
    assert lines[6].startswith("| synergy | 0.00 [0.00, 0.00] |")
    assert "| 0.75 [-2.43, 3.93] |" in lines[6]
    assert lines[-4] == "| a | R2 for its own factor | at least 0.8 | 0.50 | no |"
    assert all(line.endswith("| yes |") for line in lines[-3:])


def test_one_seed_has_no_interval() -> None:
    assert "| 1.00 | 0.00 |" in report(perfect(seeds=1))


@pytest.mark.parametrize(
    ("number", "value", "place"),
    [
        ("probe:redundancy:shared", 0.79, 0),
        ("probe:unique_text:shared", 0.21, 1),
        ("withheld:unique_text:image", 0.11, 2),
        ("withheld:redundancy:text", 0.11, 2),
        ("score_share:synergy:without interaction", 0.06, 3),
    ],
)
def test_a_number_out_of_bounds_in_one_seed_breaks_its_condition_alone(
    number: str, value: float, place: int
) -> None:
    table = verdicts(perfect(**{number: value}))
    assert table["holds"].tolist() == [index != place for index in range(len(CONDITIONS))]
    assert table["worst"][place] == value


@pytest.mark.parametrize("free", ["unique_image", "synergy"])
def test_parts_may_change_when_what_they_need_is_withheld(free: str) -> None:
    assert verdicts(perfect(**{f"withheld:{free}:image": 1.0}))["holds"].all()


def test_the_command_changes_world_and_model_and_keeps_every_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["truth", "--modes", "anchored", "--seeds", "1", "--epochs", "1", "--set",
             "synergy_factors=both", "--world", "interaction=xor"]  # fmt: skip
    small = {"num_users": 60, "num_items": 60, "num_unseen": 20}
    words += [word for key, value in small.items() for word in ("--world", f"{key}={value}")]
    assert main([*words, "--out", str(tmp_path / "numbers.csv")]) == 0
    assert "### Do the roles hold in every seed?" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "numbers.csv")) == 16 + 4 + 8 + 8


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--world", "interaction=and"], "world.interaction"),
        (["--world", "nois=1"], "noise"),
        (["--set", "synergy_factors=soft"], "synergy_factors"),
    ],
)
def test_a_world_that_cannot_be_is_refused(
    wrong: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["truth", "--modes", "anchored", *wrong]) == 2
    assert told in capsys.readouterr().err


def test_what_one_mode_lacks_is_refused_before_any_mode_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["truth", "--modes", "anchored,paper", "--set", "synergy_factors=both"]) == 2
    said = capsys.readouterr()
    assert "synergy_factors" in said.err
    assert "measured" not in said.out
