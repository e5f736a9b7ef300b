"""Do the experts keep their roles? Measured on item vectors, with a verdict for each part.

A fusion weight says how loud a part is, not what it carries. These measures do: how far a part
spreads its items, how it reacts when a modality is withheld, and whether it repeats another part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from prism_core.evaluation.part_measures import Array, PartMeasure, measure_parts
from prism_core.names import REDUNDANCY, SYNERGY

Verdict = Literal["alive", "dead", "leaks", "constant"]

CONSTANT_SPREAD: Final = 0.02
"""Spread over norm below which a part says the same of every item."""

DEAD_SHARE: Final = 0.05
"""Spread, against the median part, below which nothing a part says can matter."""

OWN_SENSITIVITY: Final = 0.2
"""Change, in spreads, that withholding a modality must at least cause where the role needs it."""

LEAK_RATIO: Final = 0.5
"""Change by the other modality, against the own one, above which a unique part is not unique."""

SHARED_SENSITIVITY: Final = 0.7
"""Change, in spreads, above which a redundant part cannot do without one of the modalities."""

REPEATED_CKA: Final = 0.9
"""Similarity above which one part repeats another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """Verdict on one part.

    Attributes
    ----------
    verdict
        ``constant``: says the same of every item; ``dead``: too small to matter; ``leaks``:
        breaks its role or repeats another part; ``alive``: none of these.
    evidence
        One sentence with the numbers behind the verdict.
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
    """Verdict for each part from the frame of `measure`."""
    spreads = _values(measures, "spread")
    typical = float(np.median(list(spreads.values())))
    return [_judge_part(part, measures, spreads[part], typical) for part in spreads]


def _values(measures: pd.DataFrame, quantity: str) -> dict[str, float]:
    rows = measures[measures["quantity"] == quantity]
    return dict(zip(rows["part"], rows["value"], strict=True))


def _judge_part(part: str, measures: pd.DataFrame, size: float, typical: float) -> PartHealth:
    length = _values(measures, "norm")[part]
    share = size / max(length, 1e-12)
    if share < CONSTANT_SPREAD:
        text = f"Its vectors differ between items by only {share:.1%} of their length."
        return PartHealth(part=part, verdict="constant", evidence=text)
    if size < DEAD_SHARE * typical:
        text = f"Its spread is {size / typical:.1%} of the median part's."
        return PartHealth(part=part, verdict="dead", evidence=text)
    mine = measures[measures["part"] == part]
    broken = _broken_role(part, _by_other(mine, "sensitivity")) or _repeats(_by_other(mine, "cka"))
    if broken:
        return PartHealth(part=part, verdict="leaks", evidence=broken)
    return PartHealth(
        part=part, verdict="alive", evidence=_kept_role(_by_other(mine, "sensitivity"))
    )


def _by_other(rows: pd.DataFrame, quantity: str) -> dict[str, float]:
    chosen = rows[rows["quantity"] == quantity]
    return dict(zip(chosen["other"], chosen["value"], strict=True))


def _broken_role(part: str, changes: Mapping[str, float]) -> str:
    """Sentence that says how a part breaks its role, or nothing."""
    if part == SYNERGY:
        weak = min(changes, key=lambda modality: changes[modality])
        if changes[weak] < OWN_SENSITIVITY:
            return f"It hardly needs the {weak} ({changes[weak]:.2f} spreads when withheld)."
        return ""
    if part == REDUNDANCY:
        strong = max(changes, key=lambda modality: changes[modality])
        if changes[strong] > SHARED_SENSITIVITY:
            return (
                f"It cannot do without the {strong} ({changes[strong]:.2f} spreads when withheld)."
            )
        return ""
    return _broken_unique(part.removeprefix("unique_"), changes)


def _broken_unique(own: str, changes: Mapping[str, float]) -> str:
    if changes[own] < OWN_SENSITIVITY:
        return f"It hardly needs its own {own} ({changes[own]:.2f} spreads when withheld)."
    for other, change in changes.items():
        if other != own and change > LEAK_RATIO * changes[own]:
            return (
                f"Withholding the {other} moves it by {change:.2f} spreads, its own {own} by "
                f"{changes[own]:.2f}: it is not unique to the {own}."
            )
    return ""


def _repeats(similar: Mapping[str, float]) -> str:
    if not similar:
        return ""
    closest = max(similar, key=lambda part: similar[part])
    if similar[closest] < REPEATED_CKA:
        return ""
    return f"It repeats {closest.replace('_', ' ')} (CKA {similar[closest]:.2f})."


def _kept_role(changes: Mapping[str, float]) -> str:
    moves = [f"{modality} {change:.2f}" for modality, change in changes.items()]
    return f"Moves by {', '.join(moves)} spreads when withheld, as its role asks."
