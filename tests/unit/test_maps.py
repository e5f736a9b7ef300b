"""Maps: stored once, the same twice, judged, and neighbours taken from the original space."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from analysis import alignment, map_points, maps, neighbours, spaces
from analysis.__main__ import main
from analysis.recipes import Recipe, draw
from prism_core.errors import ConfigError, DataError
from prism_core.names import PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_run
from prism_core.store.reader import Run
from tests.factories import make_run

PCA = maps.MapSettings(method="pca")


@pytest.fixture
def run(tmp_path: Path, tiny_dataset: Dataset) -> Run:
    return Run(make_run(tmp_path, dataset=tiny_dataset))


def test_a_map_is_computed_once_and_again_when_its_input_changes(run: Run) -> None:
    vectors = spaces.item_vectors(run, "synergy")
    assert maps.store_map(run, "items-synergy-pca", vectors, PCA)
    assert not maps.store_map(run, "items-synergy-pca", vectors, PCA)
    assert maps.store_map(run, "items-synergy-pca", vectors + 1, PCA)
    assert maps.store_map(run, "items-synergy-pca", vectors, maps.MapSettings(method="pca", seed=1))


def test_a_stored_map_has_a_row_per_item_and_says_how_it_was_made(run: Run) -> None:
    maps.store_map(run, "items-synergy-pca", spaces.item_vectors(run, "synergy"), PCA)
    again = Run(run.path)
    assert maps.stored_maps(again) == ["items-synergy-pca"]
    frame = again.table("maps/items-synergy-pca")
    assert frame["row"].tolist() == list(range(60))
    about = again.table("maps/items-synergy-pca-about").set_index(["kind", "name"])["value"]
    assert about["setting", "method"] == "pca"
    assert 0 <= float(about["quality", "trustworthiness"]) <= 1
    assert ("version", "scikit-learn") in about.index
    vectors = spaces.item_vectors(run, "synergy")
    assert about["input", "sha256"] == maps.input_hash(vectors)


def test_the_first_two_components_of_a_plane_are_that_plane() -> None:
    plane = np.random.default_rng(0).normal(size=(50, 2))
    unit = plane / np.linalg.norm(plane, axis=1, keepdims=True)
    padded = np.concatenate([plane, np.zeros((50, 5))], axis=1)
    drawn = maps.project(padded, PCA)
    before = np.linalg.norm(unit[:, None] - unit[None], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(drawn[:, None] - drawn[None], axis=-1), before, atol=1e-5
    )


@pytest.mark.slow
def test_umap_is_the_same_twice_and_keeps_clusters_apart() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(3, 8), 20, axis=0)
    vectors = (centres + 0.05 * rng.normal(size=centres.shape)).astype(np.float32)
    settings = maps.MapSettings(neighbours=10)
    one = maps.project(vectors, settings)
    np.testing.assert_array_equal(one, maps.project(vectors, settings))
    assert neighbours.map_quality(vectors, one)["trustworthiness"] > 0.9
    aligned = alignment.project_aligned([vectors, vectors + 0.01], settings)
    assert [plane.shape for plane in aligned] == [(60, 2), (60, 2)]
    spread = np.ptp(aligned[0], axis=0).max()
    assert np.linalg.norm(aligned[0] - aligned[1], axis=1).mean() < 0.25 * spread


def test_planted_movers_are_found() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=(1000, 16))
    after = before + 0.05 * rng.normal(size=before.shape)
    moved = rng.choice(1000, 50, replace=False)
    after[moved] = rng.normal(size=(50, 16))
    shared = alignment.overlaps([before, after])
    frame = pd.DataFrame({"row": np.arange(1000), "overlap_after": shared[0, 1]})
    ranked = alignment.movers(frame, "after")
    is_mover = ranked["row"].isin(moved)
    assert roc_auc_score(is_mover, -ranked["overlap"]) > 0.99
    assert set(ranked["row"][:25]) <= set(moved)


def test_a_perfect_map_is_judged_perfect_and_a_shuffled_one_is_not() -> None:
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    good = neighbours.map_quality(circle, circle, count=5)
    bad = neighbours.map_quality(circle, np.random.default_rng(0).permutation(circle), count=5)
    assert good["trustworthiness"] > 0.99
    assert good["neighbourhood_preservation"] > 0.8
    assert bad["neighbourhood_preservation"] < 0.2


def test_the_nearest_are_by_cosine_and_leave_out_the_item_itself() -> None:
    vectors = np.array([[1, 0], [5, 0.1], [0, 1], [-1, 0]], dtype=np.float32)
    found = neighbours.nearest(vectors, row=0, count=9)
    assert found["row"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(found["similarity"], [0.9998, 0, -1], atol=1e-4)


def test_overlap_by_hand() -> None:
    ours, theirs = np.array([[1, 2], [3, 4]]), np.array([[2, 3], [4, 3]])
    np.testing.assert_allclose(neighbours.jaccard(ours, theirs), [1 / 3, 1])


def test_groups_that_separate_have_a_high_silhouette() -> None:
    vectors = np.repeat(np.eye(2), 10, axis=0) + 0.01
    labels = np.repeat(["a", "b"], 10)
    assert neighbours.silhouette(vectors, labels) > 0.9
    assert np.isnan(neighbours.silhouette(vectors, np.repeat("a", 20)))


def test_spaces_are_named_and_leave_out_padding(run: Run, tiny_dataset: Dataset) -> None:
    assert spaces.item_spaces(run, tiny_dataset) == (*PARTS, "id", "fused", "raw_image", "raw_text")
    assert len(spaces.item_vectors(run, "synergy")) == tiny_dataset.num_items
    raw = spaces.item_vectors(run, "raw_text", tiny_dataset)
    np.testing.assert_array_equal(raw, tiny_dataset.features("text").vectors[1:])
    assert spaces.user_vectors(run).shape == (tiny_dataset.num_users, 16)


def test_the_top_part_is_the_one_that_stands_out(run: Run) -> None:
    vectors = {f"items.{part}": np.ones((4, 2)) for part in PARTS}
    vectors["items.synergy"][2] *= 50
    run.vectors = lambda: vectors
    assert map_points.top_part_of_items(run)[2] == "synergy"


def test_what_cannot_be_mapped_is_refused(run: Run) -> None:
    with pytest.raises(ConfigError, match="method 'tsne': choose one of umap"):
        maps.MapSettings(method="tsne")
    with pytest.raises(DataError, match="at least 5 rows; 2 given"):
        maps.project(np.ones((2, 3)), PCA)
    with pytest.raises(DataError, match=r"row 3 .* not finite"):
        maps.project(np.where(np.arange(12).reshape(6, 2) == 7, np.nan, 1.0), PCA)
    with pytest.raises(DataError, match=r"no item space 'sound'.*unique_image"):
        spaces.item_vectors(run, "sound")
    with pytest.raises(DataError, match=r"needs? the data set"):
        spaces.item_vectors(run, "raw_text")
    with pytest.raises(DataError, match="two or more spaces"):
        alignment.project_aligned([np.eye(6)], PCA)


def test_items_for_maps_are_in_row_order(run: Run) -> None:
    points = map_points.items_for_maps(run)
    assert points["item_index"].tolist() == list(range(1, 61))
    assert points["top_part"].isin(PARTS).all()
    assert isinstance(points["category"], pd.Series)


def test_users_for_maps_are_in_row_order_with_their_error(run: Run) -> None:
    points = map_points.users_for_maps(run)
    assert points["user_id"].tolist() == run.table("users")["user_id"].tolist()
    ranks = run.table("user_metrics").set_index("user_id")["rank"]
    np.testing.assert_array_equal(points["rank"], ranks.loc[points["user_id"]])
    np.testing.assert_allclose(2 ** points["error"], points["rank"])
    assert points["top_part"].isin(PARTS).all()


@pytest.mark.slow
def test_the_command_aligns_a_space_over_runs_once(
    tmp_path: Path, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [
        make_run(tmp_path, dataset=tiny_dataset, run_id=f"run-{seed}", seed=seed)
        for seed in range(2)
    ]
    command = ["map", *map(str, paths), "--aligned", "--space", "synergy"]
    for computed in ("true", "false"):
        assert main(command) == 0
        assert capsys.readouterr().out.count(f'"computed": {computed}') == 1
    ((name, members),) = alignment.aligned_maps(Run(paths[0])).items()
    assert members == ["run-0", "run-1"]
    frames = {f"run-{seed}": Run(path).table(name) for seed, path in enumerate(paths)}
    means = alignment.mean_overlaps(frames)
    assert means.loc["run-0", "run-0"] == 1
    assert means.loc["run-0", "run-1"] == means.loc["run-1", "run-0"] < 0.5


def test_aligning_needs_two_runs(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", str(run.path), "--aligned"]) == 2
    assert "--aligned needs two or more runs" in capsys.readouterr().err


def test_users_lie_where_their_items_lie_on_average(run: Run, tiny_dataset: Dataset) -> None:
    assert spaces.spaces_of(run, "users") == ("state", "weights")
    assert spaces.spaces_of(run, "users", tiny_dataset)[2:6] == PARTS
    found = spaces.user_vectors(run, "synergy", tiny_dataset)
    items = spaces.unit_rows(spaces.item_vectors(run, "synergy"))
    first = tiny_dataset.interactions.query("user_index == 0")["item_index"].to_numpy()[:-1]
    np.testing.assert_allclose(found[0], items[first - 1].mean(axis=0), rtol=1e-5)
    weights = run.table("users")[[f"weight_{part}" for part in PARTS]]
    np.testing.assert_allclose(spaces.user_vectors(run, "weights"), weights)
    with pytest.raises(DataError, match="name its folder with --dataset"):
        spaces.user_vectors(run, "synergy")


def test_any_column_of_numbers_or_few_names_is_a_colour(run: Run) -> None:
    items = map_points.items_for_maps(run)
    colors = map_points.color_columns(items)
    assert colors[:4] == ["category", "top_part", "popularity", "error"]
    assert {f"weight_{part}" for part in PARTS} | {"year", "recommended"} <= set(colors)
    assert not {"title", "item_id", "item_index", "categories"} & set(colors)
    outcomes = run.table("user_metrics")
    target = outcomes["target_item_id"].iloc[0]
    mean = np.log2(outcomes.loc[outcomes["target_item_id"] == target, "rank"]).mean()
    assert items.set_index("item_id").loc[target, "error"] == pytest.approx(mean)
    users = map_points.color_columns(map_points.users_for_maps(run))
    assert {"error", "rank", "gate_entropy", "delta_synergy", "weight_synergy"} <= set(users)
    assert "true item popularity (group)" in users


def test_quality_says_how_well_groups_separate(run: Run) -> None:
    vectors = spaces.item_vectors(run, "synergy")
    labels = {"category": map_points.items_for_maps(run)["category"].to_numpy()}
    maps.store_map(run, "items-synergy-pca", vectors, PCA, labels)
    quality = maps.quality_of(Run(run.path).table("maps/items-synergy-pca-about"))
    assert quality["silhouette_category"] == pytest.approx(
        neighbours.silhouette(vectors, labels["category"])
    )


def test_a_map_drawn_again_from_its_recipe_has_its_quality_beside_it(run: Run) -> None:
    vectors = spaces.item_vectors(run, "synergy")
    labels = {"category": map_points.items_for_maps(run)["category"].to_numpy()}
    maps.store_map(run, "items-synergy-pca", vectors, PCA, labels)
    options = {"method": "pca", "spaces": ["synergy", "redundancy"]}
    recipe = Recipe(figure="maps", runs=("any",), options=options)
    drawn = draw(recipe, {"any": run.path})
    stored, not_stored = (note.text for note in drawn.layout.annotations)
    assert all(word in stored for word in ("trust", "kept", "silhouette"))
    assert not_stored == "Redundancy"


def test_the_same_command_twice_gives_the_same_coordinates(
    tmp_path: Path, tiny_dataset: Dataset
) -> None:
    frames = []
    for place in range(2):
        path = make_run(tmp_path / str(place), dataset=tiny_dataset)
        command = ["map", str(path), "--method", "pca", "--dataset", str(tiny_dataset.path)]
        assert main(command) == 0
        run = Run(path)
        names = maps.stored_maps(run)
        frames.append({name: run.table(f"maps/{name}") for name in names})
    assert set(frames[0]) == {
        f"items-{space}-pca" for space in (*PARTS, "id", "fused", "raw_image", "raw_text")
    } | {"users-state-pca", "users-weights-pca"}
    for name, frame in frames[0].items():
        pd.testing.assert_frame_equal(frame, frames[1][name], check_exact=True)


def test_aligned_maps_can_go_into_copies_without_vectors(
    tmp_path: Path, tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [make_run(tmp_path / "whole", dataset=tiny_dataset, run_id=f"r{s}", seed=s)
             for s in range(2)]  # fmt: skip
    for path in whole:
        export_run(path, tmp_path / "copies" / path.name, without=("vectors",))
    monkeypatch.setattr(alignment, "project_aligned", lambda tables, _: [t[:, :2] for t in tables])
    copies = tmp_path / "copies"
    command = ["map", *map(str, whole), "--aligned", "--space", "fused", "--into", str(copies)]
    assert main(command) == 0
    ((name, members),) = alignment.aligned_maps(Run(copies / "r0")).items()
    assert members == ["r0", "r1"]
    assert Run(copies / "r1").has(name)
    assert alignment.aligned_maps(Run(whole[0])) == {}
    ranked = alignment.movers(Run(copies / "r0").table(name), "r1")
    assert ranked["overlap"].is_monotonic_increasing


def test_a_run_with_nothing_to_map_says_so(
    tiny_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["map", str(tiny_runs / "popularity")]) == 2
    assert "nothing to map" in capsys.readouterr().err
