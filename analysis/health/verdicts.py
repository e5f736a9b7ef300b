"""A verdict on each part, with the numbers behind it.

A fusion weight says how loud a part is, not what it carries. These measures do: how far a part
spreads its items, how it reacts when a modality is withheld, whether it repeats another part, what
a probe of one modality alone explains of it, and which atom tells of it most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analysis.health.evidence import kept_role, leaks
from prism_core.evaluation.part_measures import Array, PartMeasure, measure_parts

Verdict = Literal["alive", "dead", "leaks", "constant"]

CONSTANT_SPREAD: Final = 0.02
"""Spread over norm below which a part says the same of every item."""

DEAD_SHARE: Final = 0.05
"""Spread, against the median part, below which nothing a part says can matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """Verdict on one part.

    Attributes
    ----------
    verdict
        ``constant``: says the same of every item; ``dead``: too small to matter; ``leaks``:
        carries what its name excludes, or repeats another part; ``alive``: none of these.
    evidence
        Sentences with the numbers behind the verdict.
    """

    part: str
    verdict: Verdict
    evidence: str


def measure(
    vectors: Mapping[str, Array], without: Mapping[str, Mapping[str, Array]]
) -> pd.DataFrame:
    """Measure all parts.

    Parameters
    ----------
    vectors
        ``(n, d)`` item vectors of each part.
    without
        By modality, then part: the same with that modality withheld.

    Returns
    -------
    frame
        Columns part, quantity (spread, norm, sensitivity, cka), other (the withheld modality or
        the other part, else empty) and value.

    Raises
    ------
    DataError
        When the parts' arrays differ in rows.
    """
    return pd.DataFrame(measure_parts(vectors, without), columns=list(PartMeasure._fields))


def judge(measures: pd.DataFrame) -> list[PartHealth]:
    """Verdict for each part.

    Parameters
    ----------
    measures
        As of `measure`; further rows ``probe`` (`other`: the modality that explains the part) and
        ``role_<atom>`` (with column ``distinguishable``) are heeded where there are any.
    """
    spreads = _values(measures, "spread")
    typical = float(np.median(list(spreads.values())))
    return [_judge_part(part, measures, spreads[part], typical) for part in spreads]


def stored_verdicts(health: pd.DataFrame) -> pd.DataFrame:
    """Judge the parts by the numbers of a stored table, so that old tables get today's words.

    Parameters
    ----------
    health
        As `analysis.health.command.health_table`.

    Returns
    -------
    frame
        Columns part, verdict and evidence.
    """
    rows = [(one.part, one.verdict, one.evidence) for one in judge(health)]
    return pd.DataFrame(rows, columns=["part", "verdict", "evidence"])


def _values(measures: pd.DataFrame, quantity: str) -> dict[str, float]:
    rows = measures[measures["quantity"] == quantity]
    return dict(zip(rows["part"], rows["value"], strict=True))


def _judge_part(part: str, measures: pd.DataFrame, size: float, typical: float) -> PartHealth:
    length = _values(measures, "norm")[part]
    share = size / max(length, 1e-12)
    if share < CONSTANT_SPREAD:
        text = (
            "It says nearly the same of every item: its vectors differ between items by only "
            f"{share:.1%} of their length."
        )
        return PartHealth(part=part, verdict="constant", evidence=text)
    if size < DEAD_SHARE * typical:
        text = (
            "Its items lie so close together that it can hardly move a score: its spread is only "
            f"{size / typical:.1%} of the median part's."
        )
        return PartHealth(part=part, verdict="dead", evidence=text)
    mine = measures[measures["part"] == part]
    if found := list(leaks(part, mine)):
        return PartHealth(part=part, verdict="leaks", evidence=" ".join(found))
    return PartHealth(part=part, verdict="alive", evidence=" ".join(kept_role(part, mine)))
