"""Bundles: whole, drawn again from the runs alone, and refused for other runs."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from analysis import bundle, recipes, report
from analysis.__main__ import main
from analysis.printing import PrintOptions
from analysis.recipe_tables import write_latex
from analysis.report_tables import table_from
from prism_core.errors import ConfigError, DataError, NotFittedError, PrismError
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_tier
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.factories import make_run
from tests.figures import all_figures

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folders(tiny_runs: Path) -> dict[str, Path]:
    return {Run(path).run_id: path for path in sorted(tiny_runs.iterdir())}


def card(name: str, figure: str, *runs: str, **options: object) -> bundle.Card:
    recipe = recipes.Recipe(figure=figure, runs=runs, options=options)
    return bundle.Card(name=name, caption=f"Figure & {name}", recipe=recipe)


CARDS = (
    card("metrics", "metrics", "prism-seed0", "sasrec-seed0", "popularity"),
    card("user", "user", "prism-seed0", user_id="7"),
)


def test_a_bundle_has_data_captions_manifest_and_script(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    written = bundle.write_bundle(CARDS, folders, tmp_path, formats=["csv", "html"])
    assert set(written) == {
        "data/metrics.csv",
        "data/user.csv",
        "figures/metrics.html",
        "figures/user.html",
        "figures.tex",
        "make_figures.py",
        "manifest.json",
    }
    assert all((tmp_path / path).is_file() for path in written)
    tex = (tmp_path / "figures.tex").read_text()
    assert r"\caption{Figure \& metrics}" in tex
    assert r"\includegraphics[width=\columnwidth]{figures/user.pdf}" in tex
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert set(manifest["runs"]) == {"prism-seed0", "sasrec-seed0", "popularity"}
    assert manifest["runs"]["prism-seed0"]["dataset"]["fingerprint"]


def test_the_script_draws_the_same_files_again(folders: dict[str, Path], tmp_path: Path) -> None:
    written = bundle.write_bundle(CARDS, folders, tmp_path / "a", formats=["csv"])
    script = tmp_path / "a" / "make_figures.py"
    command = [sys.executable, str(script), *map(str, folders.values()), "--out", "b"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120, env=environment)
    for path in written:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_other_runs_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    bundle.write_bundle(CARDS, folders, tmp_path / "a", formats=["csv"])
    with pytest.raises(DataError, match="run 'popularity' is needed"):
        bundle.regenerate(
            tmp_path / "a",
            [path for name, path in folders.items() if name != "popularity"],
            tmp_path / "b",
        )
    other = tmp_path / "other"
    shutil.copytree(folders["prism-seed1"], other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"run_id": "prism-seed0"}))
    runs = [other, folders["sasrec-seed0"], folders["popularity"]]
    with pytest.raises(DataError, match="not the file this bundle was drawn from"):
        bundle.regenerate(tmp_path / "a", runs, tmp_path / "b")


def test_the_zip_holds_the_same_files(folders: dict[str, Path], tmp_path: Path) -> None:
    written = bundle.write_bundle(CARDS, folders, tmp_path, formats=["csv"])
    archive = zipfile.ZipFile(BytesIO(bundle.bundle_zip(CARDS, folders, formats=["csv"])))
    assert archive.namelist() == written
    for path in written:
        assert archive.read(path) == (tmp_path / path).read_bytes()


def test_recipes_survive_being_stored() -> None:
    recipe = recipes.Recipe(figure="waterfall", runs=("a",), options={"user_id": "7"})
    again = recipes.recipe_from(json.loads(json.dumps(recipe.as_dict())))
    assert again == recipe


def test_a_recipe_draws_what_the_page_draws(tiny_runs: Path, folders: dict[str, Path]) -> None:
    page = all_figures(tiny_runs)
    recipe = recipes.Recipe(figure="user", runs=("prism-seed0",), options={"user_id": "7"})
    assert recipes.draw(recipe, folders).to_json() == page["contribution_bars"].to_json()


@pytest.mark.parametrize(
    "figure",
    [
        name
        for name in recipes.FIGURES
        if not name.startswith(("information", "health", "sensitivity", "aligned"))
    ],
)
def test_every_recipe_draws(figure: str, folders: dict[str, Path]) -> None:
    options = {"reference": "SASRec", "name": "Popularity", "user_id": "7"}
    if figure in ("waterfall", "modalities"):
        target = Run(folders["prism-seed0"]).table("user_metrics").set_index("user_id")
        options["item_id"] = target["target_item_id"]["7"]
    ids = tuple(sorted(folders, reverse=True))
    runs = ("prism-seed0", *(run_id for run_id in ids if run_id != "prism-seed0"))
    drawn = recipes.draw(recipes.Recipe(figure=figure, runs=runs, options=options), folders)
    assert drawn.data


def test_information_is_drawn_where_it_was_computed(tiny_runs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_runs / "prism-seed0", run)
    recipe = recipes.Recipe(figure="information", runs=("prism-seed0",))
    with pytest.raises(NotFittedError, match="python -m analysis information"):
        recipes.draw(recipe, {"prism-seed0": run})
    atoms = pd.DataFrame({"atom": ["redundancy", "unique_first", "unique_second", "synergy"]})
    atoms = atoms.assign(value=[0.4, 0.3, 0.2, 0.1], low=0.01, high=0.5, null_95=0.05, key="k")
    atoms = atoms.assign(scope="data", target="next category", first="image", second="text")
    atoms = atoms.assign(coding="posterior", distinguishable=True, kind="estimate")
    add_artifact(run, "information", atoms, key="k")
    figure = recipes.draw(recipe, {"prism-seed0": run})
    drawn = sorted(value for trace in figure.data if trace.type == "bar" for value in trace.y)
    assert drawn == [0.1, 0.2, 0.3, 0.4]


def test_what_is_wrong_with_a_bundle_is_said(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="figure 'pie': choose one of metrics"):
        recipes.Recipe(figure="pie", runs=("a",))
    with pytest.raises(ConfigError, match=r"name '\.\./x'"):
        card("../x", "metrics", "a")
    with pytest.raises(ConfigError, match="same name"):
        bundle.write_bundle([CARDS[0], CARDS[0]], folders, tmp_path)
    with pytest.raises(ConfigError, match="format 'gif'"):
        bundle.write_bundle(CARDS, folders, tmp_path, formats=["gif"])
    with pytest.raises(DataError, match="run 'nobody' was not found"):
        recipes.draw(recipes.Recipe(figure="metrics", runs=("nobody",)), folders)
    with pytest.raises(ConfigError, match="needs the option 'user_id'"):
        recipes.draw(recipes.Recipe(figure="user", runs=("prism-seed0",)), folders)
    with pytest.raises(ConfigError, match="keys 'figure', 'runs' and 'options'"):
        recipes.recipe_from({"figure": "metrics", "runs": ["a"], "code": "1"})


def test_the_report_command_writes_the_standard_set(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "paper"
    arguments = ["report", *map(str, folders.values()), "--out", str(out), "--user", "7"]
    assert main([*arguments, "--format", "csv", "--venue", "ieee"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress", "progress", "finished"]
    names = {path.stem for path in (out / "data").iterdir()}
    assert {"metrics", "differences", "weights", "maps", "user-7-user"} <= names
    assert "reference is Popularity" in (out / "tables" / "main.tex").read_text()
    manifest = json.loads((out / "manifest.json").read_text())
    assert {entry["options"]["venue"] for entry in manifest["figures"]} == {"ieee"}


def test_a_report_draws_and_writes_itself_again(folders: dict[str, Path], tmp_path: Path) -> None:
    out, again = tmp_path / "paper", tmp_path / "again"
    runs = [str(path) for path in folders.values()]
    assert main(["report", *runs, "--out", str(out), "--user", "7", "--format", "csv"]) == 0
    command = [sys.executable, str(out / "make_figures.py"), *runs, "--out", str(again)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    made = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {Path("tables/main.tex"), Path("tables/ablation.tex"), Path("tables/user-7.tex")} < set(
        made
    )
    assert {path: (again / path).read_bytes() for path in made} == made


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "../x"}, "table name"),
        ({"content": "code"}, "choose one of"),
        ({"runs": []}, "at least one run"),
        ({"options": "x"}, "not as it was saved"),
    ],
)
def test_a_wrong_table_of_a_bundle_is_refused(wrong: dict, told: str) -> None:
    entry = {"name": "main", "content": "results", "runs": ["a"], "options": {}}
    with pytest.raises(PrismError, match=told):
        table_from({**entry, **wrong})


def test_the_report_shows_the_parts_of_the_run_that_keeps_most(
    folders: dict[str, Path], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    make_run(tmp_path, dataset=tiny_dataset, run_id="a-bare-run", name="Without synergy", seed=3)
    bare = export_tier(tmp_path / "a-bare-run", tmp_path / "kept" / "a-bare-run", "metrics")
    out = tmp_path / "paper"
    runs = [str(bare), *map(str, folders.values())]
    assert main(["report", *runs, "--out", str(out), "--user", "7", "--format", "csv"]) == 0
    drawn = {one["name"]: one for one in json.loads((out / "manifest.json").read_text())["figures"]}
    assert drawn["weights"]["recipe"]["runs"] == ["prism-seed0"]
    assert drawn["slices"]["recipe"]["options"]["groups_of"] == "prism-seed0"
    ablation = (out / "tables" / "ablation.tex").read_text()
    assert "the reference is PRISM" in ablation
    assert r"\dagger" in ablation
    assert r"\begin{table*}" in ablation


def test_of_many_variants_the_report_draws_the_best_side_by_side(
    folders: dict[str, Path], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    extra = [f"variant-{place}" for place in range(12)]
    for place, name in enumerate(extra):
        make_run(tmp_path / "more", dataset=tiny_dataset, run_id=name, name=name, seed=place)
    out = tmp_path / "paper"
    runs = [*map(str, folders.values()), *(str(tmp_path / "more" / name) for name in extra)]
    assert main(["report", *runs, "--out", str(out), "--format", "csv"]) == 0
    drawn = {one["name"]: one for one in json.loads((out / "manifest.json").read_text())["figures"]}
    columns = pd.read_csv(out / "data" / "slices.csv")["x"].unique()
    curves = pd.read_csv(out / "data" / "learning_curves.csv")["series"].dropna().unique()
    assert len(columns) == len(curves) == report.MOST_SIDE_BY_SIDE
    assert "PRISM" in columns
    assert "PRISM" in curves
    assert "PRISM and the best others, 8 of 14" in drawn["slices"]["caption"]
    assert len(pd.read_csv(out / "data" / "wins.csv")["y"].unique()) == 14


def test_the_table_of_a_figure_is_about_the_users_that_it_draws(folders: dict[str, Path]) -> None:
    some = sorted(Run(folders["prism-seed0"]).table("user_metrics")["user_id"])[:9]
    about = {"reference": "SASRec", "highlight": "SASRec", "user_ids": some}
    for figure in ("metrics", "differences", "wins"):
        recipe = recipes.Recipe(figure=figure, runs=tuple(folders), options=about)
        drawn = recipes.draw(recipe, folders).data[0]
        written = write_latex(recipe, folders, "Some users.")(PrintOptions())
        values = drawn.x if figure == "metrics" else []
        assert all(f"{value:.4f}" in written for value in values)
        everyone = recipes.Recipe(figure=figure, runs=tuple(folders), options={**about})
        del everyone.options["user_ids"]
        assert write_latex(everyone, folders, "Some users.")(PrintOptions()) != written


def test_a_case_study_without_recommendations_is_refused(
    tiny_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path, dataset=tiny_dataset, run_id="whole")
    bare = export_tier(tmp_path / "whole", tmp_path / "kept" / "whole", "metrics")
    assert main(["report", str(bare), "--out", str(tmp_path / "x"), "--user", "7"]) == 2
    assert "no case study of user '7'" in capsys.readouterr().err


def test_a_mistake_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / "nothing"), "--out", str(tmp_path / "x")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1


def test_the_map_command_stores_maps_and_reports_progress(
    tiny_runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_runs / "prism-seed0", run)
    for computed in (True, False):
        assert main(["map", str(run), "--method", "pca", "--space", "synergy"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert events[1] == {
            "event": "map",
            "run": "prism-seed0",
            "name": "items-synergy-pca",
            "computed": computed,
        }
    assert Run(run).has("maps/items-synergy-pca")


def test_print_options_travel_in_the_manifest(folders: dict[str, Path], tmp_path: Path) -> None:
    options = PrintOptions(venue="jmlr", span="full", points=9, legend="none")
    one = bundle.Card(name="a", caption="", recipe=CARDS[0].recipe, options=options)
    bundle.write_bundle([one], folders, tmp_path / "a", formats=["csv"])
    bundle.regenerate(tmp_path / "a", list(folders.values()), tmp_path / "b")
    both = [(tmp_path / name / "manifest.json").read_text() for name in "ab"]
    assert both[0] == both[1]
