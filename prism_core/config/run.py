"""One run's whole configuration: what is trained on what, how, and under which name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Any

from prism_core.config.data import DataConfig
from prism_core.config.evaluation import EvaluationConfig
from prism_core.config.model import ModelConfig
from prism_core.config.reading import build, config_hash, merge, parse_override, read_toml
from prism_core.config.training import TrainingConfig
from prism_core.errors import ConfigError

PRESETS = files("prism_core") / "presets"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that decides a run's result.

    Attributes
    ----------
    name
        The run's name in lists and figures.
    seed
        Decides initial weights, the order of batches and every random draw.
    """

    name: str = "PRISM"
    seed: int = 0
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self) -> None:
        if not self.slug:
            raise ConfigError(f"name = {self.name!r}: use at least one letter or digit.")
        if not 0 <= self.seed < 2**31:
            raise ConfigError(f"seed = {self.seed}: give a number from 0 to 2147483647.")

    @property
    def slug(self) -> str:
        """The name as it appears in folder names: lower case, words joined by hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def recipe_hash(self) -> str:
        """Hash of the resolved configuration without the seed, 10 hexadecimal digits."""
        return config_hash(replace(self, seed=0))

    @property
    def run_id(self) -> str:
        """Folder name of the run: ``<name>-<recipe hash>-seed<seed>``."""
        return f"{self.slug}-{self.recipe_hash}-seed{self.seed}"


def preset_names() -> list[str]:
    """List the presets that come with the package."""
    return sorted(p.name.removesuffix(".toml") for p in PRESETS.iterdir() if p.name[-5:] == ".toml")


def preset_about(name: str) -> str:
    """Say what a preset is: the comment at its head."""
    lines = (PRESETS / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    return " ".join(line[2:] for line in takewhile(lambda line: line.startswith("# "), lines))


def read_preset(name: str) -> dict[str, Any]:
    """Read a preset by its name, or any configuration by its path.

    Raises
    ------
    ConfigError
        There is no such preset or file, or it is not TOML.
    """
    if "/" in name or name.endswith(".toml"):
        return read_toml(Path(name))
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise ConfigError(f"there is no preset {name!r}; choose one of {known}, or give a path.")
    return read_toml(Path(str(PRESETS / f"{name}.toml")))


def load_run_config(
    *,
    preset: str | None = None,
    file: Path | None = None,
    base: Mapping[str, Any] | None = None,
    overrides: Iterable[str] = (),
    changes: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Resolve a configuration: defaults, then preset, file, ``a.b=c`` overrides and changes.

    Values of ``base``, such as another run's configuration, come before preset and file.

    Raises
    ------
    ConfigError
        A source cannot be read, or holds an unknown key or a value outside its range.
    """
    values = merge(base or {}, read_preset(preset) if preset else {})
    if file is not None:
        values = merge(values, read_toml(file))
    for text in overrides:
        values = merge(values, parse_override(text))
    return build(RunConfig, merge(values, changes or {}))
