"""The form of a training: preset and options in, command line out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import loaders
from app.components import table_card
from app.state import Widget, training_key
from prism_core.config.options import options_of
from prism_core.config.run import RunConfig, load_run_config, preset_about, preset_names
from prism_core.store import schema
from prism_core.store.datasets import Dataset

DEVICES: Final = ("auto", "cuda", "mps", "cpu")
FIRST_PRESET: Final = "prism"


@dataclass(frozen=True, slots=True)
class Order:
    """A training that the reader asks for.

    Attributes
    ----------
    overrides
        ``section.key=value`` texts laid over the preset.
    """

    preset: str
    overrides: tuple[str, ...]
    device: str

    def config(self) -> RunConfig:
        """Resolve the configuration.

        Raises
        ------
        ConfigError
            An option is unknown or outside its range.
        """
        return load_run_config(preset=self.preset, overrides=self.overrides)

    def arguments(self, runs: Path) -> list[str]:
        """Give the arguments of ``python -m`` that train it below ``runs``."""
        command = ["prism_core", "train", "--preset", self.preset]
        command += [part for text in self.overrides for part in ("--set", text)]
        return [*command, "--out", str(runs.resolve()), "--device", self.device, "--resume"]


def is_complete(folder: Path) -> bool:
    """Say whether a run folder holds a finished run."""
    return (folder / schema.MANIFEST).is_file()


def draw() -> Order | None:
    """Draw the form and give the order once it is submitted."""
    presets = preset_names()
    preset = st.selectbox(
        "Preset",
        presets,
        index=presets.index(FIRST_PRESET) if FIRST_PRESET in presets else 0,
        key=Widget.PRESET,
        help="A preset is a named set of options; everything else keeps its default.",
    )
    st.caption(preset_about(preset))
    with st.form("training"):
        overrides = _draw_options(preset)
        device = st.selectbox(
            "Device",
            DEVICES,
            key=training_key("device", preset),
            help="auto takes the first of cuda, mps, cpu.",
        )
        more = st.text_area(
            "More options",
            placeholder='model.dropout = 0.2\nmodel.without = ["synergy"]',
            key=training_key("more", preset),
            help="One section.key = value per line; *All options* below lists them.",
        )
        submitted = st.form_submit_button("Start training", type="primary", key=Widget.START)
    _draw_all_options(preset)
    lines = tuple(line.strip() for line in more.splitlines() if line.strip())
    return Order(preset, (*overrides, *lines), device) if submitted else None


def _draw_options(preset: str) -> list[str]:
    base = load_run_config(preset=preset)
    left, right = st.columns(2)
    name = left.text_input(
        "Name",
        value=base.name,
        key=training_key("name", preset),
        help="Runs of one name that differ only in their seed count as one variant.",
    )
    chosen = {
        "name": (name, base.name),
        "data.path": (_draw_data(right, base, preset), base.data.path),
        "seed": (_draw_number(left, "Seed", "seed", preset, base.seed, 0), base.seed),
    }
    for column, label, option in (
        (right, "Most epochs", "max_epochs"),
        (left, "Batch size (users)", "batch_size"),
        (right, "Learning rate", "learning_rate"),
    ):
        default = getattr(base.training, option)
        least = 1 if isinstance(default, int) else 1e-6
        value = _draw_number(column, label, option, preset, default, least)
        chosen[f"training.{option}"] = (value, default)
    return [f"{key}={json.dumps(value)}" for key, (value, old) in chosen.items() if value != old]


def _draw_all_options(preset: str) -> None:
    with st.expander("All options"):
        options = options_of(load_run_config(preset=preset))
        table = pd.DataFrame(
            {
                "Option": [option.key for option in options],
                f"In {preset}": [option.value for option in options],
                "Default": [option.default for option in options],
                "Meaning": [option.meaning for option in options],
            }
        )
        title = f"Options of the preset {preset}"
        table_card.draw(table, title=title, name=f"options-{preset}")


def _draw_number(
    column: DeltaGenerator, label: str, option: str, preset: str, default: float, least: float
) -> float:
    return column.number_input(
        label,
        min_value=least,
        value=default,
        format=None if isinstance(default, int) else "%.4g",
        key=training_key(option, preset),
    )


def _draw_data(column: DeltaGenerator, base: RunConfig, preset: str) -> str:
    paths = list(loaders.datasets()) or [base.data.path]
    return column.selectbox(
        "Data set",
        paths,
        index=paths.index(base.data.path) if base.data.path in paths else 0,
        format_func=_data_title,
        key=training_key("data", preset),
    )


def _data_title(path: str) -> str:
    dataset: Dataset | None = loaders.datasets().get(path)
    return str(dataset.description.get("title", dataset.name)) if dataset else path
