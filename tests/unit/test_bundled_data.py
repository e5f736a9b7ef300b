"""The bundled data set: whole, small, honest about itself, and what the command makes."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from prism_core.data import command
from prism_core.data.sequences import Sequences
from prism_core.store import files
from prism_core.store.datasets import Dataset
from tests.given import SHARED, needs_given_data

BUNDLED = Path(__file__).parents[2] / "assets" / "data" / "movielens-small"
LARGEST = 12 * 2**20


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return Dataset(BUNDLED)


def test_every_file_is_the_described_one_and_all_are_small(bundled: Dataset) -> None:
    described = bundled.description["files"]
    for name, entry in described.items():
        assert files.sha256(BUNDLED / name) == entry["sha256"], name
    on_disk = {p.relative_to(BUNDLED).as_posix() for p in BUNDLED.rglob("*") if p.is_file()}
    assert on_disk == {*described, "dataset.json"}
    assert sum(p.stat().st_size for p in BUNDLED.rglob("*")) <= LARGEST


def test_the_publisher_s_conditions_travel_with_the_data(bundled: Dataset) -> None:
    assert "Usage License" in (BUNDLED / "README.txt").read_text(encoding="utf-8")
    assert "10.1145/2827872" in bundled.description["citation"]


def test_encoders_have_their_true_names_and_sizes(bundled: Dataset) -> None:
    for modality, words in (("image", "EfficientNet-Lite0"), ("text", "MiniLM-L6")):
        features = bundled.features(modality)
        encoder = bundled.description["encoders"][modality]
        assert words in encoder
        assert f"{features.vectors.shape[1]}-d" in encoder
        assert features.available[1:].all()


def test_the_sequence_sentence_states_what_the_events_show(bundled: Dataset) -> None:
    times = bundled.interactions.groupby("user_index")["timestamp"]
    minutes = (times.max() - times.min()).median() / 60
    same = 100 * (times.diff().dropna() == 0).mean()
    assert f"within {minutes:.0f} minutes" in bundled.description["sequence"]
    assert f"{same:.1f} % of consecutive events" in bundled.description["sequence"]


def test_histories_are_short_enough_and_titles_have_their_year(bundled: Dataset) -> None:
    sequences = Sequences(bundled)
    lengths = np.diff(sequences.offsets)
    assert lengths.min() >= 5
    assert lengths.max() == 50
    heat = bundled.items.set_index("item_id").loc["6"]
    assert (heat["title"], heat["year"]) == ("Heat", 1995)


@needs_given_data
def test_the_command_makes_the_same_bytes(tmp_path: Path, bundled: Dataset) -> None:
    source = SHARED / "data" / "movielens-small"
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = ["movielens", str(source), "--features", str(source / "features.npz")]
    for modality, name in bundled.description["encoders"].items():
        words += ["--encoder", f"{modality}={name}"]
    command.run(parser.parse_args([*words, "--out", str(tmp_path / "made")]))
    for name in (*bundled.description["files"], "dataset.json"):
        assert (tmp_path / "made" / name).read_bytes() == (BUNDLED / name).read_bytes(), name
