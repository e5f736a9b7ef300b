"""Scores given block by block, as ranking takes them: those of all users at once."""

import pytest
import torch

from prism_core.config.run import load_run_config
from prism_core.models.sequence_model import SequenceModel
from prism_core.names import BACKBONES
from prism_core.scoring import make_model
from prism_core.store.datasets import Dataset
from prism_core.training import seeding
from prism_core.training.loop import make_optimizer

HISTORIES = torch.tensor([[0, 0, 3, 9], [0, 0, 0, 7], [2, 30, 31, 5], [1, 2, 3, 4], [0, 8, 8, 1]])


def model_of(dataset: Dataset, preset: str, backbone: str) -> SequenceModel:
    options = [f'model.backbone="{backbone}"', "model.hidden_size=16", "model.max_seq_len=4"]
    config = load_run_config(preset=preset, overrides=[*options, f'data.path="{dataset.path}"'])
    seeding.initialise(0)
    return make_model(config.model, dataset).eval()


@pytest.mark.parametrize("preset", ["prism", "wide-parts", "paper", "released", "sasrec"])
@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("by_item", [False, True])
@torch.no_grad()
def test_blocks_are_the_scores_in_order(
    tiny_dataset: Dataset, preset: str, backbone: str, by_item: bool
) -> None:
    model = model_of(tiny_dataset, preset, backbone)
    blocks = list(model.score_blocks(HISTORIES, 2, by_item=by_item))
    assert [len(block) for block in blocks] == [2, 2, 1]
    torch.testing.assert_close(torch.cat(blocks), model.score(HISTORIES))


@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
def test_blocks_follow_the_weights(tiny_dataset: Dataset, backbone: str) -> None:
    model = model_of(tiny_dataset, "prism", backbone)

    def scores() -> torch.Tensor:
        with torch.no_grad():
            return torch.cat(list(model.score_blocks(HISTORIES, 2)))

    before = scores()
    assert torch.equal(scores(), before)
    optimizer = make_optimizer(model, 0.1, 0.0)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    with torch.no_grad():
        assert not torch.allclose(scores()[:, 1:], before[:, 1:])
        torch.testing.assert_close(scores(), model.score(HISTORIES))


def test_scores_in_bfloat16_are_not_kept_for_later(tiny_dataset: Dataset) -> None:
    model = model_of(tiny_dataset, "prism", "sasrec")
    with torch.no_grad():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            list(model.score_blocks(HISTORIES, 2))
        torch.testing.assert_close(next(model.score_blocks(HISTORIES, 5)), model.score(HISTORIES))
