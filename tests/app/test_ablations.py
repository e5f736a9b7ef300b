"""Every control of the page Ablations, on a study of two backbones, two groups and floors."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from prism_core.store import files
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_tier
from prism_core.store.reader import Run
from prism_core.store.study_record import StudyRecord, StudyRun
from tests.app.conftest import OpenApp, texts
from tests.factories import make_run

PARTS = ("unique image", "unique text", "synergy", "redundancy")
EXTRA = ("Uniform gate", "Gate without id", "Withheld by zero", "Image knocked out")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    """Thirty variants, all but PRISM seed 0 kept as metrics."""
    whole, out = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("study")

    def add(name: str, group: str, backbone: str = "sasrec", skill: float = 0.5, **model: object):
        for seed in range(2 if name in ("PRISM", "Without synergy") else 1):
            path = make_run(
                whole, dataset=tiny_dataset, run_id=f"{name}-{seed}", name=name, seed=seed,
                skill=skill, kind="floor" if group == "Floors" else "model",
                has_parts=group != "Floors",
            )  # fmt: skip
            base = {"backbone": backbone, "temperature": 0.7, "gate": "user", "losses": {"a": 0.1}}
            files.write_json(path / "config.json", {"name": name, "model": {**base, **model}})
            manifest = files.read_json(path / "manifest.json")
            manifest["backbone"] = "" if group == "Floors" else backbone
            manifest["files"]["config.json"] = files.describe_file(path / "config.json")
            files.write_json(path / "manifest.json", manifest)
            tier = "compact" if path.name == "PRISM-0" else "metrics"
            export_tier(path, out / path.name, tier, group=group)  # type: ignore[arg-type]

    add("PRISM", "Ablations", skill=0.7)
    for number, part in enumerate(PARTS):
        add(f"Without {part}", "Ablations", skill=0.1 * number, without=[part])
    for name in EXTRA:
        add(name, "Ablations", gate=name)
    for name in ("PRISM (GRU4Rec)", "Without synergy (GRU4Rec)", "GRU4Rec"):
        add(name, "Ablations", backbone="gru4rec")
    for value in (0.2, 0.4, 1.4, 2.8):
        add(f"Temperature {value}", "Sensitivity", temperature=value)
    for name in ("Popularity", "Item-kNN", "Markov"):
        add(name, "Floors", skill=0.0)
    return out


@pytest.fixture
def ablations(open_app: OpenApp, study: Path):
    """Give a function that opens the page, with a tab by its name."""

    def run(tab: str = "Differences", **query: str) -> AppTest:
        return open_app("ablations", runs=study, **{"run": "PRISM-0", "view": tab, **query})

    return run


def main_table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def test_at_first_the_ablations_of_the_chosen_runs_backbone_are_shown(ablations) -> None:
    app = ablations()
    wanted = {"PRISM", *(f"Without {part}" for part in PARTS), *EXTRA}
    assert set(main_table(app)["name"]) == wanted
    assert set(app.selectbox("reference_run").options) == wanted
    assert app.selectbox("reference_run").value == "PRISM"
    again = ablations(run="GRU4Rec-0")
    names = {"PRISM (GRU4Rec)", "Without synergy (GRU4Rec)", "GRU4Rec"}
    assert set(main_table(again)["name"]) == names


def test_the_table_has_every_number_of_a_comparison(ablations, study: Path) -> None:
    table = main_table(ablations()).set_index("name")
    assert list(table.columns) == [
        "value", "low_value", "high_value", "difference", "low", "high", "effect_size", "p",
        "p_holm", "num_users", "num_seeds",
    ]  # fmt: skip
    assert table.loc["PRISM", ["difference", "p"]].isna().all()
    others = table.drop(index="PRISM")
    assert (others["p_holm"] >= others["p"]).all()
    assert others["low"].le(others["difference"]).all()
    assert table["num_seeds"].to_dict()["Without synergy"] == 2
    assert set(table["num_users"]) == {40}
    stored = Run(study / "Without unique text-0").table("metrics")
    value = stored.query("split == 'test' and metric == 'ndcg' and k == 10")["value"].iloc[0]
    assert table.loc["Without unique text", "value"] == pytest.approx(value)


def test_backbones_and_groups_can_be_added(ablations) -> None:
    app = ablations()
    app.button_group("shown_backbones").set_value(["sasrec", "gru4rec"]).run()
    assert "PRISM (GRU4Rec)" in set(main_table(app)["name"])
    app.button_group("shown_groups").set_value(["Floors"]).run()
    assert set(main_table(app)["name"]) == {"PRISM", "Popularity", "Item-kNN", "Markov"}
    assert "Against PRISM, beyond chance on NDCG@10" in texts(app).replace("\\", "")


def test_single_variants_can_be_searched(ablations) -> None:
    app = ablations()
    app.multiselect("shown_variants").set_value(["Markov", "Temperature 0.2"]).run()
    assert set(main_table(app)["name"]) == {"PRISM", "Markov", "Temperature 0.2"}
    app.multiselect("shown_variants").set_value([]).run()
    assert len(main_table(app)) == 9


def test_metric_and_reference_change_the_comparison(ablations) -> None:
    app = ablations()
    app.selectbox("reference_run").set_value("Without synergy").run()
    table = main_table(app).set_index("name")
    assert pd.isna(table.loc["Without synergy", "difference"])
    gap = table.loc["PRISM", "value"] - table.loc["Without synergy", "value"]
    assert table.loc["PRISM", "difference"] == pytest.approx(gap)
    app.segmented_control("metric").set_value("recall@10").run()
    assert "Recall@10" in texts(app)


def test_who_loses_goes_down_to_the_user(ablations) -> None:
    app = ablations("Who loses")
    assert app.selectbox("rival_variant").value == main_losers(app)
    app.selectbox("rival_variant").set_value("Without unique image").run()
    everybody = main_table(app)
    assert (everybody["difference"] < 0).all()
    app.segmented_control("losing_outcome").set_value("win").run()
    assert (main_table(app)["difference"] > 0).all()
    app.segmented_control("losing_outcome").set_value("loss").run()
    group = app.selectbox("losing_group").options[1]
    app.selectbox("losing_group").set_value(group).run()
    assert 0 < len(main_table(app)) < len(everybody)
    assert set(main_table(app)["user_id"]) < set(everybody["user_id"])


def main_losers(app: AppTest) -> str:
    return app.selectbox("rival_variant").options[-1]


def test_a_clicked_user_is_opened_where_lists_were_kept(ablations, monkeypatch) -> None:
    from app.components import ablation_losers

    opened: list[str] = []
    monkeypatch.setattr(ablation_losers.st, "switch_page", opened.append)
    monkeypatch.setattr(ablation_losers, "_draw_open", lambda c, o, rows: DRAW_OPEN(c, o, [0]))
    app = ablations("Who loses", run="PRISM-1")
    first = main_table(app)["user_id"].iloc[0]
    app.button("open_user").click().run()
    assert opened == ["app_pages/users.py"]
    chosen = app.session_state["selection"]
    assert (chosen.user, chosen.run) == (first, "PRISM-0")


def test_losing_users_can_be_kept_as_a_slice_that_narrows_the_page(
    ablations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import loaders, slices

    monkeypatch.setattr(slices, "own_folder", lambda run: tmp_path / run.run_id)
    monkeypatch.setattr(loaders, "own_runs", lambda: tmp_path)
    app = ablations("Who loses")
    losers = len(main_table(app))
    app.text_input("ablation-losers-slice-name").set_value("losers").run()
    app.button("ablation-losers-slice-save").click().run()
    assert app.session_state["selection"].slice == "losers"
    assert f"tested on {losers} users of the slice" in texts(app)
    table = main_table(app)
    assert len(table) == losers


def test_the_heat_map_shows_the_picked_groupings_and_honest_counts(ablations) -> None:
    app = ablations("Groups of users")
    assert "If no variant differed anywhere, about" in texts(app)
    app.button_group("slice_groupings").set_value(["top part"]).run()
    assert "of 32 cells" in texts(app) or "of 24 cells" in texts(app)
    app.button_group("slice_groupings").set_value([]).run()
    assert "Choose at least one grouping" in texts(app)


def test_cost_and_curves_can_be_chosen(ablations) -> None:
    app = ablations("Training and cost")
    assert "NDCG@10 against its cost" in texts(app)
    app.segmented_control("cost").set_value("num_parameters").run()
    shown = app.multiselect("curves_of")
    assert shown.value[0] == "PRISM"
    assert len(shown.value) == 5
    app.multiselect("curves_of").set_value(["Uniform gate"]).run()
    app.selectbox("curve_quantity").set_value("alignment").run()
    assert "Loss alignment during training" in texts(app)


def test_settings_show_only_differences_and_what_was_varied(ablations) -> None:
    app = ablations("Settings")
    table = main_table(app).set_index("name")
    assert set(table.columns) == {
        "value", "difference", "p_holm", "model.gate", "model.without",
    }  # fmt: skip
    assert table.loc["Uniform gate", "model.gate"] == "Uniform gate"
    assert table.loc["Without synergy", "model.gate"] == ""
    assert "NDCG@10 of PRISM when one setting is varied" in texts(app)
    app = ablations("Settings", run="GRU4Rec-0")
    assert "No number was varied alone" in texts(app)


from app.components.ablation_losers import _draw_open as DRAW_OPEN  # noqa: E402


def test_runs_of_the_study_that_are_missing_are_named(
    open_app: OpenApp, study: Path, tmp_path: Path
) -> None:
    shutil.copytree(study, tmp_path / "runs")
    StudyRecord(
        {
            "PRISM-0": StudyRun(label="PRISM seed 0", group="Ablations", status="complete"),
            "x": StudyRun(label="Next seed 0", group="Ablations"),
            "y": StudyRun(label="Bad seed 0", group="Ablations", status="failed", reason="broke"),
        }
    ).write(tmp_path / "runs")
    app = open_app("ablations", runs=tmp_path / "runs", run="PRISM-0")
    (said,) = [e.label for e in app.expander if "missing" in e.label]
    assert said == "2 of 3 runs of this study are missing: 1 failed, 1 not made yet"
    table = next(t.value for t in app.dataframe if "Reason" in t.value)
    assert table["Run"].tolist() == ["Bad seed 0", "Next seed 0"]
    assert table["Reason"].tolist() == ["broke", ""]
    assert "Fewer seeds than the others have:" in texts(app)
    assert "Without unique image (1)" in texts(app)


def test_nothing_is_said_where_the_study_is_whole(ablations) -> None:
    assert not [e.label for e in ablations().expander if "missing" in e.label]
