"""Verdicts on parts whose fate is built in."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from plotly.colors import sample_colorscale

from analysis.health import command as health_command
from analysis.health import freshness
from analysis.health.epochs import has_probes, over_epochs, verdicts_over_epochs
from analysis.health.evidence import unshared_share
from analysis.health.freshness import DEFAULTS, content_key, why_out_of_date
from analysis.health.probes import explained
from analysis.health.verdicts import judge, measure, stored_verdicts
from analysis.information.decomposition import ATOMS
from analysis.plots import health as plots
from analysis.plots.theme import ink_on
from analysis.recipes import Recipe, draw
from analysis.unfinished import Unfinished
from prism_core.data.synthetic import WorldConfig, make_world
from prism_core.errors import DataError, NotFittedError
from prism_core.evaluation.part_measures import PartMeasure, linear_cka, norm, sensitivity, spread
from prism_core.evaluation.part_probes import HELD_OUT, explained_share, probe_parts
from prism_core.names import PARTS
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from prism_core.truth import TRUTH_MODEL, train_on_world
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


def cells(figure: go.Figure) -> np.ndarray:
    """Values of a heat map's cells; none is drawn twice."""
    layers = np.stack([np.asarray(trace.z, dtype=float) for trace in figure.data])
    drawn = np.isfinite(layers)
    assert (drawn.sum(0) == 1).all()
    np.testing.assert_array_equal([np.asarray(t.text) != "" for t in figure.data], drawn)
    return np.nansum(layers, axis=0)


def test_numbers_in_cells_are_read_on_every_colour() -> None:
    values = np.linspace(0, 1, 12)
    parts = [f"part_{number}" for number in range(12)]
    measures = pd.DataFrame({"part": parts, "quantity": "probe", "other": "image", "value": values})
    figure = plots.probe_map(measures=measures)
    np.testing.assert_allclose(cells(figure).ravel(), values)
    for trace in figure.data:
        scale = [list(stop) for stop in trace.colorscale]
        drawn = np.asarray(trace.z, dtype=float).ravel()
        for fill in sample_colorscale(scale, drawn[np.isfinite(drawn)].tolist()):
            assert trace.textfont.color == ink_on(fill)
    assert len(figure.data) == 2
    assert sum(trace.showscale for trace in figure.data) == 1


def test_figures_hold_the_measures() -> None:
    measures = measure(*healthy())
    heat = plots.sensitivity_map(measures=measures)
    rows = measures[measures["quantity"] == "sensitivity"]
    assert cells(heat).shape == (4, 2)
    np.testing.assert_allclose(cells(heat).ravel(), rows["value"])
    words = ["".join(line) for line in zip(*[np.ravel(t.text) for t in heat.data], strict=True)]
    assert words[0].endswith("✓")
    assert words[6].endswith("·")
    similar = cells(plots.similarity_map(measures=measures))
    np.testing.assert_allclose(np.diag(similar), 1.0)
    np.testing.assert_allclose(similar, similar.T)
    assert len(plots.size_bars(measures=measures).data) == 5
    nothing = measures.head(0)
    for make in (plots.sensitivity_map, plots.similarity_map, plots.size_bars):
        assert make(measures=nothing).layout.annotations[0].text


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


def test_health_figures_are_drawn_from_a_stored_run(tmp_path: Path) -> None:
    path = make_run(tmp_path / "runs", dataset=make_dataset(tmp_path / "data"))
    folders = {"prism-seed0": path}
    with pytest.raises(NotFittedError, match="analysis health"):
        draw(Recipe(figure="health_size", runs=("prism-seed0",)), folders)
    rows = [measure(*healthy())]
    for kind, sources in (("role", "image, text"), ("beyond", "synergy, rest")):
        atoms = [(f"{kind}_{atom}", 0.1) for atom in ATOMS]
        frame = pd.DataFrame(atoms, columns=["quantity", "value"])
        rows.append(frame.assign(part="synergy", other=sources, low=0.0, high=0.2))
    rows.append(pd.DataFrame([("synergy", "probe", "image", 0.2)], columns=PartMeasure._fields))
    add_artifact(path, "health", pd.concat(rows), key="k")
    names = ("sensitivity", "similarity", "size", "probes", "roles", "beyond")
    for name in names:
        assert draw(Recipe(figure=f"health_{name}", runs=("prism-seed0",)), folders).data, name
    empty = draw(Recipe(figure="health_epochs", runs=("prism-seed0",)), folders)
    assert "did not measure" in empty.layout.annotations[0].text


def test_epoch_lines_show_spread_and_every_reaction() -> None:
    measures = pd.concat([measure(*healthy()).assign(epoch=epoch) for epoch in (1, 2)])
    figure = plots.epoch_lines(measures=measures)
    assert len(figure.data) == 4 * len(PARTS)
    titles = [note.text for note in figure.layout.annotations]
    assert titles[1] == "No image"
    assert titles[-1] == "Likeness"
    assert list(figure.data[0].x) == [1, 2]


def test_epoch_lines_show_probe_scores_where_they_are_recorded() -> None:
    scores = [
        (epoch, part, "explains", modality, 0.1 * epoch + place)
        for epoch in (1, 2)
        for place, modality in enumerate(("image", "text"))
        for part in PARTS
    ]
    probes = pd.DataFrame(scores, columns=["epoch", *PartMeasure._fields])
    older = pd.concat([measure(*healthy()).assign(epoch=epoch) for epoch in (1, 2)])
    measures = pd.concat([older, probes], ignore_index=True)
    assert has_probes(measures)
    assert not has_probes(older)
    figure = plots.epoch_lines(measures=measures)
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["Spread", "No image", "No text", "R² of image", "R² of text", "Likeness"]
    of_text = figure.data[4 * len(PARTS)]
    assert list(of_text.y) == pytest.approx([1.1, 1.2])
    assert figure.layout[of_text.yaxis.replace("y", "yaxis")].title.text is None
    assert figure.layout.yaxis4.title.text == "R² or CKA"
    drawn = [trace.name for trace in figure.data if trace.showlegend]
    assert len(drawn) == len(set(drawn)) == len(PARTS)


def test_a_run_without_parts_is_refused(tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "data")
    path = make_run(tmp_path / "runs", dataset=dataset, has_parts=False)
    with pytest.raises(DataError, match="no parts"):
        health_command.health_table(Run(path), None, argparse.Namespace())
