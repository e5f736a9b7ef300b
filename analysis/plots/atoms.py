"""What stands for an atom in every figure of information: its style, its name, its axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.information.sources import PROJECTED, REST
from analysis.plots.theme import label_of
from prism_core.names import ID, REDUNDANCY, SYNERGY

BITS: Final = "bits"
FADED: Final = 0.35
"""Opacity of what is not distinguishable from zero."""

MODALITY_SOURCES: Final = ("image", "text")
PART_SOURCES: Final = ("part", REST)
_SIDES: Final = ("unique_first", "unique_second")


def part_of_atom(atom: str, sources: Sequence[str] = MODALITY_SOURCES) -> str:
    """Name what an atom is drawn as.

    ``unique_first`` of image and text is the part unique_image; sources that are no modalities get
    ``only_first`` and ``only_second``, because "unique" is then a part's name.
    """
    if atom not in _SIDES:
        return atom
    side = _SIDES.index(atom)
    source = sources[side].removeprefix(PROJECTED)
    return ("only_first", "only_second")[side] if _is_no_modality(source) else f"unique_{source}"


def atom_label(atom: str, sources: Sequence[str] = MODALITY_SOURCES) -> str:
    """Name an atom for a reader: "Unique image", or "Only synergy", "Only the rest"."""
    part = part_of_atom(atom, sources)
    if not part.startswith("only_"):
        return label_of(part)
    source = sources[_SIDES.index(atom)]
    return f"Only {'the ' if source in PART_SOURCES else ''}{label_of(source).lower()}"


def axis_title(target: str) -> str:
    """Name an axis of bits by what they are about."""
    return f"Information about {target} ({BITS})"


def is_clear(atoms: pd.DataFrame) -> list[bool]:
    """Tell which rows are distinguishable from zero: by their verdict, else by their interval."""
    if "distinguishable" in atoms and atoms["distinguishable"].notna().any():
        return atoms["distinguishable"].eq(True).tolist()
    return (atoms["low"] > 0).tolist() if "low" in atoms else [True] * len(atoms)


def _is_no_modality(source: str) -> bool:
    return source in (*PART_SOURCES, ID, SYNERGY, REDUNDANCY) or source.startswith("unique_")
