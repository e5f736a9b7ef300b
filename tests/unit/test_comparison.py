"""Comparing runs: the numbers by hand, and runs that must not be compared."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import comparison, slices
from prism_core.errors import ConfigError, DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.factories import make_run


@pytest.fixture(scope="module")
def runs(tiny_runs: Path) -> list[Run]:
    return [Run(path) for path in sorted(tiny_runs.iterdir())]


@pytest.fixture(scope="module")
def variants(runs: list[Run]) -> list[comparison.Variant]:
    return comparison.variants_of(runs)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("ndcg@10", [1.0, 1 / np.log2(3), 0.0]),
        ("mrr@10", [1.0, 0.5, 0.0]),
        ("hr@1", [1.0, 0.0, 0.0]),
        ("recall@20", [1.0, 1.0, 1.0]),
    ],
)
def test_metrics_from_ranks(metric: str, expected: list[float]) -> None:
    np.testing.assert_allclose(comparison.metric_values(np.array([1, 2, 11]), metric), expected)


@pytest.mark.parametrize("metric", ["ndcg", "auc@10", "ndcg@0", "ndcg@ten", ""])
def test_an_unknown_metric_is_refused(metric: str) -> None:
    with pytest.raises(ConfigError, match="write one of recall, ndcg"):
        comparison.metric_values(np.array([1]), metric)


def test_the_summary_agrees_with_the_stored_metrics(runs: list[Run]) -> None:
    for run in runs:
        (variant,) = comparison.variants_of([run])
        stored = run.table("metrics").set_index(["metric", "k"])["value"]
        table = comparison.summary([variant]).set_index("metric")["value"]
        for metric, value in table.items():
            name, k = str(metric).split("@")
            assert value == pytest.approx(stored[name, int(k)])


def test_seeds_are_grouped_and_intervals_hold_the_mean(
    variants: list[comparison.Variant],
) -> None:
    table = comparison.summary(variants, metrics=["ndcg@10"])
    assert dict(zip(table["name"], table["num_seeds"], strict=True)) == {
        "PRISM": 2,
        "SASRec": 1,
        "Popularity": 1,
    }
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert table["value"].is_monotonic_decreasing


def test_differences_count_users_and_correct_for_their_number(
    variants: list[comparison.Variant],
) -> None:
    table = comparison.differences(variants, reference="Popularity")
    assert set(table["name"]) == {"PRISM", "SASRec"}
    counted = table[["wins", "ties", "losses"]].sum(axis=1)
    assert (counted == table["num_users"]).all()
    np.testing.assert_allclose(table["difference"], table["value"] - table["reference_value"])
    assert (table["p_holm"] >= table["p"]).all()


def test_paired_users_name_winner_and_loser(variants: list[comparison.Variant]) -> None:
    by_name = {variant.name: variant for variant in variants}
    users = comparison.paired_users(by_name["SASRec"], by_name["Popularity"])
    signs = users["difference"].map(np.sign)
    assert (signs.map({1.0: "win", 0.0: "tie", -1.0: "loss"}) == users["outcome"]).all()
    turned = comparison.paired_users(by_name["Popularity"], by_name["SASRec"])
    np.testing.assert_allclose(turned["difference"], -users["difference"])


def test_users_are_matched_by_id_not_by_row(tmp_path: Path, tiny_dataset: Dataset) -> None:
    path = make_run(tmp_path, dataset=tiny_dataset, run_id="a", name="A")
    make_run(tmp_path, dataset=tiny_dataset, run_id="b", name="B")
    one = Run(path)
    shuffled = one.table("user_metrics").sample(frac=1, random_state=0)
    shuffled.to_parquet(tmp_path / "b" / "user_metrics.parquet")
    pair = comparison.variants_of([one, Run(tmp_path / "b")])
    assert (comparison.paired_users(*pair)["outcome"] == "tie").all()


def test_an_unknown_reference_is_refused(variants: list[comparison.Variant]) -> None:
    with pytest.raises(DataError, match=r"no variant is named 'nobody'.*'PRISM'"):
        comparison.differences(variants, reference="nobody")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("dataset", {"name": "x", "fingerprint": "other", "path": ""}, "different data"),
        ("protocol", {"split": "random"}, "different protocols"),
    ],
)
def test_runs_of_another_setting_are_not_compared(
    tmp_path: Path, tiny_dataset: Dataset, key: str, value: object, words: str
) -> None:
    first = make_run(tmp_path, dataset=tiny_dataset, run_id="a")
    other = make_run(tmp_path, dataset=tiny_dataset, run_id="b")
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {key: value}))
    with pytest.raises(DataError, match=f"'a' and 'b' cannot be compared.*{words}"):
        comparison.variants_of([Run(first), Run(other)])


def test_learning_curves_hold_every_epoch_and_quantity(runs: list[Run]) -> None:
    curves = comparison.learning_curves(runs[:1])
    ndcg = curves[curves["quantity"] == "ndcg@10"]
    assert ndcg["epoch"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(ndcg["value"], [0.01, 0.02, 0.03])
    assert set(curves["group"]) == {"loss", "valid"}


def test_only_chosen_users_are_compared(variants: list[comparison.Variant]) -> None:
    prism = comparison.named(variants, "PRISM")
    some = prism.of_users(["3", "5", "nobody"])
    assert sorted(some.user_ids) == ["3", "5"]
    wanted = prism.ranks[:, np.isin(prism.user_ids, ["3", "5"])]
    assert some.ranks.tolist() == wanted.tolist()
    with pytest.raises(DataError, match="none of the chosen users"):
        prism.of_users(["nobody"])


def test_losing_groups_agree_with_counts_and_differences(
    runs: list[Run], variants: list[comparison.Variant]
) -> None:
    prism, floor = (comparison.named(variants, name) for name in ("PRISM", "Popularity"))
    groups = slices.user_slices(next(run for run in runs if run.parts))
    saved = {"mine": frozenset(["1", "2", "3"]), "all": frozenset(groups["user_id"])}
    groups = slices.with_saved_slices(groups, saved)
    table = slices.losing_groups(floor, prism, slices=groups)
    assert (table[["wins", "ties", "losses"]].sum(axis=1) == table["num_users"]).all()
    sizes = table.groupby("grouping")["num_users"].sum()
    assert sizes["slice mine"] == 3
    assert (sizes.drop("slice mine") == 40).all()
    everybody = table[table["grouping"] == "slice all"].iloc[0]
    whole = comparison.differences([prism, floor], reference="PRISM").iloc[0]
    assert everybody["difference"] == pytest.approx(whole["difference"])
    assert everybody["losses"] == whole["losses"]
    excluded = (table["low"] > 0) | (table["high"] < 0)
    large = table["num_users"] >= slices.MIN_USERS
    assert table["certain"].tolist() == (excluded & large).tolist()


def test_costs_stand_beside_the_metric(variants: list[comparison.Variant]) -> None:
    table = comparison.costs(variants)
    assert (table["seconds"] == 3).all()
    assert (table["num_parameters"] == 1000).all()
    assert (table["seconds_low"] <= table["seconds_high"]).all()


def test_every_user_is_in_one_group_of_each_kind(runs: list[Run]) -> None:
    run = next(run for run in runs if run.run_id == "prism-seed0")
    frame = slices.user_slices(run)
    assert frame.notna().all().all()
    top = frame.set_index("user_id")["top part"]
    weights = run.table("users").set_index("user_id").filter(like="weight_")
    assert (weights.idxmax(axis=1).str.removeprefix("weight_") == top).all()


def test_slice_differences_add_up_and_small_groups_are_uncertain(
    variants: list[comparison.Variant], runs: list[Run]
) -> None:
    reference = next(v for v in variants if v.name == "Popularity")
    frame = slices.user_slices(runs[0])
    table = slices.slice_differences(variants, reference=reference, slices=frame)
    whole = comparison.differences(variants, reference="Popularity").set_index("name")
    for (name, _), rows in table.groupby(["name", "grouping"]):
        mean = np.average(rows["difference"], weights=rows["num_users"])
        assert mean == pytest.approx(whole.loc[name, "difference"])
    assert not table.loc[table["num_users"] < slices.MIN_USERS, "certain"].any()


def test_a_clear_difference_in_a_small_group_stays_uncertain() -> None:
    users = np.array([str(user) for user in range(100)])
    small = np.arange(100) < slices.MIN_USERS - 1
    theirs = comparison.Variant("B", "model", (), users, np.full((1, 100), 50))
    ours = comparison.Variant("A", "model", (), users, np.full((1, 100), 1))
    groups = pd.DataFrame({"user_id": users, "size": np.where(small, "small", "large")})
    table = slices.slice_differences([ours, theirs], reference=theirs, slices=groups)
    certain = table.set_index("group")["certain"]
    assert certain["large"]
    assert not certain["small"]


def test_thirds_keep_ties_together() -> None:
    groups = slices._thirds(pd.Series([1, 1, 1, 1, 2, 9]))
    assert groups.iloc[:4].nunique() == 1
    assert groups.astype(str).iloc[-1] == "2 to 9"


def test_one_name_with_two_settings_is_two_variants(tmp_path: Path, tiny_dataset: Dataset) -> None:
    for run_id, recipe in (("a", "1" * 10), ("b", "2" * 10), ("c", "2" * 10)):
        path = make_run(tmp_path, dataset=tiny_dataset, run_id=run_id)
        manifest = json.loads((path / "manifest.json").read_text())
        (path / "manifest.json").write_text(json.dumps(manifest | {"config_hash": recipe}))
    found = comparison.variants_of(Run(tmp_path / run_id) for run_id in "abc")
    assert [(v.name, len(v.runs)) for v in found] == [("PRISM [111111]", 1), ("PRISM [222222]", 2)]


def test_who_loses_counts_every_user_of_a_group(
    variants: list[comparison.Variant], runs: list[Run]
) -> None:
    by_name = {variant.name: variant for variant in variants}
    paired = comparison.paired_users(by_name["SASRec"], by_name["PRISM"])
    table = slices.who_loses(paired, slices.user_slices(runs[0]))
    totals = table.groupby("grouping")[["num_users", "wins", "ties", "losses"]].sum()
    outcomes = paired["outcome"].value_counts()
    assert (totals["num_users"] == len(paired)).all()
    assert (totals["losses"] == outcomes["loss"]).all()
    assert (totals["wins"] == outcomes["win"]).all()
    assert table["balance"].is_monotonic_decreasing
