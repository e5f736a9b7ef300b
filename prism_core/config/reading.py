"""Strict reading of configuration: TOML or ``a.b=c`` text into frozen dataclasses."""

import dataclasses
import difflib
import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from prism_core.errors import ConfigError

T = TypeVar("T")

ABSENT: Final = "absent"
"""Key of the metadata of a field that came after runs had been stored; see `later`."""


def later(absent: Any) -> Mapping[str, Any]:
    """Mark a field that came after runs had been stored.

    Parameters
    ----------
    absent
        What a stored configuration without the field means: the value that all runs had before.
        A configuration with that value hashes as it always did, whatever the default is now.
    """
    return types.MappingProxyType({ABSENT: absent})


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file.

    Raises
    ------
    ConfigError
        The file is missing or is not TOML; the text names the file, line and column.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such configuration file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None


def merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay ``change`` over ``base``, table by table; neither input is altered."""
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        nested = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(old, value) if nested else value  # type: ignore[arg-type]
    return merged


def parse_override(text: str) -> dict[str, Any]:
    """Turn ``a.b=c`` into ``{"a": {"b": c}}``; ``c`` is read as TOML, else as a string.

    Raises
    ------
    ConfigError
        There is no ``=`` or no key.
    """
    key, separator, raw = text.partition("=")
    if not separator or not key.strip():
        raise ConfigError(f"--set {text!r}: write it as section.key=value.")
    try:
        value: Any = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw
    for name in reversed(key.strip().split(".")):
        value = {name: value}
    return typing.cast(dict[str, Any], value)


def build(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Build a dataclass from nested mappings and refuse what it does not know.

    Parameters
    ----------
    cls
        A dataclass whose fields are numbers, strings, booleans, tuples, mappings or dataclasses.
    values
        Field values; missing ones keep the default.
    where
        Name of the enclosing table, for error texts.

    Raises
    ------
    ConfigError
        A key is unknown (the nearest right one is named), a type is wrong, or the dataclass
        itself refuses a value.
    """
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    arguments = {}
    for key, value in values.items():
        label = f"{where}.{key}" if where else key
        if key not in names:
            raise ConfigError(_unknown_key(label, key, names))
        arguments[key] = _convert(hints[key], value, label)
    try:
        return cls(**arguments)
    except TypeError as error:
        raise ConfigError(f"[{where or 'top level'}]: {error}.") from None


def build_stored(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """`build` what was stored, perhaps before some fields were there: these are as they were then.

    Raises
    ------
    ConfigError
        As `build` does.
    """
    return build(cls, merge(_absent(cls), values), where)


def _absent(cls: type) -> dict[str, Any]:
    """Collect what absent fields mean, table by table."""
    meant: dict[str, Any] = {}
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if ABSENT in field.metadata:
            meant[field.name] = field.metadata[ABSENT]
        elif dataclasses.is_dataclass(hints[field.name]) and (
            inner := _absent(typing.cast(type, hints[field.name]))
        ):
            meant[field.name] = inner
    return meant


def to_dict(config: Any) -> dict[str, Any]:
    """Give the plain nested dictionary of a configuration, complete and ready for JSON."""
    return typing.cast(dict[str, Any], json.loads(json.dumps(_written(config))))


def _written(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _written(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {key: _written(inner) for key, inner in value.items()}
    return [_written(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def config_hash(config: Any) -> str:
    """Hash the resolved configuration: 10 hexadecimal digits, the same for equal content."""
    hashed = _without_absent(to_dict(config), _absent(type(config)))
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _without_absent(values: Mapping[str, Any], absent: Mapping[str, Any]) -> dict[str, Any]:
    kept = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            kept[key] = _without_absent(value, absent.get(key, {}))
        elif key not in absent or value != absent[key]:
            kept[key] = value
    return kept


def _unknown_key(label: str, key: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(names)}."
    return f"unknown key {label!r}: {hint}"


def _convert(kind: Any, value: Any, label: str) -> Any:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return build(typing.cast(type, kind), value, label)
    if origin in (types.UnionType, typing.Union):
        return _convert_union(typing.get_args(kind), value, label)
    if origin is typing.Literal:
        return _one_of(typing.get_args(kind), value, label)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(_convert(typing.get_args(kind)[0], item, label) for item in value)
    if origin in (dict, Mapping) or str(origin).endswith("abc.Mapping"):
        inner = typing.get_args(kind)[1]
        return {k: _convert(inner, v, f"{label}.{k}") for k, v in _mapping(value, label).items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and (type(value) is kind):
        return value
    raise ConfigError(f"{label} = {value!r}: expected {_kind_name(kind)}.")


def _convert_union(kinds: tuple[Any, ...], value: Any, label: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    inner = [kind for kind in kinds if kind is not type(None)]
    return _convert(inner[0], value, label)


def _one_of(allowed: tuple[Any, ...], value: Any, label: str) -> Any:
    if value not in allowed:
        raise ConfigError(f"{label} = {value!r}: choose one of {', '.join(map(str, allowed))}.")
    return value


def _mapping(value: Any, label: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{label} = {value!r}: expected a table of keys and values.")
    return value


def _kind_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
