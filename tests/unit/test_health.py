"""Verdicts on parts whose fate is built in."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from analysis import health_command
from analysis.health import judge, measure
from analysis.plots import health as plots
from prism_core.errors import DataError
from prism_core.evaluation.part_measures import linear_cka, norm, sensitivity, spread
from prism_core.names import PARTS
from prism_core.store.reader import Run
from tests.factories import make_dataset, make_run

RNG = np.random.default_rng(0)
IMAGE, TEXT, SHARED = RNG.normal(size=(3, 200, 6))


def healthy() -> tuple[dict[str, np.ndarray], dict[str, dict[str, np.ndarray]]]:
    """Parts that keep their roles."""
    parts = dict(zip(PARTS, (IMAGE, TEXT, IMAGE * TEXT, SHARED), strict=True))
    still = {part: array.copy() for part, array in parts.items()}
    nothing = np.zeros_like(IMAGE)
    without = {
        "image": still | {"unique_image": nothing, "synergy": nothing},
        "text": still | {"unique_text": nothing, "synergy": nothing},
    }
    return parts, without


def verdicts(parts: dict, without: dict) -> dict[str, str]:
    return {one.part: one.verdict for one in judge(measure(parts, without))}


def test_parts_that_keep_their_roles_are_alive() -> None:
    assert verdicts(*healthy()) == dict.fromkeys(PARTS, "alive")


def test_a_constant_part_is_found() -> None:
    parts, without = healthy()
    parts["synergy"] = np.ones((200, 6)) + 1e-4 * IMAGE
    assert verdicts(parts, without)["synergy"] == "constant"


def test_a_tiny_part_is_dead() -> None:
    parts, without = healthy()
    parts["redundancy"] = 1e-3 * SHARED
    assert verdicts(parts, without)["redundancy"] == "dead"


@pytest.mark.parametrize(
    ("part", "modality"),
    [("unique_image", "text"), ("unique_text", "image"), ("redundancy", "image")],
)
def test_a_part_that_needs_what_it_should_not_leaks(part: str, modality: str) -> None:
    parts, without = healthy()
    without[modality][part] = np.zeros((200, 6))
    assert verdicts(parts, without)[part] == "leaks"


def test_synergy_that_needs_only_one_modality_leaks() -> None:
    parts, without = healthy()
    without["text"]["synergy"] = parts["synergy"]
    found = {one.part: one for one in judge(measure(parts, without))}
    assert found["synergy"].verdict == "leaks"
    assert "hardly needs the text (0.00" in found["synergy"].evidence


def test_a_part_that_repeats_another_leaks() -> None:
    parts, without = healthy()
    parts["redundancy"] = parts["unique_text"] * 2
    without["image"]["redundancy"] = without["text"]["redundancy"] = parts["redundancy"]
    found = {one.part: one for one in judge(measure(parts, without))}
    assert "repeats unique text (CKA 1.00)" in found["redundancy"].evidence


def test_measures_have_their_textbook_values() -> None:
    square = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert spread(square + 7) == pytest.approx(1.0)
    assert norm(square) == pytest.approx(1.0)
    assert sensitivity(square, square + np.array([3.0, 4.0])) == pytest.approx(5.0)
    rotation = np.array([[0.0, 1], [-1, 0]])
    assert linear_cka(square, 5 * square @ rotation + 2) == pytest.approx(1.0)
    assert linear_cka(square, np.ones((4, 2))) == 0.0
    assert linear_cka(square[:, :1], square[:, 1:]) == pytest.approx(0.0)


def test_unequal_rows_are_refused() -> None:
    parts, without = healthy()
    parts["synergy"] = parts["synergy"][:10]
    with pytest.raises(DataError, match="different numbers of rows"):
        measure(parts, without)


def test_figures_hold_the_measures() -> None:
    measures = measure(*healthy())
    heat = plots.sensitivity_map(measures=measures).data[0]
    assert np.shape(heat.z) == (4, 2)
    assert heat.text[0][0].endswith("✓")
    assert heat.text[3][0].endswith("·")
    similar = np.asarray(plots.similarity_map(measures=measures).data[0].z)
    np.testing.assert_allclose(np.diag(similar), 1.0)
    np.testing.assert_allclose(similar, similar.T)
    assert len(plots.size_bars(measures=measures).data) == 5
    nothing = measures.head(0)
    for draw in (plots.sensitivity_map, plots.similarity_map, plots.size_bars):
        assert draw(measures=nothing).layout.annotations[0].text


def test_the_command_stores_measures_verdicts_and_roles_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = make_dataset(tmp_path / "data", num_items=300, length=14)
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
    capsys.readouterr()
    health_command.run(args)
    assert '"computed": false' in capsys.readouterr().out


def test_a_run_without_parts_is_refused(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "data")
    path = make_run(tmp_path / "runs", dataset=dataset, has_parts=False)
    with pytest.raises(DataError, match="no parts"):
        health_command.health_table(Run(path), None, argparse.Namespace())
