"""Frozen features: standardised, reduced, and split into shared and own variation."""

import pytest
import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.errors import ConfigError, DataError
from prism_core.models.build import build_model
from prism_core.models.features import FeatureSpace, SharedSplit

NUM_ITEMS = 2000


def correlation(a: Tensor, b: Tensor) -> Tensor:
    a, b = (x - x.mean(0) for x in (a, b))
    return (a.T @ b / len(a)) / (a.square().mean(0).sqrt()[:, None] * b.square().mean(0).sqrt())


@pytest.fixture(scope="module")
def latents() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    names = ("own_image", "own_text", "shared")
    return {name: torch.randn(NUM_ITEMS + 1, 2, generator=generator) for name in names}


@pytest.fixture(scope="module")
def spaces(latents: dict[str, Tensor]) -> dict[str, FeatureSpace]:
    generator = torch.Generator().manual_seed(1)
    everything = torch.arange(NUM_ITEMS + 1) > 0
    made = {}
    for name in ("image", "text"):
        latent = torch.cat([latents[f"own_{name}"], latents["shared"]], dim=1)
        mixed = latent @ torch.randn(4, 12, generator=generator)
        noisy = mixed + 0.2 * torch.randn(mixed.shape, generator=generator)
        made[name] = FeatureSpace(noisy, everything, size=10)
    return made


def test_rows_are_centred_with_unit_mean_variance_and_reduced(
    spaces: dict[str, FeatureSpace],
) -> None:
    rows = spaces["image"].rows
    assert rows.shape == (NUM_ITEMS + 1, 10)
    torch.testing.assert_close(rows[1:].mean(0), torch.zeros(10), atol=1e-4, rtol=0)
    assert float(rows[1:].var(0).mean()) == pytest.approx(1, abs=0.01)
    assert not rows[0].any()


def test_nothing_of_the_features_is_trained() -> None:
    features = {name: torch.randn(31, 5) for name in ("image", "text")}
    config = ModelConfig(hidden_size=8, num_heads=2)
    model = build_model(config, 30, features).train()
    before = {name: b.clone() for name, b in model.named_buffers()}
    item_seq = torch.randint(1, 31, (4, 6))
    losses = model.losses(item_seq, item_seq.roll(-1, 1), torch.Generator().manual_seed(0))
    sum(losses.values()).backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert before
    assert all(torch.equal(before[name], b) for name, b in model.named_buffers())


def test_shared_directions_are_counted_and_found(
    spaces: dict[str, FeatureSpace], latents: dict[str, Tensor]
) -> None:
    split = SharedSplit(spaces)
    assert split.num_shared == 2
    image = split.shared("image", spaces["image"].rows)[1:]
    text = split.shared("text", spaces["text"].rows)[1:]
    assert correlation(image, text).diagonal().min() > 0.95
    assert correlation(image, latents["shared"][1:]).square().sum(1).min() > 0.95


def test_own_residual_holds_the_own_factor_and_nothing_shared(
    spaces: dict[str, FeatureSpace], latents: dict[str, Tensor]
) -> None:
    own = SharedSplit(spaces).own("image", spaces["image"].rows)[1:]
    explained = {}
    for name, latent in latents.items():
        fit = torch.linalg.lstsq(own, latent[1:]).solution
        explained[name] = 1 - float((latent[1:] - own @ fit).var() / latent[1:].var())
    assert explained["own_image"] > 0.9
    assert max(explained["own_text"], explained["shared"]) < 0.1


def test_shared_variates_and_own_residual_are_all_of_the_features(
    spaces: dict[str, FeatureSpace],
) -> None:
    split = SharedSplit(spaces)
    for name, space in spaces.items():
        told = split.shared(name, space.rows) @ split.loadings(name)
        torch.testing.assert_close(
            told + split.own(name, space.rows), space.rows, atol=1e-4, rtol=0
        )


def test_rows_without_the_modality_are_zero_and_do_not_count() -> None:
    features = torch.randn(51, 4)
    features[7] = 1e6
    available = torch.arange(51) > 0
    available[7] = False
    space = FeatureSpace(features, available, size=4)
    assert not space.rows[7].any()
    assert float(space.rows.abs().max()) < 10


@pytest.mark.parametrize(
    ("features", "match"),
    [
        ({"image": torch.zeros(31, 3)}, "text"),
        ({"image": torch.zeros(31, 3), "text": torch.zeros(30, 3)}, "30 rows"),
        ({"image": torch.zeros(31, 3), "text": torch.full((31, 3), torch.nan)}, "finite"),
    ],
)
def test_features_that_do_not_fit_are_refused(features: dict[str, Tensor], match: str) -> None:
    with pytest.raises(DataError, match=match):
        build_model(ModelConfig(), 30, features)


def test_a_width_below_one_column_per_part_is_refused() -> None:
    features = {name: torch.randn(31, 5) for name in ("image", "text")}
    with pytest.raises(ConfigError, match="hidden_size"):
        build_model(ModelConfig(hidden_size=2, num_heads=1), 30, features)
