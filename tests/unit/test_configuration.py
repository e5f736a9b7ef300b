"""What a configuration is stored as, and the name that its run gets from it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from prism_core.config.reading import LATER, build, config_hash, to_dict
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
    colour: str = field(default="red", metadata=LATER)


def test_a_later_setting_at_its_default_changes_neither_text_nor_hash() -> None:
    assert to_dict(After()) == to_dict(Before())
    assert config_hash(After()) == config_hash(Before())
    assert build(After, to_dict(Before())) == After()


def test_a_later_setting_that_is_set_is_stored_and_hashed() -> None:
    assert to_dict(After(colour="blue")) == {"width": 4, "colour": "blue"}
    assert config_hash(After(colour="blue")) != config_hash(After())


def test_every_configuration_comes_back_from_what_is_stored() -> None:
    for overrides in ([], ["model.synergy_factors=both", 'model.without=["synergy"]']):
        config = load_run_config(preset="prism", overrides=overrides)
        assert build(RunConfig, to_dict(config)) == config


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


def test_redundancy_is_tied_to_linear_experts_only() -> None:
    with pytest.raises(ConfigError, match=r"'tied' needs linear experts.*_size is 64; set it to 0"):
        load_run_config(overrides=["model.redundancy_expert=tied"])
    tied = load_run_config(preset="tied-parts")
    assert tied.model.redundancy_expert == "tied"


@pytest.mark.parametrize("path", [e.path for e in list_runs([BUNDLED]) if e.kind == "model"])
def test_a_bundled_run_is_named_by_its_configuration(path: Path) -> None:
    assert stored_config(path).run_id == path.name
