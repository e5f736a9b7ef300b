"""The parts of mode ``anchored`` are what their names say, on items no model has met."""

import pandas as pd
import pytest

from prism_core.truth import measure_truth, report, summarise

ROLE = {
    "unique_image": "own_image",
    "unique_text": "own_text",
    "synergy": "interaction",
    "redundancy": "shared",
}


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return measure_truth(["anchored"], [0], epochs=8)


def values(truth: pd.DataFrame, measure: str) -> pd.Series:
    chosen = truth[truth["measure"] == measure]
    return chosen.set_index(["part", "factor"])["value"]


@pytest.mark.slow
def test_each_part_holds_its_factor_and_no_other(truth: pd.DataFrame) -> None:
    for (part, factor), r2 in values(truth, "probe").items():
        assert (r2 >= 0.8) if ROLE[part] == factor else (r2 <= 0.2), (part, factor, r2)


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


def test_the_report_has_a_row_per_part_and_a_cell_per_measure() -> None:
    keys = [("a", "probe", part, factor) for part in ("p", "q") for factor in ("f", "g")]
    columns = ["mode", "measure", "part", "factor"]
    frame = pd.DataFrame(keys * 2, columns=columns).assign(value=[0.5] * 4 + [1.0] * 4)
    lines = report(frame).splitlines()
    assert lines[:3] == ["### a", "", "| part | probe: f | probe: g |"]
    assert lines[4].startswith("| p | 0.75 [-2.43, 3.93] |")
    assert len(lines) == 6
