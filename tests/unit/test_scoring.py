"""What-if scoring: switches, score games and history influence of a stored model."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from prism_core.config.run import load_run_config
from prism_core.devices import choose_device
from prism_core.errors import ConfigError, NotFittedError, RunFormatError
from prism_core.models.switches import Switches
from prism_core.scoring import Recommender, make_model, pad_histories
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_run
from prism_core.training.runs import stored_config, train_run

HISTORIES = [[3, 9, 4], [7], [11, 2, 30, 31, 5]]
CANDIDATES = np.array([[1, 2], [8, 60], [40, 6]])


@pytest.fixture(scope="module")
def run_path(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset) -> Path:
    config = load_run_config(
        preset="prism",
        overrides=[
            f"data.path={tiny_dataset.path}",
            "training.max_epochs=2",
            "model.hidden_size=16",
            "model.max_seq_len=4",
        ],
    )
    return train_run(config, tmp_path_factory.mktemp("runs"), device="cpu")


@pytest.fixture(scope="module")
def recommender(run_path: Path, tiny_dataset: Dataset) -> Recommender:
    return Recommender.load(run_path, tiny_dataset, "cpu")


def test_scores_do_not_depend_on_the_other_rows(recommender: Recommender) -> None:
    together = recommender.scores(HISTORIES)
    assert together.shape == (3, 61)
    assert np.isneginf(together[:, 0]).all()
    for row, history in zip(together, HISTORIES, strict=True):
        np.testing.assert_allclose(recommender.scores([history])[0, 1:], row[1:], atol=1e-5)


def test_only_the_newest_items_are_read(recommender: Recommender) -> None:
    older = [[50, 51, *HISTORIES[2]]]
    np.testing.assert_array_equal(recommender.scores(older), recommender.scores([HISTORIES[2]]))


def test_full_coalition_is_the_score_and_each_entry_its_own_what_if(
    recommender: Recommender,
) -> None:
    games = recommender.part_coalitions(HISTORIES, CANDIDATES)
    assert games.shape == (3, 2, 32)
    whole = np.take_along_axis(recommender.scores(HISTORIES), CANDIDATES, axis=1)
    np.testing.assert_allclose(games[..., -1], whole, atol=1e-5)
    mask = 0b01101
    on = torch.tensor([bool(mask >> player & 1) for player in range(5)])
    scores = recommender.scores(HISTORIES, Switches(players=on))
    expected = np.take_along_axis(scores, CANDIDATES, axis=1)
    np.testing.assert_allclose(games[..., mask], expected, atol=1e-5)
    assert not np.allclose(games[..., mask], whole)


def test_modality_games_withhold_one_modality_each(recommender: Recommender) -> None:
    games = recommender.modality_coalitions(HISTORIES, CANDIDATES)
    only_text = Switches(modalities=torch.tensor([False, True]))
    expected = np.take_along_axis(recommender.scores(HISTORIES, only_text), CANDIDATES, axis=1)
    np.testing.assert_allclose(games[..., 0b10], expected, atol=1e-5)


def test_history_influence_is_the_score_lost_without_the_item(recommender: Recommender) -> None:
    influence = recommender.history_influence([3, 9, 4], np.array([1, 2]))
    assert influence.shape == (3, 2)
    with_it, without_it = (recommender.scores([h])[0, [1, 2]] for h in ([3, 9, 4], [3, 4]))
    np.testing.assert_allclose(influence[1], with_it - without_it, atol=1e-5)


def test_fusion_weights_can_be_replaced(recommender: Recommender) -> None:
    own = torch.from_numpy(recommender.fusion_weights(HISTORIES))
    changed = recommender.scores(HISTORIES, Switches(fusion_weights=own.flip(1)))
    assert np.abs(changed[:, 1:] - recommender.scores(HISTORIES)[:, 1:]).max() > 1e-5


def test_histories_are_padded_left() -> None:
    padded = pad_histories([[1, 2, 3], [4], []], 2)
    np.testing.assert_array_equal(padded, [[2, 3], [0, 4], [0, 0]])


def test_run_without_its_model_says_so(
    run_path: Path, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    copy = export_run(run_path, tmp_path / "copy", without=("model", "vectors"))
    with pytest.raises(NotFittedError, match="without its model"):
        Recommender.load(copy, tiny_dataset, "cpu")


def test_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError, match="auto, cuda, mps, cpu"):
        choose_device("tpu")


def test_loading_estimates_nothing_of_the_features_again(
    run_path: Path,
    recommender: Recommender,
    tiny_dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted_anew = make_model(stored_config(run_path).model, tiny_dataset)
    fitted_anew.load_state_dict(recommender.model.state_dict())

    def refuse(*_: object) -> None:
        raise AssertionError("an eigendecomposition")

    monkeypatch.setattr(torch.linalg, "eigh", refuse)
    monkeypatch.setattr(torch.linalg, "eigvalsh", refuse)
    loaded = Recommender.load(run_path, tiny_dataset, "cpu")
    expected = Recommender(fitted_anew, loaded.max_seq_len)
    torch.testing.assert_close(loaded.scores(HISTORIES), expected.scores(HISTORIES), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("content.spaces.image.basis", lambda values: values[:-1]),
        ("content.spaces.image.basis", lambda values: values[0]),
        ("content.spaces.text.mean", lambda values: values[:-1]),
        ("content.spaces.text.std", lambda values: values[:-1]),
        ("content.split.own_text", lambda values: values[:-1]),
        ("content.split.shared_image", lambda values: values[0]),
    ],
)
def test_weights_of_other_features_are_refused(
    run_path: Path,
    tiny_dataset: Dataset,
    tmp_path: Path,
    name: str,
    damage: Callable[[np.ndarray], np.ndarray],
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run_path, copy)
    weights = files.read_vectors(copy / schema.MODEL)
    weights[name] = damage(weights[name])
    files.write_vectors(copy / schema.MODEL, weights)
    with pytest.raises(RunFormatError, match="not the weights of its configuration"):
        Recommender.load(copy, tiny_dataset, "cpu")
