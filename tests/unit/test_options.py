"""Every preset and option is listed with what it means."""

import subprocess
import sys

import pytest

from prism_core.__main__ import main
from prism_core.config.options import options_of
from prism_core.config.reading import to_dict
from prism_core.config.run import RunConfig, load_run_config, preset_about, preset_names


def test_every_option_is_listed_once_and_says_what_it_means() -> None:
    options = options_of(RunConfig())
    assert len({option.key for option in options}) == len(options) == _count(to_dict(RunConfig()))
    assert all(option.meaning.endswith(".") for option in options)


def _count(values: dict[str, object]) -> int:
    return sum(_count(inner) if isinstance(inner, dict) else 1 for inner in values.values())


@pytest.mark.parametrize("preset", preset_names())
def test_what_is_listed_is_what_can_be_set(preset: str) -> None:
    config = load_run_config(preset=preset)
    settings = [f"{option.key}={option.value}" for option in options_of(config)]
    assert load_run_config(overrides=settings) == config
    assert preset_about(preset).endswith(".")


def test_the_command_lists_presets_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options"]) == 0
    text = capsys.readouterr().out
    assert preset_about("summed") in text
    assert "model.hidden_size = 64\n    Its width" in text


def test_the_command_says_what_a_preset_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options", "--preset", "stosa"]) == 0
    text = capsys.readouterr().out
    assert 'model.backbone = "stosa"    (default "sasrec")' in text
    assert "model.hidden_size = 64\n" in text


def test_a_reader_who_has_read_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "prism_core", "options"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
