"""The form of a training: preset and options in, command line out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from app import loaders
from app.state import Widget
from prism_core.config.run import RunConfig, load_run_config, preset_names
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
    base = load_run_config(preset=preset)
    with st.form("training"):
        overrides = _draw_options(base)
        device = st.selectbox("Device", DEVICES, help="auto takes the first of cuda, mps, cpu.")
        more = st.text_area(
            "More options",
            placeholder='model.dropout = 0.2\nmodel.without = ["synergy"]',
            help="One section.key = value per line. The README lists all options.",
        )
        submitted = st.form_submit_button("Start training", type="primary")
    lines = tuple(line.strip() for line in more.splitlines() if line.strip())
    return Order(preset, (*overrides, *lines), device) if submitted else None


def _draw_options(base: RunConfig) -> list[str]:
    left, right = st.columns(2)
    name = left.text_input("Name", value=base.name, help="Runs of one name count as one variant.")
    data = right.selectbox("Data set", list(loaders.datasets()), format_func=_data_title)
    seed = left.number_input("Seed", min_value=0, max_value=2**31 - 1, value=base.seed)
    epochs = right.number_input("Most epochs", min_value=1, value=base.training.max_epochs)
    batch = left.number_input("Batch size (users)", min_value=1, value=base.training.batch_size)
    rate = right.number_input(
        "Learning rate", min_value=1e-6, value=base.training.learning_rate, format="%.4g"
    )
    chosen = {
        "name": (name, base.name),
        "data.path": (data or base.data.path, base.data.path),
        "seed": (seed, base.seed),
        "training.max_epochs": (epochs, base.training.max_epochs),
        "training.batch_size": (batch, base.training.batch_size),
        "training.learning_rate": (rate, base.training.learning_rate),
    }
    return [f"{key}={json.dumps(value)}" for key, (value, old) in chosen.items() if value != old]


def _data_title(path: str) -> str:
    dataset: Dataset | None = loaders.datasets().get(path)
    return str(dataset.description.get("title", dataset.name)) if dataset else path
