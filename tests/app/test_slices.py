"""One slice over all pages: chosen in the sidebar, saved from a filter, named in the link."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.saved_slices import SavedSlice, save_slice, saved_slices
from app import loaders
from app import slices as chosen
from app.components.user_picker import FOUND
from prism_core.store.reader import Run
from tests.app.conftest import OpenApp, texts


@pytest.fixture
def kept(one_run: Path) -> Path:
    """A folder with one run that keeps a slice of three users."""
    members = ("3", "5", "8")
    save_slice(
        one_run / "only", SavedSlice(name="three", kind="users", members=members, origin="by hand")
    )
    return one_run


def test_a_saved_slice_narrows_the_users_and_follows_to_other_pages(
    open_app: OpenApp, kept: Path
) -> None:
    app = open_app("users", runs=kept)
    app.selectbox("slice_picker").set_value("three").run()
    assert app.query_params["slice"] in ("three", ["three"])
    assert "3 of 40" in app.selectbox("user_picker").label
    app.switch_page("app_pages/overview.py").run()
    assert app.selectbox("slice_picker").value == "three"
    assert "3 users · by hand" in texts(app)


def test_the_link_opens_a_group(open_app: OpenApp, tiny_runs: Path) -> None:
    app = open_app("users", run="prism-seed0", slice="top part: synergy")
    weights = pd.read_parquet(tiny_runs / "prism-seed0" / "users.parquet").filter(like="weight_")
    count = (weights.idxmax(axis=1) == "weight_synergy").sum()
    assert f"{count} of 40" in app.selectbox("user_picker").label


def test_the_filter_is_saved_as_a_slice_and_deleted_again(open_app: OpenApp, one_run: Path) -> None:
    app = open_app("users", runs=one_run)
    app.selectbox("user_outcome").set_value(FOUND).run()
    app.text_input("user-filter-slice-name").set_value("found").run()
    app.button("user-filter-slice-save").click().run()
    outcome = pd.read_parquet(one_run / "only" / "user_metrics.parquet")
    (stored,) = saved_slices(one_run / "only").values()
    assert list(stored.members) == outcome.loc[outcome["rank"] <= 10, "user_id"].tolist()
    assert stored.origin == "true next item in the top 10"
    assert app.selectbox("slice_picker").value == "found"
    app.button("delete_slice").click().run()
    assert saved_slices(one_run / "only") == {}
    assert app.selectbox("slice_picker").value == "Everybody"


def test_a_slice_without_a_name_is_not_saved(open_app: OpenApp, one_run: Path) -> None:
    app = open_app("users", runs=one_run)
    app.selectbox("user_outcome").set_value(FOUND).run()
    app.button("user-filter-slice-save").click().run()
    assert saved_slices(one_run / "only") == {}
    assert "give one line" in app.toast[0].value


def test_an_unknown_slice_is_said_and_everybody_is_shown(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", slice="gone")
    assert "has no slice gone" in texts(app)
    assert "40 of 40" in app.selectbox("user_picker").label


def test_runs_on_the_same_data_share_their_slices(open_app: OpenApp, tiny_runs: Path) -> None:
    overlay = SavedSlice(name="shared", kind="items", members=("10", "20"))
    path = save_slice(tiny_runs / "prism-seed1", overlay)
    try:
        app = open_app("users", run="sasrec-seed0", slice="shared")
        assert app.selectbox("slice_picker").value == "shared"
        assert not [button for button in app.button if button.key == "delete_slice"]
    finally:
        path.unlink()


def test_bundled_runs_are_never_written_to(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRISM_RUNS", str(tmp_path))
    bundled = next(path for path in (loaders.ROOT / "assets" / "runs").iterdir() if path.is_dir())
    run = Run(bundled)
    assert chosen.own_folder(run) == tmp_path / ".slices" / run.run_id
