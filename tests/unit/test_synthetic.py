"""Worlds keep what they promise: seeded, never an item twice, factors where they should be."""

import numpy as np
import pytest

from prism_core.data.knowable import knowable_r2
from prism_core.data.synthetic import FACTORS, WorldConfig, make_world
from prism_core.errors import ConfigError

SMALL = {"num_users": 300, "num_items": 120, "num_unseen": 40, "length": 10}


def linear_r2(inputs: np.ndarray, targets: np.ndarray) -> float:
    with_bias = np.column_stack([inputs, np.ones(len(inputs))])
    residual = targets - with_bias @ np.linalg.lstsq(with_bias, targets, rcond=None)[0]
    return 1 - residual.var(0).sum() / targets.var(0).sum()


def test_a_seed_gives_one_world_and_another_seed_another() -> None:
    first, second = (make_world(WorldConfig(**SMALL), 3) for _ in range(2))
    other = make_world(WorldConfig(**SMALL), 4)
    assert np.array_equal(first.item_seq, second.item_seq)
    assert np.array_equal(first.features["image"], second.features["image"])
    assert not np.array_equal(first.item_seq, other.item_seq)


def test_shapes_and_items() -> None:
    world = make_world(WorldConfig(**SMALL), 0)
    assert world.item_seq.shape == (300, 10)
    assert world.num_items == 120
    assert world.item_seq.min() >= 1
    assert world.item_seq.max() <= 120
    assert all(len(np.unique(row)) == 10 for row in world.item_seq)
    assert world.features["image"].shape == (121, 48)
    assert world.unseen_features["text"].shape == (40, 48)
    assert not world.features["text"][0].any()


@pytest.mark.parametrize(("modality", "inside"), [("image", "own_image"), ("text", "own_text")])
def test_features_hold_their_own_and_the_shared_factor_only(modality: str, inside: str) -> None:
    world = make_world(WorldConfig(num_items=1500, num_unseen=0), 0)
    r2 = {f: linear_r2(world.features[modality][1:], world.factors[f][1:]) for f in FACTORS}
    assert min(r2[inside], r2["shared"]) > 0.9
    assert max(v for f, v in r2.items() if f not in (inside, "shared")) < 0.1


def test_xor_is_told_by_neither_factor_alone() -> None:
    world = make_world(WorldConfig(interaction="xor", num_items=1500, num_unseen=0), 0)
    truth = world.factors["interaction"][1:]
    assert set(np.unique(truth)) == {-1.0, 1.0}
    assert abs(np.corrcoef(truth[:, 0], world.factors["own_image"][1:, 0])[0, 1]) < 0.1


def test_without_noise_an_oracle_knows_everything_and_with_noise_less() -> None:
    for interaction in ("product", "xor"):
        clear, dim = (
            WorldConfig(**{**SMALL, "num_unseen": 400}, noise=noise, interaction=interaction)
            for noise in (1e-4, 0.6)
        )
        assert min(knowable_r2(clear, make_world(clear, 0)).values()) > 0.99
        known = knowable_r2(dim, make_world(dim, 0))
        assert known["interaction"] < min(known["own_image"], known["own_text"]) < 0.97


def test_an_oracle_of_an_own_factor_is_the_best_linear_reading_of_its_features() -> None:
    config = WorldConfig(num_users=10, num_items=100, num_unseen=3000, noise=0.6)
    world = make_world(config, 0)
    linear = linear_r2(world.unseen_features["image"], world.unseen_factors["own_image"])
    assert knowable_r2(config, world)["own_image"] == pytest.approx(linear, abs=0.01)


def test_bent_features_have_no_oracle() -> None:
    config = WorldConfig(**SMALL, curvature=1.0)
    with pytest.raises(ConfigError, match="curvature"):
        knowable_r2(config, make_world(config, 0))


@pytest.mark.parametrize("factor", FACTORS)
def test_users_choose_by_the_factor_that_has_the_share(factor: str) -> None:
    shares = {name: float(name == factor) for name in FACTORS}
    world = make_world(WorldConfig(num_users=500, length=10, shares=shares), 0)
    between = {f: world.factors[f][world.item_seq].mean(1).var() for f in FACTORS}
    assert max(between, key=lambda name: between[name]) == factor


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"interaction": "and"}, "world.interaction"),
        ({"shares": {"shared": 0.5}}, "world.shares"),
        ({"shares": {"sharde": 1.0}}, "world.shares"),
        ({"num_items": 5}, "world.length"),
    ],
)
def test_impossible_worlds_are_refused(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        WorldConfig(**change)
