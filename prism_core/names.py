"""The project's vocabulary: one word for one thing, used in arrays, files, figures and pages.

Shape letters used in docstrings: ``B`` users in a batch, ``L`` positions of a history,
``D`` hidden size, ``N`` items, ``M`` modalities, ``P`` parts, ``K`` cutoff, ``S`` seeds.
"""

from collections.abc import Mapping
from typing import Final, Literal

PAD: Final = 0
"""Item index of padding; never a candidate, never a negative."""

MODALITIES: Final = ("image", "text")
"""The two modalities of the paper, in array order."""

SYNERGY: Final = "synergy"
REDUNDANCY: Final = "redundancy"
ID: Final = "id"
"""The path of the item-id embedding: the player beside the parts in every coalition."""

BACKBONES: Final[Mapping[str, str]] = {
    "sasrec": "SASRec",
    "stosa": "STOSA",
    "indirec": "InDiRec",
    "gru4rec": "GRU4Rec",
}
"""Titles of the backbones by their name in configurations."""

Tier = Literal["whole", "compact", "metrics"]
TIERS: Final[tuple[Tier, ...]] = ("whole", "compact", "metrics")
"""How much of a run is kept: everything; all but model and vectors, scores rounded; or only what
comparisons need (metrics, every user's rank, learning curve, settings)."""

SPLITS: Final = ("train", "valid", "test")
METRICS: Final = ("recall", "ndcg", "hr", "mrr")
CUTOFFS: Final = (5, 10, 20)


def parts_of(modalities: tuple[str, ...]) -> tuple[str, ...]:
    """Name the parts for some modalities: one unique part each, then synergy, redundancy.

    Parameters
    ----------
    modalities
        Names of the ``M`` modalities in array order.

    Returns
    -------
    tuple of str
        ``P = M + 2`` names, in the order of every array, file, colour and legend.
    """
    return (*(f"unique_{name}" for name in modalities), SYNERGY, REDUNDANCY)


PARTS: Final = parts_of(MODALITIES)


def players_of(modalities: tuple[str, ...]) -> tuple[str, ...]:
    """Name the players of the score game: the id path first, then the parts."""
    return (ID, *parts_of(modalities))
