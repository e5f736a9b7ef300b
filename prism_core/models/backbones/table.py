"""The table of backbones: a new one is one file and one line here."""

from collections.abc import Callable
from typing import Final

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.sasrec import SASRec

BACKBONES: Final[dict[str, Callable[[ModelConfig], Backbone]]] = {
    "sasrec": SASRec,
}
