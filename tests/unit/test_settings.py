"""What sets variants apart: only what differs, and curves over what was varied alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis import comparison, settings
from analysis.comparison import Variant
from analysis.plots.sensitivity import sensitivity_curves
from analysis.recipes import Recipe, draw
from prism_core.store import files
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.factories import make_run

BASE: dict[str, Any] = {
    "model": {
        "temperature": 0.7,
        "gate": "user",
        "without": [],
        "losses": {"reconstruction": 0.1, "decorrelation": 0.1, "charge": 0.1, "experts": 0.1},
    },
    "training": {"compile": False},
}
Make = Callable[..., Variant]


@pytest.fixture
def make(tmp_path: Path, tiny_dataset: Dataset) -> Make:
    """Give a function that makes a variant with a configuration of its own."""

    def variant(name: str, *, seeds: int = 1, kind: str = "model", **model: Any) -> Variant:
        runs = []
        for seed in range(seeds):
            run_id = f"{name}-{seed}"
            path = make_run(
                tmp_path, dataset=tiny_dataset, run_id=run_id, name=name, seed=seed, kind=kind
            )
            config = {**BASE, "name": name, "seed": seed, "model": {**BASE["model"], **model}}
            files.write_json(path / "config.json", config)
            runs.append(Run(path))
        return comparison.variants_of(runs)[0]

    return variant


def losses(weight: float) -> dict[str, Any]:
    own = dict.fromkeys(("reconstruction", "decorrelation", "charge"), weight)
    return {"losses": {**BASE["model"]["losses"], **own}}


def test_only_what_differs_is_shown_and_seeds_do_not_count(make: Make) -> None:
    base = make("PRISM", seeds=2)
    other = make("Uniform", gate="uniform", without=["synergy"])
    floor = make("Floor", kind="floor", gate="none")
    table = settings.differing_settings([base, other, floor], reference=base)
    assert table.to_dict("records") == [
        {"name": "PRISM", "model.gate": "user", "model.without": "none"},
        {"name": "Uniform", "model.gate": "uniform", "model.without": "synergy"},
    ]
    same = settings.differing_settings([base, other, make("Hot", temperature=2.0)], reference=base)
    assert same.loc[2, "model.gate"] == settings.SAME
    assert same.loc[2, "model.temperature"] == "2.0"


def test_a_curve_joins_what_differs_in_one_number_alone(make: Make) -> None:
    base = make("PRISM", seeds=2)
    variants = [
        base,
        make("T 0.2", temperature=0.2),
        make("T 1.4", temperature=1.4),
        make("λ 0", **losses(0.0)),
        make("λ 1", **losses(1.0)),
        make("Uniform", gate="uniform"),
        make("Both", temperature=2.0, gate="uniform"),
    ]
    assert settings.centre_of_variation(variants) is base
    table = settings.sensitivity(variants, reference=base)
    curves = {
        setting: rows.set_index("x")["name"].to_dict() for setting, rows in table.groupby("setting")
    }
    assert curves == {
        "Temperature of the gate": {0.2: "T 0.2", 0.7: "PRISM", 1.4: "T 1.4"},
        "Weight λ of the auxiliary losses": {0.0: "λ 0", 0.1: "PRISM", 1.0: "λ 1"},
    }
    values = comparison.summary(variants, metrics=["ndcg@10"]).set_index("name")["value"]
    assert table["value"].tolist() == pytest.approx(values[table["name"]].tolist())
    assert set(table.loc[table["is_reference"], "name"]) == {"PRISM"}


def test_the_recipe_draws_the_curves_of_the_page(make: Make) -> None:
    variants = [
        make("PRISM", seeds=2),
        make("T 0.2", temperature=0.2),
        make("T 1.4", temperature=1.4),
    ]
    table = settings.sensitivity(variants, reference=variants[0], metric="mrr@10")
    folders = {run.run_id: run.path for variant in variants for run in variant.runs}
    recipe = Recipe(figure="sensitivity", runs=tuple(folders), options={"metric": "mrr@10"})
    assert draw(recipe, folders).to_json() == sensitivity_curves(table=table).to_json()


def test_numbers_that_move_apart_and_switches_are_no_curve(make: Make) -> None:
    base = make("PRISM")
    uneven = {"losses": {**BASE["model"]["losses"], "charge": 0.0, "decorrelation": 1.0}}
    off = make("Compiled")
    config = files.read_json(off.runs[0].path / "config.json")
    files.write_json(off.runs[0].path / "config.json", {**config, "training": {"compile": True}})
    variants = [base, make("Uneven", **uneven), off]
    assert settings.sensitivity(variants, reference=base).empty
