"""The page Data shows what is in a data set and prepares others, from paths and from uploads."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import preparations
from app.components.preparation_order import FILES, Order, columns_from
from app.jobs import Job, jobs
from prism_core.data.readers.table import READERS
from prism_core.errors import ConfigError
from prism_core.store.datasets import Dataset
from tests.app.conftest import OpenApp, texts

LIMIT = 120
RATINGS = "userId,movieId,rating,timestamp\n"
MOVIES = "movieId,title,genres\n" + "".join(f"{i},=Film {i} (199{i}),Drama\n" for i in range(1, 5))


def ratings(last_time: str = "999") -> str:
    rows = [f"{u},{i},4.5,{100 * u + i}" for u in range(1, 6) for i in range(1, 5)]
    return RATINGS + "\n".join([*rows[:-1], f"5,4,4.5,{last_time}"]) + "\n"


def write_raw(folder: Path, *, value: float = 1.0) -> Path:
    folder.mkdir()
    (folder / "ratings.csv").write_text(ratings())
    (folder / "movies.csv").write_text(MOVIES)
    text = np.arange(12, dtype=np.float32).reshape(4, 3) + 1
    text[2, 1] = value
    np.savez(folder / "features.npz", text=text, text_movie_id=np.arange(1, 5))
    return folder


@pytest.fixture
def data_page(open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return open_app("data", data=tmp_path / "data")


def fill(app: AppTest, path: Path | str, *, name: str = "mine", k_core: int = 3) -> None:
    app.text_input("prepare_name").set_value(name)
    app.text_input("prepare_path").set_value(str(path))
    app.number_input("prepare_k_core").set_value(k_core)


def send(app: AppTest) -> AppTest:
    app.button("start_preparation").click().run()
    assert not app.exception, app.exception
    return app


def with_vectors(app: AppTest) -> None:
    app.selectbox("prepare_text_source").set_value("file").run()
    app.text_input("prepare_text_file").set_value("features.npz")
    app.text_input("prepare_text_encoder").set_value("counted, 3-d")


def upload(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.segmented_control("prepare_place").set_value("Upload files").run()
    app.text_input("prepare_name").set_value("mine")
    app.number_input("prepare_k_core").set_value(3)
    app.file_uploader("prepare_files").set_value([(n, c, "text/csv") for n, c in files]).run()


def finished(app: AppTest) -> Job:
    (job,) = jobs().values()
    end = time.monotonic() + LIMIT
    while job.status == "running":
        assert time.monotonic() < end, job.tail(30)
        time.sleep(0.1)
    app.run()
    assert not app.exception, app.exception
    return job


def plain(app: AppTest) -> str:
    return texts(app).replace("\\", "")


def test_the_report_shows_counts_cautions_and_what_is_missing(open_app: OpenApp) -> None:
    app = open_app("data", run="prism-seed0")
    assert app.selectbox("dataset_picker").value.endswith("tiny")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Users"] == "40"
    assert shown["Interactions"] == "480"
    assert shown["Sparsity"] == "80.00%"
    assert "Image: 1 item without (1.7%)" in plain(app)
    assert len(app.get("plotly_chart")) == 4
    (page,) = [b for b in app.get("download_button") if "HTML page" in b.label]
    assert not page.disabled


def test_every_format_is_offered(data_page: AppTest) -> None:
    assert set(FILES) == set(READERS)
    assert data_page.selectbox("prepare_format").options == list(FILES.values())


@pytest.mark.slow
def test_a_folder_is_prepared_and_offered_for_training(data_page: AppTest, tmp_path: Path) -> None:
    fill(data_page, write_raw(tmp_path / "raw"))
    with_vectors(data_page)
    job = finished(send(data_page))
    assert job.status == "finished", job.tail(30)
    assert "5 events read" not in job.tail(1)
    assert '"what": "20 events read"' in job.tail(30)
    dataset = Dataset(tmp_path / "data" / "mine")
    assert (dataset.num_users, dataset.num_items, dataset.modalities) == (5, 4, ("text",))
    assert "mine is prepared" in plain(data_page).replace("*", "")
    assert any("data/mine" in option for option in data_page.selectbox("dataset_picker").options)
    assert not jobs()["data set mine"].was_stopped
    data_page.switch_page("app_pages/train.py").run()
    assert dataset.description["title"] in data_page.selectbox("train_data_prism").options
    assert "is finished and in the list of runs" not in plain(data_page)


@pytest.mark.slow
def test_uploads_are_prepared_and_then_gone(data_page: AppTest, tmp_path: Path) -> None:
    upload(data_page, ("ratings.csv", ratings().encode()), ("movies.csv", MOVIES.encode()))
    job = finished(send(data_page))
    assert job.status == "finished", job.tail(30)
    assert Dataset(tmp_path / "data" / "mine").num_users == 5
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.slow
def test_a_bad_cell_is_named_by_file_row_and_column(data_page: AppTest, tmp_path: Path) -> None:
    given = ("ratings.csv", ratings("-7").encode())
    upload(data_page, given, ("movies.csv", MOVIES.encode()))
    assert finished(send(data_page)).status == "failed"
    said = data_page.error[0].value.replace("\\", "")
    assert "mine/ratings.csv, row 21, column 'timestamp': -7 must be at least 0" in said
    assert str(tmp_path) not in said
    assert not (tmp_path / "data" / "mine").exists()
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.slow
def test_vectors_that_are_no_numbers_are_refused(data_page: AppTest, tmp_path: Path) -> None:
    fill(data_page, write_raw(tmp_path / "raw", value=np.nan))
    with_vectors(data_page)
    assert finished(send(data_page)).status == "failed"
    said = data_page.error[0].value.replace("\\", "")
    assert "features.npz: array 'text', row 2 (from 0), column 1: nan is not a finite" in said


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        ("", ".", "name '': use letters"),
        ("../x", ".", "name '../x': use letters"),
        ("mine", "/nowhere/at/all", "/nowhere/at/all: there is no such folder or file"),
        ("mine", "", "name the folder or file that holds the data"),
    ],
)
def test_a_wrong_order_starts_nothing(data_page: AppTest, name: str, path: str, told: str) -> None:
    fill(data_page, path, name=name)
    send(data_page)
    assert told in data_page.error[0].value.replace("\\", "")
    assert not jobs()


def test_a_taken_name_is_refused(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app("data")
    fill(app, tmp_path, name="tiny")
    assert "exists already; choose another name" in send(app).error[0].value.replace("\\", "")


def test_a_hostile_upload_is_refused_and_removed(data_page: AppTest, tmp_path: Path) -> None:
    upload(data_page, ("data.zip", b"PK no archive"))
    assert "not a readable zip" in send(data_page).error[0].value.replace("\\", "")
    assert not jobs()
    assert not list((tmp_path / "temporary").iterdir())


def test_users_are_drawn_and_pictures_beside_the_data_are_encoded_by_a_named_model(
    data_page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered: list[str] = []

    def start(_: str, words: list[str], **__: object) -> Job:
        ordered.extend(words)
        raise ConfigError("nothing is started here")

    monkeypatch.setattr(preparations.jobs, "start", start)
    raw = write_raw(tmp_path / "raw")
    (raw / "posters").mkdir()
    fill(data_page, raw)
    data_page.number_input("prepare_users").set_value(4)
    data_page.number_input("prepare_seed").set_value(9)
    data_page.selectbox("prepare_image_source").set_value("model").run()
    assert "name the model" in send(data_page).error[0].value
    data_page.text_input("prepare_image_model").set_value("clip:some/model")
    data_page.text_input("prepare_pictures").set_value("nowhere")
    assert "no such folder or zip of pictures" in send(data_page).error[0].value
    assert not ordered
    data_page.text_input("prepare_pictures").set_value("posters")
    assert "nothing is started here" in send(data_page).error[0].value
    asked = {"--users=4", "--seed=9", "--encode=image=clip:some/model"}
    assert {*asked, f"--pictures={(raw / 'posters').resolve()}"} <= set(ordered)


def test_columns_are_pairs() -> None:
    assert columns_from("user_id = uid\n\nitem_id=sku") == {"user_id": "uid", "item_id": "sku"}
    with pytest.raises(ConfigError, match="line 2: 'nothing': write name = column"):
        columns_from("user_id = uid\nnothing")


def test_no_text_of_an_order_becomes_an_option(tmp_path: Path) -> None:
    order = Order(format="table", name="mine", raw=tmp_path, columns={"user_id": "--out=/x"})
    words = order.arguments(tmp_path)
    assert [word for word in words if word.startswith("--out")] == [f"--out={tmp_path / 'mine'}"]
    assert "--column=user_id=--out=/x" in words
