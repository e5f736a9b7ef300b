"""A study: variants x backbones x data sets x seeds, as one TOML file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from prism_core.config.reading import build, read_toml
from prism_core.config.run import RunConfig, load_run_config
from prism_core.errors import ConfigError
from prism_core.names import BACKBONES, TIERS, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantConfig:
    """One or several rows of a study: a preset and what is changed in it.

    Attributes
    ----------
    preset
        Name or path of a preset.
    name
        Name of the runs, the preset's by default. ``{case}`` stands for the case, ``{backbone}``
        for the backbone's title; without the latter, the title of a backbone that is not the
        preset's own follows in brackets.
    group
        Heading under which the variant is listed.
    set
        Values laid over the preset, each written ``section.key=value``.
    cases
        Rows made of this variant, by name: values laid over it for that row alone.
    backbones, seeds
        Those of this variant; the study's by default.
    """

    preset: str
    name: str = ""
    group: str = "Ablations"
    set: tuple[str, ...] = ()
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    backbones: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.cases) > 1 and "{case}" not in self.name:
            raise ConfigError(
                f"variant {self.name or self.preset!r} has several cases; write {{case}} into its "
                "name, so that their runs have different names."
            )


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
    tier
        How much is kept of a run, see :data:`prism_core.names.TIERS`.
    whole, compact
        Runs of which more is kept: patterns of ``<name> seed <number>`` with ``*`` and ``?``.
    """

    datasets: tuple[str, ...]
    variants: tuple[VariantConfig, ...]
    backbones: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    floors: bool = True
    set: tuple[str, ...] = ()
    tier: Literal["whole", "compact", "metrics"] = "compact"
    whole: tuple[str, ...] = ()
    compact: tuple[str, ...] = ()

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
    group
        Heading under which it is listed.
    tier
        How much of it is kept.
    """

    config: RunConfig
    group: str
    tier: Tier

    @property
    def label(self) -> str:
        """What patterns and progress call it: ``<name> seed <number>``."""
        return f"{self.config.name} seed {self.config.seed}"


def read_study(path: Path) -> StudyConfig:
    """Read a study file.

    Raises
    ------
    ConfigError
        The file is missing or not TOML, or holds an unknown key or a wrong value.
    """
    return build(StudyConfig, read_toml(path))


def cells_of(study: StudyConfig) -> list[Cell]:
    """List the runs of a study in the order in which they are made.

    Group by group, and within a group backbone by backbone, variants as written, all seeds of a
    variant together: a study that is stopped has whole variants to compare.

    Raises
    ------
    ConfigError
        A variant cannot be resolved, two variants have one name, or a pattern fits no run.
    """
    cells = list(_cells(study))
    _check_names(cells)
    for pattern in (*study.whole, *study.compact):
        if not any(fnmatchcase(cell.label, pattern) for cell in cells):
            raise ConfigError(
                f"{pattern!r} fits no run of the study; write '<name> seed <number>', for example "
                f"{cells[0].label!r}."
            )
    return cells


def _cells(study: StudyConfig) -> Iterator[Cell]:
    for group in dict.fromkeys(variant.group for variant in study.variants):
        variants = [variant for variant in study.variants if variant.group == group]
        for dataset in study.datasets:
            for backbone in _backbones(study, variants):
                for variant in variants:
                    if backbone in (variant.backbones or study.backbones or ("",)):
                        yield from _rows(study, variant, dataset, backbone)


def _backbones(study: StudyConfig, variants: Sequence[VariantConfig]) -> list[str]:
    named = [variant.backbones or study.backbones or ("",) for variant in variants]
    return list(dict.fromkeys(backbone for names in named for backbone in names))


def _rows(
    study: StudyConfig, variant: VariantConfig, dataset: str, backbone: str
) -> Iterator[Cell]:
    for case, changes in (variant.cases or {"": ()}).items():
        overrides = [*study.set, *variant.set, *changes, f'data.path="{dataset}"']
        name = _name(variant, case, backbone)
        overrides += [f'model.backbone="{backbone}"'] if backbone else []
        for seed in variant.seeds or study.seeds:
            own = {"seed": seed} | ({"name": name} if name else {})
            config = load_run_config(preset=variant.preset, overrides=overrides, changes=own)
            yield _cell(study, variant.group, config)


def _cell(study: StudyConfig, group: str, config: RunConfig) -> Cell:
    label = Cell(config, group, study.tier).label
    patterns = {"whole": study.whole, "compact": study.compact}
    for tier in TIERS[:-1]:
        if any(fnmatchcase(label, pattern) for pattern in patterns[tier]):
            return Cell(config, group, tier)
    return Cell(config, group, study.tier)


def _name(variant: VariantConfig, case: str, backbone: str) -> str:
    preset = load_run_config(preset=variant.preset)
    title = BACKBONES[backbone or preset.model.backbone] if backbone in ("", *BACKBONES) else ""
    name = (variant.name or preset.name).replace("{case}", case)
    if "{backbone}" in name or backbone in ("", preset.model.backbone):
        return name.replace("{backbone}", title)
    return f"{name} ({title})"


def _check_names(cells: Sequence[Cell]) -> None:
    recipes: dict[tuple[str, str], str] = {}
    for cell in cells:
        key = (cell.config.name, cell.config.data.path)
        if recipes.setdefault(key, cell.config.recipe_hash) != cell.config.recipe_hash:
            raise ConfigError(
                f"two different variants are both named {cell.config.name!r}; name them apart."
            )
