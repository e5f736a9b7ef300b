"""Every page on complete, partial, damaged and missing runs: never an exception, clear words."""

from pathlib import Path

import pandas as pd
import pytest

from prism_core.store import files
from prism_core.store.datasets import Dataset, write_dataset
from tests.app.conftest import OpenApp, html, texts
from tests.factories import make_run

PAGES = ("overview", "users", "maps", "information", "ablations", "train")
HOSTILE = "<script>alert(1)</script> **x** $y$ :red[z] [a](http://b)"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("run", ["prism-seed0", "sasrec-seed0", "popularity"])
def test_page_opens_for_every_kind_of_run(open_app: OpenApp, page: str, run: str) -> None:
    app = open_app(page, run=run)
    assert app.title
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_says_so_when_there_is_no_run(open_app: OpenApp, tmp_path: Path, page: str) -> None:
    app = open_app(page, runs=tmp_path / "none", data=tmp_path)
    assert page == "train" or "no finished run" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_page_lives_without_the_data_set(open_app: OpenApp, tmp_path: Path, page: str) -> None:
    app = open_app(page, data=tmp_path)
    assert not app.error


def test_damaged_and_unfinished_runs_are_listed_and_break_nothing(
    open_app: OpenApp, one_run: Path, tiny_dataset: Dataset
) -> None:
    make_run(one_run, dataset=tiny_dataset, run_id="cut")
    (one_run / "cut" / "metrics.parquet").write_bytes(b"PAR1")
    (one_run / "going-on").mkdir()
    app = open_app(runs=one_run)
    assert app.selectbox("run_picker").options == ["PRISM · seed 0"]
    said = texts(app).replace("\\", "")
    assert "cut** – damaged: " in said
    assert "going-on** – incomplete: no manifest" in said


@pytest.mark.parametrize("page", ["overview", "users", "ablations"])
@pytest.mark.parametrize("table", ["user_metrics", "recommendations", "users", "items"])
def test_damage_found_while_reading_is_one_sentence(
    open_app: OpenApp, one_run: Path, page: str, table: str
) -> None:
    path = one_run / "only" / f"{table}.parquet"
    path.write_bytes(b"x" * path.stat().st_size)
    app = open_app(page, runs=one_run)
    assert all(f"{table}.parquet" in e.value.replace("\\", "") for e in app.error)


def test_overview_compares_with_the_floors(open_app: OpenApp) -> None:
    app = open_app(run="prism-seed0")
    assert "beats every floor on NDCG@10" in texts(app).replace("\\", "")
    assert [m.label for m in app.metric] == ["NDCG@10", "Recall@10", "MRR@10", "NDCG@20"]


def test_overview_admits_that_a_run_does_not_beat_a_floor(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    make_run(tmp_path, dataset=tiny_dataset, run_id="a", skill=0.0)
    make_run(
        tmp_path, dataset=tiny_dataset, run_id="b", name="kNN", kind="floor", has_parts=False,
        skill=0.95,
    )  # fmt: skip
    app = open_app(runs=tmp_path)
    assert "PRISM does not beat kNN on NDCG@10" in app.error[0].value.replace("\\", "")


def test_overview_shows_metrics_of_the_run_itself(open_app: OpenApp, tiny_runs: Path) -> None:
    app = open_app(run="prism-seed1")
    stored = pd.read_parquet(tiny_runs / "prism-seed1" / "metrics.parquet")
    value = stored.query("split == 'test' and metric == 'ndcg' and k == 10")["value"].iloc[0]
    assert app.metric[0].value == f"{value:.4f}"


def test_hostile_titles_stay_text(open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset) -> None:
    items = tiny_dataset.items.assign(title=HOSTILE)
    data = write_dataset(
        tmp_path / "data" / "evil",
        description={"name": HOSTILE, "title": HOSTILE, "sequence": HOSTILE, "encoders": {}},
        tables={
            "items": items,
            "users": tiny_dataset.users,
            "interactions": tiny_dataset.interactions,
        },
        features={m: tiny_dataset.features(m) for m in tiny_dataset.modalities},
    )
    make_run(tmp_path / "runs", dataset=data, run_id="evil", name=HOSTILE)
    for page in PAGES:
        app = open_app(page, runs=tmp_path / "runs", data=tmp_path / "data")
        assert "<script" not in html(app)
        assert all(":red[z]" not in e.value for e in (*app.markdown, *app.title, *app.caption))


def test_ablations_lists_every_variant_once(open_app: OpenApp) -> None:
    app = open_app("ablations", run="prism-seed0")
    assert sorted(app.selectbox("reference_run").options) == ["PRISM", "Popularity", "SASRec"]
    app.selectbox("reference_run").set_value("Popularity").run()
    assert "Difference to Popularity" in texts(app)


def test_runs_on_other_data_are_not_compared(
    open_app: OpenApp, one_run: Path, tiny_dataset: Dataset
) -> None:
    make_run(one_run, dataset=tiny_dataset, run_id="other", name="Other")
    manifest = one_run / "other" / "manifest.json"
    changed = files.read_json(manifest)
    changed["dataset"]["fingerprint"] = "another"
    files.write_json(manifest, changed)
    app = open_app("ablations", runs=one_run, run="only")
    assert "There is no other run on the same data" in texts(app)
