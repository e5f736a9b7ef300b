"""What a configuration is stored as, and the name that its run gets from it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from prism_core.config.model import ModelConfig
from prism_core.config.reading import build, build_stored, config_hash, later, to_dict
from prism_core.config.run import RunConfig, load_run_config
from prism_core.errors import ConfigError
from prism_core.models.build import build_model
from prism_core.store.reader import list_runs
from prism_core.training.runs import stored_config

BUNDLED = Path(__file__).parents[2] / "assets" / "runs"


@dataclass(frozen=True, kw_only=True)
class Before:
    width: int = 4


@dataclass(frozen=True, kw_only=True)
class After:
    width: int = 4
    colour: str = field(default="red", metadata=later("grey"))


@dataclass(frozen=True, kw_only=True)
class Whole:
    inner: After = field(default_factory=After)


def test_what_was_stored_before_a_setting_came_is_as_it_was_then() -> None:
    assert build_stored(After, to_dict(Before())) == After(colour="grey")
    assert build_stored(Whole, {"inner": {"width": 5}}).inner == After(width=5, colour="grey")
    assert build(Whole, {"inner": {"width": 5}}).inner == After(width=5, colour="red")
    assert config_hash(After(colour="grey")) == config_hash(Before())


def test_a_setting_that_came_later_is_stored_and_hashed_where_it_differs_from_before() -> None:
    assert to_dict(After()) == {"width": 4, "colour": "red"}
    assert len({config_hash(After(colour=name)) for name in ("red", "blue", "grey")}) == 3
    assert config_hash(Whole(inner=After(colour="grey"))) != config_hash(Whole())


def test_every_configuration_comes_back_from_what_is_stored() -> None:
    for overrides in ([], ["model.synergy_factors=both", 'model.without=["synergy"]']):
        config = load_run_config(preset="prism", overrides=overrides)
        assert build(RunConfig, to_dict(config)) == config
        assert build_stored(RunConfig, to_dict(config)) == config


@pytest.mark.parametrize("mode", ["paper", "released"])
def test_a_published_mode_has_no_setting_that_came_later(mode: str) -> None:
    config = load_run_config(preset=mode)
    assert (config.model.synergy_rank, config.model.redundancy_expert) == (0, "own")
    later_ones = ("synergy_factors", "synergy_rank", "part_placement", "part_scale")
    known = to_dict(config)
    for key in (*later_ones, "redundancy_expert"):
        del known["model"][key]
    assert build_stored(RunConfig, known).run_id == config.run_id
    assert ModelConfig(mode=mode, synergy_rank=32) == ModelConfig(mode=mode, synergy_rank=0)


@pytest.mark.parametrize("mode", ["paper", "released"])
@pytest.mark.parametrize(
    "setting", ["synergy_factors=saturated", "part_placement=sum", "part_scale=free"]
)
def test_a_setting_of_anchored_parts_is_refused_in_another_mode(mode: str, setting: str) -> None:
    key, value = setting.split("=")
    with pytest.raises(ConfigError, match=f"model.{key} '{value}' .* 'anchored'.* '{mode}'"):
        load_run_config(preset=mode, overrides=[f"model.{setting}"])
    assert getattr(load_run_config(overrides=[f"model.{setting}"]).model, key) == value


def test_synergy_is_a_map_of_as_many_products_as_are_asked_for() -> None:
    with pytest.raises(ConfigError, match="synergy_rank is -1; give at least 0"):
        load_run_config(overrides=["model.synergy_rank=-1"])
    with pytest.raises(ConfigError, match="synergy_rank '3' is for mode 'anchored'"):
        load_run_config(preset="paper", overrides=["model.synergy_rank=3"])
    features = torch.randn(2, 31, 6)
    for rank, expected in ((0, 8), (3, 3)):
        config = load_run_config(
            overrides=["model.hidden_size=16", f"model.synergy_rank={rank}"]
        ).model
        content = build_model(
            config, 30, dict(zip(("image", "text"), features, strict=True))
        ).content
        assert content.experts.interaction.in_features == expected


@pytest.mark.parametrize("path", [e.path for e in list_runs([BUNDLED]) if e.kind == "model"])
def test_a_bundled_run_is_named_by_its_configuration(path: Path) -> None:
    assert stored_config(path).run_id == path.name
