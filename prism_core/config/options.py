"""What can be set: every option of a run, its value and its meaning."""

import inspect
import json
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from prism_core.config.reading import to_dict
from prism_core.config.run import RunConfig


class Option(NamedTuple):
    """One option of a run.

    Attributes
    ----------
    key
        As ``--set`` takes it, such as ``model.dropout``.
    value, default
        As TOML has them.
    meaning
        What it decides, and what may be chosen.
    """

    key: str
    value: str
    default: str
    meaning: str

    @property
    def is_changed(self) -> bool:
        """Whether it is not at its default."""
        return self.value != self.default


def options_of(config: RunConfig) -> list[Option]:
    """List every option that a configuration has, section by section."""
    pairs = zip(_leaves(config), _leaves(RunConfig()), strict=True)
    return [Option(key, value, default, said) for (key, value, said), (_, default, _) in pairs]


def _leaves(config: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    meanings, values = _meanings(type(config)), to_dict(config)
    nested = []
    for field in fields(config):
        key = f"{where}{field.name}"
        if is_dataclass(getattr(config, field.name)):
            nested.append((getattr(config, field.name), f"{key}."))
        else:
            yield key, json.dumps(values[field.name]), meanings[field.name]
    for inner, prefix in nested:
        yield from _leaves(inner, prefix)


def _meanings(kind: type) -> dict[str, str]:
    """Read the section "Attributes" of a numpydoc docstring: text by name."""
    lines = typing.cast(str, inspect.getdoc(kind)).partition("Attributes\n")[2].splitlines()[1:]
    lines = [line.replace("``", "") for line in lines]
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in filter(None, lines):
        if line.startswith(" "):
            texts |= {name: f"{texts[name]} {line.strip()}".strip() for name in names}
        else:
            names = line.split(", ")
            texts |= dict.fromkeys(names, "")
    return texts
