"""The table of backbones: a new one is one file and one line here."""

from collections.abc import Callable
from typing import Final

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.gru4rec import GRU4Rec
from prism_core.models.backbones.indirec import InDiRec
from prism_core.models.backbones.sasrec import SASRec
from prism_core.models.backbones.stosa import STOSA

BACKBONES: Final[dict[str, Callable[[ModelConfig], Backbone]]] = {
    "sasrec": SASRec,
    "stosa": STOSA,
    "indirec": InDiRec,
    "gru4rec": GRU4Rec,
}
