"""A study: variants x backbones x data sets x seeds, as one TOML file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prism_core.config.reading import build, read_toml
from prism_core.config.run import RunConfig, load_run_config
from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantConfig:
    """One row of a study: a preset and what is changed in it.

    Attributes
    ----------
    preset
        Name or path of a preset.
    name
        Name of the runs; the preset's by default.
    set
        Values laid over the preset, each written ``section.key=value``.
    seeds
        Seeds of this variant; the study's by default.
    whole_seeds
        Seeds whose runs are kept with model and vectors; the others are kept without.
    """

    preset: str
    name: str = ""
    set: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    whole_seeds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyConfig:
    """What a study trains and on what.

    Attributes
    ----------
    datasets
        Folders of prepared data sets.
    backbones
        Backbones that every variant is trained with; empty keeps each preset's own.
    seeds
        Seeds of every variant that names none.
    floors
        Whether the untrained floors of each data set are scored too.
    set
        Values laid over every variant.
    """

    datasets: tuple[str, ...]
    variants: tuple[VariantConfig, ...]
    backbones: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    floors: bool = True
    set: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("datasets", "variants", "seeds"):
            if not getattr(self, name):
                raise ConfigError(f"{name}: a study needs at least one of them.")


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a study.

    Attributes
    ----------
    config
        Its resolved configuration.
    is_whole
        Whether model and vectors are kept.
    """

    config: RunConfig
    is_whole: bool = field(default=False)


def read_study(path: Path) -> StudyConfig:
    """Read a study file.

    Raises
    ------
    ConfigError
        The file is missing or not TOML, or holds an unknown key or a wrong value.
    """
    return build(StudyConfig, read_toml(path))


def cells_of(study: StudyConfig) -> Iterator[Cell]:
    """Yield the runs of a study, seed by seed, so that a stopped study is balanced.

    Raises
    ------
    ConfigError
        A variant cannot be resolved.
    """
    seeds = sorted({seed for v in study.variants for seed in v.seeds or study.seeds})
    for seed in seeds:
        for dataset in study.datasets:
            for backbone in study.backbones or ("",):
                for variant in study.variants:
                    if seed in (variant.seeds or study.seeds):
                        config = _config(study, variant, dataset, backbone, seed)
                        yield Cell(config, seed in variant.whole_seeds)


def _config(
    study: StudyConfig, variant: VariantConfig, dataset: str, backbone: str, seed: int
) -> RunConfig:
    overrides = [*study.set, *variant.set, f'data.path="{dataset}"', f"seed={seed}"]
    if backbone:
        overrides.append(f'model.backbone="{backbone}"')
    changes = {"name": variant.name} if variant.name else {}
    return load_run_config(preset=variant.preset, overrides=overrides, changes=changes)
