"""The page Train starts real trainings in subprocesses, shows them, stops them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.jobs import Job, jobs
from prism_core.config.run import preset_about
from prism_core.store.reader import Run, list_runs, read_events
from tests.app.conftest import OpenApp, texts

SMALL = "model.hidden_size=16\nmodel.num_heads=2"
LIMIT = 120


def wait_until(condition: Callable[[], bool], job: Job) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, job.tail(30)
        time.sleep(0.1)


def start(app: AppTest, *, epochs: int, options: str = SMALL) -> AppTest:
    data = app.selectbox("train_data_prism")
    data.select_index(data.options.index("Tiny random data"))
    app.number_input("train_max_epochs_prism").set_value(epochs)
    app.text_area("train_more_prism").set_value(options)
    return app.button("start_training").click().run()


@pytest.fixture
def train_page(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return open_app("train", runs=tmp_path / "runs")


def only_job() -> Job:
    (job,) = jobs().values()
    return job


@pytest.mark.slow
def test_training_runs_and_appears_in_the_picker(train_page: AppTest) -> None:
    start(train_page, epochs=1)
    job = only_job()
    wait_until(lambda: job.status != "running", job)
    assert job.status == "finished", job.tail(30)
    train_page.run()
    assert "is finished and in the list of runs" in texts(train_page)
    assert train_page.selectbox("run_picker").options == ["PRISM · seed 0"]
    assert Run(job.folder).config["training"]["max_epochs"] == 1
    start(train_page, epochs=1)
    assert "exists already" in texts(train_page)
    assert list(jobs().values()) == [job]
    train_page.button("open_run").click().run()
    assert train_page.title[0].value == "PRISM"


@pytest.mark.slow
def test_stopped_training_is_said_and_listed_as_incomplete(train_page: AppTest) -> None:
    start(train_page, epochs=500, options=SMALL + "\ntraining.patience=500")
    job = only_job()
    wait_until(lambda: any(e["event"] == "epoch" for e in read_events(job.folder)), job)
    train_page.run()
    train_page.button("stop_training").click().run()
    wait_until(lambda: job.status != "running", job)
    assert job.status == "stopped"
    train_page.run()
    assert "was stopped" in texts(train_page)
    assert [entry.status for entry in list_runs([job.folder.parent])] == ["incomplete"]


def test_wrong_option_is_one_sentence_and_starts_nothing(train_page: AppTest) -> None:
    start(train_page, epochs=1, options="model.hiden_size = 8")
    assert "did you mean 'hidden_size'" in train_page.error[0].value.replace("\\", "")
    assert not jobs()


def test_a_preset_says_what_it_is_and_lists_its_options(train_page: AppTest) -> None:
    assert preset_about("prism") in [caption.value for caption in train_page.caption]
    train_page.selectbox("preset").set_value("wide-parts").run()
    assert preset_about("wide-parts") in [caption.value for caption in train_page.caption]
    (table,) = train_page.dataframe
    rows = table.value.set_index("Option")
    assert rows.loc["model.part_placement", ["In wide-parts", "Default"]].tolist() == [
        '"sum"', '"blocks"',
    ]  # fmt: skip
    assert rows["Meaning"].str.len().min() > 5
