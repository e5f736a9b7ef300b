"""The page Information: answers stored with the run, and the offer to compute them."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.__main__ import main as analyse
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
    words = "what image and text tell about the genre of the next item"
    assert question.options[0] == f"The data: {words}"
    assert all(other.endswith("(not computed yet)") for other in question.options[1:])
    stored = pd.read_parquet(answered / "prism-seed0" / "information.parquet")
    choices = int(stored.query("kind == 'estimate'")["samples"].iloc[0])
    assert f"From {choices:,} choices of 40 users" in texts(app).replace("\\", "")
    assert len(app.get("plotly_chart")) >= 4


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


def test_run_without_answers_offers_to_compute(open_app: OpenApp) -> None:
    app = open_app("information", run="prism-seed0")
    assert "has not been computed" in texts(app)
    assert app.button("compute_question").label == "Compute this question"
