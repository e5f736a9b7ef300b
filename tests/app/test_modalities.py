"""One, two and three modalities of any name, from raw files to every page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.__main__ import main as analyse
from prism_core.__main__ import main as core
from prism_core.names import parts_of
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run, list_runs
from tests.app.conftest import OpenApp, texts

MODALITIES = {1: ("text",), 2: ("title", "category"), 3: ("image", "text", "genre")}
LACKING = "i7"
"""The item that lacks the last modality; with one modality, that one."""


def write_raw(folder: Path, modalities: tuple[str, ...]) -> None:
    """Write events in which what follows an item is told by its modalities, and their vectors."""
    rng = np.random.default_rng(0)
    items, latent = [f"i{i}" for i in range(40)], rng.normal(size=(40, len(modalities), 2))
    tastes = rng.normal(size=(60, len(modalities), 2))
    utility = np.einsum("umk,imk->ui", tastes, latent) + rng.gumbel(size=(60, 40))
    chosen = np.argsort(-utility, axis=1)[:, :12]
    events = pd.DataFrame(
        {
            "user_id": np.repeat([f"u{u}" for u in range(60)], 12),
            "item_id": [items[i] for i in chosen.ravel()],
            "timestamp": np.tile(np.arange(12) * 86_400, 60),
        }
    )
    folder.mkdir()
    events.to_csv(folder / "interactions.csv", index=False)
    names = pd.DataFrame({"item_id": items, "title": [f"Item {i}" for i in items]})
    names.assign(categories="a|b").to_csv(folder / "items.csv", index=False)
    arrays = {}
    for place, name in enumerate(modalities):
        mixed = latent[:, place] @ rng.normal(size=(2, 8)) + 0.1 * rng.normal(size=(40, 8))
        known = [i for i, item in enumerate(items) if item != LACKING or name != modalities[-1]]
        arrays |= {name: mixed[known].astype(np.float32)}
        arrays |= {f"{name}_item_id": np.array([items[i] for i in known])}
    np.savez(folder / "features.npz", **arrays)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare a data set and train a run for each number of modalities, by the commands."""
    root = tmp_path_factory.mktemp("modalities")
    for count, modalities in MODALITIES.items():
        write_raw(root / f"raw{count}", modalities)
        out = root / "data" / str(count)
        words = ["prepare", "table", str(root / f"raw{count}"), "--out", str(out)]
        words += ["--features", str(root / f"raw{count}" / "features.npz")]
        words += [w for name in modalities for w in ("--encoder", f"{name}=drawn, 8-d")]
        words += ["--keep-incomplete-items", "--k-core", "3"]
        assert core(words) == 0
        names = ", ".join(f'"{name}"' for name in modalities)
        settings = (
            f"name=World {count}",
            f'data.path="{out}"',
            f"model.modalities=[{names}]",
            "model.hidden_size=20",
            "training.max_epochs=2",
        )
        words = ["train", "--preset", "prism", "--out", str(root / f"runs{count}")]
        assert core([*words, "--device", "cpu", *[w for s in settings for w in ("--set", s)]]) == 0
    return root


def run_of(root: Path, count: int) -> Run:
    (entry,) = list_runs([root / f"runs{count}"])
    return Run(entry.path)


@pytest.mark.parametrize("count", MODALITIES)
def test_a_run_has_m_plus_two_parts_and_their_coalitions(root: Path, count: int) -> None:
    run, modalities = run_of(root, count), MODALITIES[count]
    assert run.manifest["modalities"] == list(modalities)
    assert run.manifest["has_parts"]
    pairs = run.table("recommendations")
    assert {len(game) for game in pairs["part_coalitions"]} == {2 ** (count + 3)}
    assert {len(game) for game in pairs["modality_coalitions"]} == {2**count}
    users = run.table("users")
    weights = [f"weight_{part}" for part in parts_of(modalities)]
    np.testing.assert_allclose(users[weights].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("count", MODALITIES)
def test_a_lacking_modality_is_flagged_and_never_noise(root: Path, count: int) -> None:
    name = MODALITIES[count][-1]
    dataset = Dataset(root / "data" / str(count))
    index = int(dataset.items.set_index("item_id").loc[LACKING, "item_index"])
    table = dataset.features(name)
    assert not table.available[index]
    assert not table.vectors[index].any()
    assert table.available[1:].sum() == dataset.num_items - 1


@pytest.mark.parametrize("count", MODALITIES)
def test_evaluate_repeats_the_metrics(
    root: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert core(["evaluate", str(run_of(root, count).path), "--device", "cpu"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows
    assert all(now == stored for _, now, stored in rows)


@pytest.mark.parametrize("count", MODALITIES)
def test_analysis_commands_store_their_results(root: Path, count: int) -> None:
    run, data = str(run_of(root, count).path), str(root / "data" / str(count))
    assert analyse(["map", run, "--seed", "0"]) == 0
    assert analyse(["health", run, "--dataset", data, "--permutations", "5"]) == 0
    wanted = 2 if count == 1 else 0
    words = ["information", run, "--permutations", "5", "--no-definitions"]
    assert analyse([*words, "--scope", "data", "--target", "next category"]) == wanted


@pytest.mark.parametrize("page", ["overview", "users", "maps", "information", "train", "data"])
@pytest.mark.parametrize("count", MODALITIES)
def test_pages_open(open_app: OpenApp, root: Path, count: int, page: str) -> None:
    run = run_of(root, count)
    app = open_app(page, runs=root / f"runs{count}", data=root / "data", run=run.run_id)
    assert app.title
    assert not app.error, [e.value for e in app.error]
    if page == "users":
        assert "alone and together" in texts(app)
        assert "Image and text" not in texts(app)
