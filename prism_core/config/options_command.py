"""``python -m prism_core options``: the presets, and every option with its value and meaning."""

import argparse
import textwrap
from typing import Final

from prism_core.config.options import Option, options_of
from prism_core.config.run import load_run_config, preset_about, preset_names

WIDTH: Final = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``options``."""
    parser.add_argument(
        "--preset", metavar="NAME", help="show the values of a preset, by its name or path"
    )


def run(args: argparse.Namespace) -> None:
    """Print presets and options, or those of one preset."""
    if args.preset is None:
        print("presets (--preset NAME)\n")
        for name in preset_names():
            print(_entry(name, preset_about(name)))
        print("options (--set KEY=VALUE, or in a TOML file)\n")
    for option in options_of(load_run_config(preset=args.preset)):
        print(_entry(_setting(option), option.meaning))


def _setting(option: Option) -> str:
    changed = f"    (default {option.default})" if option.is_changed else ""
    return f"{option.key} = {option.value}{changed}"


def _entry(head: str, text: str) -> str:
    body = textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{head}\n{body}\n"
