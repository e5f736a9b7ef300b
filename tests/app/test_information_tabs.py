"""The tabs Gates and Health of the page Information, and the badges beside fusion weights."""

import argparse
import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.__main__ import main as analyse
from analysis.health.command import health_table
from analysis.health.verdicts import stored_verdicts
from analysis.information.gates import gates
from app import jobs, truth
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.app.conftest import OpenApp, texts
from tests.factories import make_run

SYNERGY_MEASURES: list[list[object]] = [
    ["synergy", "spread", "", 1.0],
    ["synergy", "norm", "", 1.0],
    ["synergy", "sensitivity", "image", 1.0],
    ["synergy", "sensitivity", "text", 1.0],
]


def titles(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def log_epoch(path: Path, epoch: int, parts: list[list[object]]) -> None:
    """Append an epoch with measures of the parts to a stored run."""
    with (path / "events.jsonl").open("a", encoding="utf-8") as events:
        events.write(json.dumps({"event": "epoch", "epoch": epoch, "parts": parts}) + "\n")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"]["events.jsonl"]["bytes"] = (path / "events.jsonl").stat().st_size
    (path / "manifest.json").write_text(json.dumps(manifest))


def measure_of(path: Path) -> pd.DataFrame:
    """The health table of a stored run, from its vectors alone."""
    return health_table(Run(path), None, argparse.Namespace())


def epoch_panels(app: AppTest) -> list[str]:
    """Titles of the panels of the figure over epochs."""
    chart = next(c for c in app.get("plotly_chart") if c.proto.id.endswith("health-epochs"))
    return [note["text"] for note in json.loads(chart.proto.spec)["layout"]["annotations"]]


def open_tabs(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs if len(tab.children)]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    root = tmp_path_factory.mktemp("checked")
    assert analyse(["health", str(make_run(root, dataset=tiny_dataset))]) == 0
    return root


def test_address_opens_a_tab_and_only_that_one_is_drawn(open_app: OpenApp) -> None:
    assert open_tabs(open_app("information")) == ["Data and model"]
    assert open_tabs(open_app("information", view="Gates")) == ["Gates"]
    assert open_tabs(open_app("information", view="nonsense")) == ["Data and model"]


def test_gates_are_decomposed_with_their_certificates(open_app: OpenApp) -> None:
    app = open_app("information", view="Gates")
    found = {metric.label: metric.value for metric in app.metric}
    assert found["Gates decomposed"] == str(len(gates()))
    assert float(found["Largest error"].removesuffix(" bit")) < 1e-6
    assert 0 < float(found["Largest certificate gap"].removesuffix(" bit")) < 1e-6


def test_one_gate_shows_its_atoms_and_its_distribution(open_app: OpenApp) -> None:
    app = open_app("information", view="Gates")
    app.selectbox("gate").select("XOR").run()
    atoms, outcomes = app.dataframe[1].value, app.dataframe[2].value
    assert atoms.set_index("Atom")["Computed"]["Synergy"] == pytest.approx(1.0, abs=1e-6)
    assert len(outcomes) == 4
    assert outcomes["Probability"].tolist() == [0.25] * 4


def test_worlds_are_shown_where_they_are_stored(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("analysis.information.refitting.MOST_EVENTS", 0)
    stored = tmp_path / "recovered.parquet"
    monkeypatch.setattr(truth.worlds, "__defaults__", (stored,))
    assert "python -m analysis worlds" in titles(open_app("information", view="Gates"))
    options = ["--samples", "300", "--permutations", "20", "--out", str(stored)]
    assert analyse(["worlds", *options]) == 0
    app = open_app("information", view="Gates")
    assert "World: synergy" in titles(app)
    shown = app.dataframe[-1].value
    assert shown["Recovered"].tolist() == pd.read_parquet(stored)["value"].tolist()


def test_health_says_verdict_and_evidence_of_every_part(
    open_app: OpenApp, checked: Path, tmp_path: Path
) -> None:
    app = open_app("information", runs=checked, view="Health")
    stored = pd.read_parquet(checked / "prism-seed0" / "health.parquet")
    evidence = stored_verdicts(stored)["evidence"]
    assert len(evidence) == 4
    assert all(sentence in titles(app) for sentence in evidence)
    assert "standard deviations of the part" in titles(app)
    assert len(app.get("plotly_chart")) == 3
    pins = [str(button.key) for button in app.button if str(button.key).endswith("-pin")]
    assert {"health-sensitivity-pin", "health-similarity-pin", "health-size-pin"} <= set(pins)
    assert "checked without the data set" in app.warning[0].value
    assert app.button("compute_health").label == "Check the parts again"
    alone = open_app("information", runs=checked, data=tmp_path, view="Health")
    assert not alone.warning
    assert not [button for button in alone.button if button.key == "compute_health"]


def test_health_shows_probes_roles_and_epochs_with_their_circumstances(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    path = make_run(tmp_path, dataset=tiny_dataset)
    assert analyse(["health", str(path)]) == 0
    stored = pd.read_parquet(path / "health.parquet")
    beside = {"samples_per_cell": 12.5, "retention_first": 0.7, "low": 0.0, "high": 0.2}
    rows = [
        {"part": "synergy", "quantity": f"{kind}_{name}", "other": sources, "value": 0.1} | beside
        for kind, sources in (("role", "image, text"), ("beyond", "synergy, rest"))
        for name in ("redundancy", "unique_first", "unique_second", "synergy")
    ]
    rows += [{"part": "synergy", "quantity": "probe", "other": "image", "value": 0.2}]
    add_artifact(path, "health", pd.concat([stored, pd.DataFrame(rows)]), key="k")
    log_epoch(path, 4, SYNERGY_MEASURES)
    app = open_app("information", runs=tmp_path, view="Health")
    assert len(app.get("plotly_chart")) == 7
    assert "Samples per cell: 12.5" in titles(app)
    assert "Low retention" in titles(app)
    assert app.dataframe[-1].value["Verdict"].tolist() == ["alive"]


def test_probe_scores_are_shown_over_epochs_or_said_to_be_missing(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    paths = [make_run(tmp_path, dataset=tiny_dataset, run_id=name) for name in ("older", "newer")]
    scores = [["synergy", "explains", name, 0.25] for name in ("image", "text")]
    for path, parts in zip(paths, (SYNERGY_MEASURES, SYNERGY_MEASURES + scores), strict=True):
        add_artifact(path, "health", measure_of(path), key="k")
        log_epoch(path, 4, parts)
    missing = "trained before probe scores were recorded after every epoch"
    older = open_app("information", runs=tmp_path, run="older", view="Health")
    assert missing in titles(older)
    assert "R² of image" not in epoch_panels(older)
    newer = open_app("information", runs=tmp_path, run="newer", view="Health")
    assert missing not in titles(newer)
    assert "share of the variance of a modality's features" in titles(newer)
    assert {"R² of image", "R² of text"} <= set(epoch_panels(newer))


def test_health_is_offered_where_it_is_missing(open_app: OpenApp) -> None:
    app = open_app("information", run="prism-seed0", view="Health")
    assert "have not been checked" in titles(app)
    assert app.button("compute_health").label == "Check the parts"


def test_a_check_that_is_out_of_date_is_offered_anew(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_run(tmp_path, dataset=tiny_dataset)
    add_artifact(path, "health", measure_of(path), key="of an older version")
    app = open_app("information", runs=tmp_path, view="Health")
    assert "checked by an older version" in app.warning[0].value
    assert "Withholding the" in titles(app)
    button = app.button("compute_health")
    assert button.label == "Check the parts again"
    started = []
    monkeypatch.setattr(jobs, "start", lambda target, command, **paths: started.append(command))
    button.click().run()
    assert started == [["analysis", "health", str(path), "--dataset", str(tiny_dataset.path)]]
    assert analyse(started[0][1:]) == 0
    fresh = open_app("information", runs=tmp_path, view="Health")
    assert "older version" not in titles(fresh)
    assert not [button for button in fresh.button if button.key == "compute_health"]


def test_health_of_a_run_without_parts_is_explained(open_app: OpenApp) -> None:
    app = open_app("information", run="popularity", view="Health")
    assert "has no parts" in titles(app)
    assert not app.get("plotly_chart")


def test_badges_stand_beside_the_fusion_weights(open_app: OpenApp, checked: Path) -> None:
    stored = pd.read_parquet(checked / "prism-seed0" / "health.parquet")
    verdict = stored.query("quantity == 'verdict' and part == 'synergy'")["other"].iloc[0]
    for view in ("Explanation", "Among all users"):
        assert f"Synergy: {verdict}" in titles(open_app("users", runs=checked, view=view))
    assert "Synergy: " not in titles(open_app("users", run="prism-seed0"))
