"""The page Information: answers stored with the run, and the offer to compute them."""

import shutil
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from analysis.__main__ import main as analyse
from analysis.information.decomposition import ATOMS
from analysis.information.questions import Settings, ask
from analysis.information.questions import questions as every_question
from app import jobs
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.app.conftest import OpenApp, texts
from tests.factories import make_run


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    root = tmp_path_factory.mktemp("answered")
    run = make_run(root, dataset=tiny_dataset)
    options = ["--scope", "data", "--target", "next category", "--permutations", "20"]
    command = ["information", str(run), "--dataset", str(tiny_dataset.path), *options]
    assert analyse([*command, "--no-definitions"]) == 0
    return root


def test_stored_answer_is_drawn_with_its_circumstances(open_app: OpenApp, answered: Path) -> None:
    app = open_app("information", runs=answered)
    question = app.selectbox("question")
    words = "what image and text tell about the category of the next item"
    assert question.options[0] == f"The data: {words}"
    assert len(question.options) == 16
    assert question.options[-1] == "Other sources …"
    stored = pd.read_parquet(answered / "prism-seed0" / "information.parquet")
    choices = int(stored.query("kind == 'estimate'")["samples"].iloc[0])
    assert f"From {choices:,} choices of 40 users" in texts(app).replace("\\", "")
    facts = stored.query("kind == 'estimate'").iloc[0]
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Samples per cell"] == f"{facts['samples_per_cell']:,.1f}"
    assert shown["Three resolutions"] == ("agree" if facts["stable"] else "differ")
    assert len(app.warning) == len(facts["warnings"].split("\n")) > 0
    keys = {chart.proto.id.split("information-")[-1] for chart in app.get("plotly_chart")}
    assert keys >= {"atoms", "areas", "weights", "resolution", "samples"}
    assert "definitions were not computed" in texts(app)
    said = texts(app).replace("\\", "")
    assert "The image and the text" in said
    assert "about the category of the next item" in said
    for question in ("Is there information?", "Is there synergy?", "Is the decomposition exact?"):
        assert question in said
    numbers = next(one.value for one in app.dataframe if "Verdict" in one.value)
    assert numbers["Information"].tolist()[-1] == "Total"
    estimates = stored.query("kind == 'estimate'")
    assert numbers["95 % of null"].tolist() == estimates["null_95"].tolist()
    assert any(chart.proto.id.endswith("user-interaction") for chart in app.get("plotly_chart"))
    assert "listed items" in texts(app)


def test_refused_question_says_why(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    run = Run(make_run(tmp_path, dataset=tiny_dataset))
    row = {"scope": "data", "target": "next category", "first": "image", "second": "text"}
    row |= {"kind": "refused", "atom": "", "value": 0.0, "low": 0.0, "high": 0.0, "null_95": 0.0}
    row |= {"key": "k", "coding": "posterior", "warnings": "Too few samples; 500 are needed."}
    add_artifact(run.path, "information", pd.DataFrame([row]), key="k")
    app = open_app("information", runs=tmp_path)
    assert "Too few samples; 500 are needed." in app.warning[0].value.replace("\\", "")


def test_an_answer_that_is_out_of_date_is_offered_anew(
    open_app: OpenApp, answered: Path, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    root = tmp_path / "runs"
    shutil.copytree(answered, root)
    run = Run(root / "prism-seed0")
    app = open_app("information", runs=root)
    assert "with other settings than it would be now" in texts(app)
    assert app.button("compute_question").label == "Compute this question again"
    asked = ask("next category", "image", "text", run)
    table = run.table("information").assign(key=asked.key(run, tiny_dataset, Settings()))
    add_artifact(run.path, "information", table, key="now")
    fresh = open_app("information", runs=root)
    assert "than it would be now" not in texts(fresh)
    assert not [button for button in fresh.button if button.key == "compute_question"]


def test_all_missing_questions_are_offered_as_long_as_there_are_any(
    open_app: OpenApp, answered: Path, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    root = tmp_path / "runs"
    shutil.copytree(answered, root)
    run = Run(root / "prism-seed0")
    button = open_app("information", runs=root).button("compute_questions")
    assert not button.disabled
    assert "Missing or out of date: 15." in button.help
    template = run.table("information").query("kind == 'estimate'")
    stored = [
        template.assign(
            **asdict(one), coding=one.suggested_coding, key=one.key(run, tiny_dataset, Settings())
        )
        for one in every_question(run, tiny_dataset)
    ]
    add_artifact(run.path, "information", pd.concat(stored), key="all")
    assert open_app("information", runs=root).button("compute_questions").disabled


def test_run_without_answers_offers_to_compute(open_app: OpenApp) -> None:
    app = open_app("information", run="prism-seed0")
    assert "has not been computed" in texts(app)
    assert app.button("compute_question").label == "Compute this question"


def test_chosen_question_is_computed_beside_the_app(
    open_app: OpenApp, answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda target, command, **_: started.append(command))
    app = open_app("information", runs=answered)
    assert app.button("compute_question").label == "Compute this question again"
    app.selectbox("question").select_index(1).run()
    assert app.button("compute_question").label == "Compute this question"
    app.selectbox("coding-2").select("kmeans").run()
    app.button("compute_question").click().run()
    asked = app.selectbox("question").value
    assert "the group of alike items" in asked
    assert started[0][-8:] == [
        "--first", "image", "--second", "text", "--target", "next cluster", "--coding", "kmeans"
    ]  # fmt: skip
    app.button("compute_questions").click().run()
    assert "--first" not in started[1]


def test_any_sources_and_target_can_be_asked_about_in_a_slice(
    open_app: OpenApp, answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda target, command, **_: started.append(command))
    app = open_app("information", runs=answered, slice="top part: synergy")
    assert "in the slice **top part: synergy** only" in texts(app).replace("\\", "")
    app.selectbox("question").select("Other sources …").run()
    app.selectbox("first_source").select("synergy").run()
    assert app.selectbox("second_source").options[-1] == "All others like it"
    app.selectbox("second_source").select("id").run()
    app.selectbox("about").select("hit or miss").run()
    assert app.selectbox("coding-3").value == "quantile"
    app.button("compute_question").click().run()
    words = ["--first", "synergy", "--second", "id", "--target", "hit or miss"]
    start = started[0].index("--first")
    assert started[0][start : start + 8] == [*words, "--coding", "quantile"]
    assert started[0][started[0].index("--slice") + 1] == "top part: synergy"
    assert "--slices" in started[0]


def test_lattice_of_three_modalities_is_drawn(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    run = Run(make_run(tmp_path, dataset=tiny_dataset))
    row = {"scope": "lattice", "target": "next category", "first": "all modalities"}
    row |= {"second": "rest", "slice": "", "coding": "posterior", "kind": "lattice", "key": "k"}
    row |= {"low": 0.0, "high": 0.0, "null_95": 0.01, "information_joint": 0.3, "samples": 900}
    row |= {"samples_per_cell": 7.5, "retention_joint": 0.7, "warnings": ""}
    nodes = [{"atom": f"{{{name}}}", "value": 0.1} for name in ("image", "text", "sound")]
    add_artifact(run.path, "information", pd.DataFrame([row | node for node in nodes]), key="k")
    app = open_app("information", runs=tmp_path)
    app.selectbox("question").select_index(0).run()
    assert "sum to 0.300 bit" in texts(app).replace("\\", "")
    assert "Low retention" in texts(app)
    assert len(app.get("plotly_chart")) == 2


def test_answers_of_different_codings_are_kept_apart(open_app: OpenApp, answered: Path) -> None:
    app = open_app("information", runs=answered)
    assert app.get("plotly_chart")
    app.selectbox("coding-2").select("kmeans").run()
    assert not app.exception
    assert "has not been computed" in texts(app)
    assert len(app.get("plotly_chart")) == 1  # the user's interaction, which needs no answer


def test_definitions_targets_and_retention_are_shown(
    open_app: OpenApp, answered: Path, tmp_path: Path
) -> None:
    shutil.copytree(answered / "prism-seed0", tmp_path / "prism-seed0")
    run = Run(tmp_path / "prism-seed0")
    stored = run.table("information")
    stored["retention_first"], stored["retention_second"] = 0.73, 0.91
    first = stored[stored["kind"] == "estimate"]
    other = first.assign(target="next popularity", key="other")
    panel = first[first["atom"].isin(ATOMS)].assign(
        kind="definition", definition="BROJA", meaning="One sentence."
    )
    add_artifact(run.path, "information", pd.concat([stored, other, panel]), key="k")
    inside = first.assign(slice="some users", key="inside")
    stored = run.table("information")
    add_artifact(run.path, "information", pd.concat([stored, inside]), key="k2")
    app = open_app("information", runs=tmp_path)
    assert "The same question about every slice" in texts(app)
    assert "**BROJA**: One sentence." in texts(app).replace("\\", "")
    assert "The same sources about every target" in texts(app)
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert shown["Retention, image"] == ("73%", "low")
    assert shown["Retention, text"] == ("91%", "")


def test_without_the_data_set_nothing_is_offered(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app("information", run="prism-seed0", data=tmp_path)
    assert "data set was not found" in texts(app)
    assert not [button for button in app.button if str(button.key).startswith("compute")]
