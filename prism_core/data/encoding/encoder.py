"""What every encoder is: batches of texts or pictures in, vectors out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np

from prism_core.errors import MissingExtraError

Kind = Literal["text", "image"]
INSTALL: Final[dict[str, str]] = {
    "timm": "pip install timm torchvision",
    "torchvision": "pip install torchvision",
}
"""How to get packages that requirements-encoders.txt does not bring."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A model ready to encode.

    Attributes
    ----------
    name
        True name, part of the cache's keys.
    reads
        What it encodes.
    encode
        ``B`` texts or RGB pictures to ``(B, d)`` float32.
    """

    name: str
    reads: Kind
    encode: Callable[[Sequence[Any]], np.ndarray]


def package(name: str) -> ModuleType:
    """Import an optional package.

    Raises
    ------
    MissingExtraError
        It is not installed; the text says how to get it.
    """
    try:
        return import_module(name)
    except ImportError:
        top = name.partition(".")[0]
        install = INSTALL.get(top, "pip install -r requirements-encoders.txt")
        raise MissingExtraError(
            f"this encoder needs the package {top}; install it with: {install}."
        ) from None
