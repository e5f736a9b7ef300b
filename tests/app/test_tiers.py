"""Every page on runs of which only a part was kept, and on many of them."""

import os
from pathlib import Path

import pytest

from app.components import not_kept
from prism_core.store.export import export_tier
from tests.app.conftest import OpenApp, texts

PAGES = ("overview", "users", "maps", "information", "ablations", "train", "data", "board")


@pytest.fixture(scope="module")
def kept(tiny_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PRISM seed 0 as metrics and seed 1 compact; SASRec as metrics; the floor compact."""
    root = tmp_path_factory.mktemp("kept")
    tiers = {"prism-seed0": "metrics", "prism-seed1": "compact", "sasrec-seed0": "metrics"}
    for name, tier in (tiers | {"popularity": "compact"}).items():
        group = "Floors" if name == "popularity" else "Ablations"
        export_tier(tiny_runs / name, root / name, tier, group=group)  # type: ignore[arg-type]
    return root


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("run", ["prism-seed0", "prism-seed1", "sasrec-seed0", "popularity"])
def test_page_opens_whatever_was_kept(open_app: OpenApp, kept: Path, page: str, run: str) -> None:
    app = open_app(page, runs=kept, run=run)
    assert app.title
    assert [e for e in app.error if "does not beat" not in e.value] == []


def test_users_say_what_is_not_there_and_open_the_seed_that_has_it(
    open_app: OpenApp, kept: Path
) -> None:
    app = open_app("users", runs=kept, run="prism-seed0", user="7")
    said = texts(app).replace("\\", "")
    assert "only its metrics were kept, not the lists it recommends" in said
    assert "the item this user chose next, at place" in said
    app.button("open_other_run").click().run()
    assert app.title[0].value == "User 7"
    assert "only its metrics" not in texts(app)
    assert app.segmented_control("seed_picker").value == 1


def test_a_run_of_metrics_can_be_trained_again(
    open_app: OpenApp, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(not_kept.jobs, "start", lambda *args, **rest: started.append(args))
    app = open_app("users", runs=kept, run="prism-seed0")
    app.button("train_again").click().run()
    ((target, command),) = started
    assert target == "prism-seed0"
    assert command[:4] == ["prism_core", "train", "--like", str((kept / target).resolve())]
    assert any("--like" in code.value for code in app.code) or app.title[0].value == "Train"


def test_of_two_copies_of_a_run_the_fuller_one_is_shown(
    open_app: OpenApp, kept: Path, tiny_runs: Path
) -> None:
    both = Path(os.pathsep.join([str(kept), str(tiny_runs)]))
    app = open_app("users", runs=both, run="prism-seed0")
    assert "only its metrics" not in texts(app)
    assert sorted(app.selectbox("run_picker").options) == [
        "PRISM · 2 seeds", "Popularity · floor", "SASRec · seed 0",
    ]  # fmt: skip
