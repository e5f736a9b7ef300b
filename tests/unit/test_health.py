"""Verdicts on parts whose fate is built in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.health.epochs import over_epochs, verdicts_over_epochs
from analysis.health.evidence import unshared_share
from analysis.health.probes import explained
from analysis.health.verdicts import judge, measure, stored_verdicts
from prism_core.data.synthetic import WorldConfig, make_world
from prism_core.errors import DataError
from prism_core.evaluation.part_measures import PartMeasure, linear_cka, norm, sensitivity, spread
from prism_core.evaluation.part_probes import HELD_OUT, explained_share, probe_parts
from prism_core.names import PARTS
from prism_core.truth import TRUTH_MODEL, train_on_world
from tests.healthy import IMAGE, SHARED, healthy

RNG = np.random.default_rng(1)


def verdicts(parts: dict, without: dict) -> dict[str, str]:
    return {one.part: one.verdict for one in judge(measure(parts, without))}


def test_parts_that_keep_their_roles_are_alive() -> None:
    assert verdicts(*healthy()) == dict.fromkeys(PARTS, "alive")


def test_evidence_is_in_whole_sentences_with_its_units() -> None:
    beyond = pd.DataFrame(
        [("synergy", "beyond_unique_first", "synergy, rest", 0.005, True)],
        columns=[*PartMeasure._fields, "distinguishable"],
    )
    old = pd.DataFrame(
        [("synergy", "verdict", "dead", np.nan, "Moves by image 1.00 spreads")],
        columns=[*PartMeasure._fields, "text"],
    )
    found = stored_verdicts(pd.concat([measure(*healthy()), beyond, old])).set_index("part")
    assert found["verdict"].tolist() == ["alive"] * 4
    assert found["evidence"]["unique_image"] == (
        "Withholding the image moves its items by 1.01 standard deviations of the part, "
        "withholding the text by 0.00: it depends on the image alone, as its name says."
    )
    assert found["evidence"]["synergy"] == (
        "Withholding the image moves its items by 1.00 standard deviations of the part, "
        "withholding the text by 1.00: it needs both, as its name says. "
        "It tells 0.005 bit about the next item's category that no other part tells."
    )


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


def two_readings(agreement: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Readings of one shared cause by two modalities that agree with this correlation."""
    shared, first, second = np.random.default_rng(1).normal(size=(3, count, 4))
    noise = np.sqrt(1 / agreement - 1)
    return shared + noise * first, shared + noise * second


@pytest.mark.parametrize("agreement", [0.99, 0.9, 0.6, 0.2])
def test_what_withholding_moves_follows_from_how_far_the_modalities_agree(
    agreement: float,
) -> None:
    image, text = two_readings(agreement)
    both = (image + text) / 2
    moved = [sensitivity(both, text), sensitivity(both, image)]
    assert moved[0] ** 2 == pytest.approx((1 - agreement) / (1 + agreement), rel=0.05)
    own = ((image - text) / 2).var() / both.var()
    assert unshared_share(moved) == pytest.approx(own, rel=0.05)


def test_the_unshared_share_of_three_readings_is_that_of_their_noise() -> None:
    shared, *noises = np.random.default_rng(2).normal(size=(4, 50_000, 2))
    readings = [shared + 0.5 * noise for noise in noises]
    full = np.mean(readings, axis=0)
    moved = [sensitivity(full, (3 * full - one) / 2) for one in readings]
    assert unshared_share(moved) == pytest.approx(0.25 / 3 / (1 + 0.25 / 3), rel=0.03)


@pytest.mark.parametrize(("agreement", "verdict"), [(0.9, "alive"), (0.6, "leaks")])
def test_redundancy_of_modalities_that_hardly_agree_is_not_told_by_either(
    agreement: float, verdict: str
) -> None:
    image, text = two_readings(agreement, 200)
    parts, without = healthy()
    parts["redundancy"] = np.concatenate([image + text, 0 * image[:, :2]], axis=1) / 2
    without["image"]["redundancy"] = np.concatenate([text, 0 * image[:, :2]], axis=1)
    without["text"]["redundancy"] = np.concatenate([image, 0 * image[:, :2]], axis=1)
    found = {one.part: one for one in judge(measure(parts, without))}["redundancy"]
    assert found.verdict == verdict
    assert "of its variance is told by one modality alone" in found.evidence


@pytest.mark.parametrize(
    ("mode", "noise", "expected"),
    [
        ("anchored", 0.3, {"alive"}),
        ("anchored", 1.0, {"alive"}),
        ("anchored", 3.0, {"leaks"}),
        ("paper", 0.3, {"leaks"}),
        ("released", 0.3, {"leaks"}),
    ],
)
def test_redundancy_is_judged_by_what_a_planted_world_lets_the_modalities_share(
    mode: str, noise: float, expected: set[str]
) -> None:
    """With noise of 3 both modalities read the shared factor too badly to agree on it."""
    config = WorldConfig(num_users=200, num_items=400, num_unseen=10, noise=noise)
    model = train_on_world(replace(TRUTH_MODEL, mode=mode), make_world(config, 0), 0, 2)
    with torch.no_grad():
        vectors = _rows(model.item_vectors())
        without = {name: _rows(model.item_vectors(withhold=name)) for name in model.modalities}
    found = {one.part: one.verdict for one in judge(measure(vectors, without))}
    assert {found["redundancy"]} == expected
    if mode == "anchored":
        assert [found[part] for part in PARTS[:3]] == ["alive"] * 3


def _rows(vectors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {part: rows[1:].numpy() for part, rows in vectors.items()}


def test_a_unique_part_that_another_modality_explains_leaks() -> None:
    rows = [("unique_image", "probe", "image", 0.9), ("unique_image", "probe", "text", 0.4)]
    probes = pd.DataFrame(rows, columns=["part", "quantity", "other", "value"])
    found = judge(pd.concat([measure(*healthy()), probes]))
    assert found[0].verdict == "leaks"
    assert "linear probe of the text alone explains 40%" in found[0].evidence
    assert [one.verdict for one in found[1:]] == ["alive"] * 3


@pytest.mark.parametrize(("clear", "verdict"), [(True, "leaks"), (False, "alive")])
def test_information_that_belongs_to_another_name_is_a_leak_if_it_is_clear(
    clear: bool, verdict: str
) -> None:
    bits = {"unique_first": 0.1, "unique_second": 0.5, "synergy": 0.0, "redundancy": 0.2}
    role = pd.DataFrame(
        [
            ("unique_image", f"role_{atom}", "image, text", value, clear)
            for atom, value in bits.items()
        ],
        columns=["part", "quantity", "other", "value", "distinguishable"],
    )
    found = judge(pd.concat([measure(*healthy()), role]))[0]
    assert found.verdict == verdict
    said = (
        "What image and text tell of where it puts items is mostly unique text: 0.50 bit, against "
        "0.10 bit of unique image."
    )
    assert (said in found.evidence) == clear


def test_a_linear_probe_explains_what_is_linear_in_its_input() -> None:
    inputs = RNG.normal(size=(400, 5))
    noise = RNG.normal(size=(400, 3))
    assert explained(inputs, inputs[:, :3] + noise, seed=0) == pytest.approx(0.5, abs=0.1)
    assert abs(explained(inputs, noise, seed=0)) < 0.1
    assert abs(explained(inputs, inputs[:, :1] * inputs[:, 1:2], seed=0)) < 0.1


def test_epochs_are_judged_from_what_was_measured_after_each() -> None:
    parts, without = healthy()
    dead = parts | {"synergy": 1e-3 * parts["synergy"]}
    events: list[dict] = [{"event": "started"}]
    for epoch, vectors in enumerate((parts, dead), start=1):
        rows = [list(row) for row in measure(vectors, without).itertuples(index=False)]
        events.append({"event": "epoch", "epoch": epoch, "parts": rows})
    measures = over_epochs(events)
    assert measures["epoch"].unique().tolist() == [1, 2]
    found = verdicts_over_epochs(measures).set_index(["part", "epoch"])["verdict"]
    assert found["synergy"].tolist() == ["alive", "dead"]
    assert over_epochs([{"event": "epoch", "epoch": 1}]).empty


def test_synergy_that_needs_only_one_modality_leaks() -> None:
    parts, without = healthy()
    without["text"]["synergy"] = parts["synergy"]
    found = {one.part: one for one in judge(measure(parts, without))}
    assert found["synergy"].verdict == "leaks"
    assert found["synergy"].evidence == (
        "Withholding the text moves its items by 0.00 standard deviations of the part only, so it "
        "hardly needs the text."
    )


def test_a_part_that_repeats_another_leaks() -> None:
    parts, without = healthy()
    parts["redundancy"] = parts["unique_text"] * 2
    without["image"]["redundancy"] = without["text"]["redundancy"] = parts["redundancy"]
    found = {one.part: one for one in judge(measure(parts, without))}
    assert (
        "It repeats unique text: up to rotation and scale they are alike (CKA 1.00)."
        in found["redundancy"].evidence
    )


def test_measures_have_their_textbook_values() -> None:
    square = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert spread(square + 7) == pytest.approx(1.0)
    assert norm(square) == pytest.approx(1.0)
    assert sensitivity(square, square + np.array([3.0, 4.0])) == pytest.approx(5.0)
    rotation = np.array([[0.0, 1], [-1, 0]])
    assert linear_cka(square, 5 * square @ rotation + 2) == pytest.approx(1.0)
    assert linear_cka(square, np.ones((4, 2))) == 0.0
    assert linear_cka(square[:, :1], square[:, 1:]) == pytest.approx(0.0)


def test_a_probe_reads_a_modality_from_the_part_that_is_made_of_it_alone() -> None:
    image, text = np.random.default_rng(3).normal(size=(2, 400, 6))
    parts = {
        "unique_image": 1e-3 * image @ RNG.normal(size=(6, 9)) + 5,
        "unique_text": text[:, :3],
        "synergy": image * text,
        "redundancy": np.ones((400, 4)),
    }
    has_text = np.arange(400) % 3 > 0
    known = {"image": np.ones(400, dtype=bool), "text": has_text}
    found = probe_parts(
        parts, {"image": image, "text": np.where(has_text[:, None], text, 0)}, known
    )
    assert {one.quantity for one in found} == {"explains"}
    share = {(one.part, one.other): one.value for one in found}
    assert share["unique_image", "image"] == pytest.approx(1.0, abs=1e-6)
    assert share["unique_text", "text"] == pytest.approx(0.5, abs=0.06)
    for part, modality in (("unique_image", "text"), ("unique_text", "image")):
        assert share[part, modality] == pytest.approx(0.0, abs=0.05)
    assert share["synergy", "image"] == pytest.approx(0.0, abs=0.05)
    assert share["redundancy", "image"] == share["redundancy", "text"] == 0.0


def test_probes_are_scored_on_items_they_were_not_fitted_to() -> None:
    inputs, outputs = np.random.default_rng(4).normal(size=(2, 60, 50))
    assert explained_share(inputs, outputs) < 0.1
    leaky = outputs.copy()
    leaky[np.arange(60) % HELD_OUT == HELD_OUT - 1] *= -1
    assert explained_share(leaky, outputs) < -0.5


def test_modalities_that_cannot_be_probed_have_no_score() -> None:
    image = RNG.normal(size=(100, 4))
    known = {"image": np.arange(100) < 5, "text": np.ones(100, dtype=bool)}
    assert not probe_parts({"synergy": image}, {"image": image, "text": 0 * image}, known)
    with pytest.raises(DataError, match="different numbers of rows"):
        probe_parts({"synergy": image[:9]}, {"image": image}, {"image": known["image"]})


def test_unequal_rows_are_refused() -> None:
    parts, without = healthy()
    parts["synergy"] = parts["synergy"][:10]
    with pytest.raises(DataError, match="different numbers of rows"):
        measure(parts, without)
