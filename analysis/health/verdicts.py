"""A verdict on each part, with the numbers behind it.

A fusion weight says how loud a part is, not what it carries. These measures do: how far a part
spreads its items, how it reacts when a modality is withheld, whether it repeats another part, what
a probe of one modality alone explains of it, and which atom tells of it most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analysis.information.decomposition import ATOMS
from prism_core.evaluation.part_measures import Array, PartMeasure, measure_parts
from prism_core.names import REDUNDANCY, SYNERGY

Verdict = Literal["alive", "dead", "leaks", "constant"]

CONSTANT_SPREAD: Final = 0.02
"""Spread over norm below which a part says the same of every item."""

DEAD_SHARE: Final = 0.05
"""Spread, against the median part, below which nothing a part says can matter."""

OWN_SENSITIVITY: Final = 0.3
"""Change, in spreads, that withholding a modality must at least cause where the role needs it."""

LEAK_RATIO: Final = 0.3
"""Change by the other modality, against the own one, above which a unique part is not unique."""

SHARED_SENSITIVITY: Final = 0.3
"""Change, in spreads, above which a redundant part depends on one of the modalities.

Parts trained on worlds whose shared factor is known move by .07 (features with little noise) to
.15 (much noise); parts that carry everything move by .36.
"""

REPEATED_CKA: Final = 0.9
"""Similarity above which one part repeats another."""

LEAK_R2: Final = 0.3
"""Share of a unique part that a linear probe of another modality may explain."""

MOSTLY: Final = 2.0
"""How many times the own atom another one must be before it says what the part carries."""


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
    if leaks := [sentence for find in _LEAKS for sentence in find(part, mine)]:
        return PartHealth(part=part, verdict="leaks", evidence=" ".join(leaks))
    kept = _kept_role(_by_other(mine, "sensitivity"))
    return PartHealth(part=part, verdict="alive", evidence=kept)


def _by_other(rows: pd.DataFrame, quantity: str) -> dict[str, float]:
    chosen = rows[rows["quantity"] == quantity]
    return dict(zip(chosen["other"], chosen["value"], strict=True))


def _by_sensitivity(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """Sentences that say how a part reacts against its role."""
    changes = _by_other(mine, "sensitivity")
    if part == SYNERGY:
        weak = min(changes, key=lambda modality: changes[modality])
        if changes[weak] < OWN_SENSITIVITY:
            yield f"It hardly needs the {weak} ({changes[weak]:.2f} spreads when withheld)."
    elif part == REDUNDANCY:
        strong = {name: change for name, change in changes.items() if change > SHARED_SENSITIVITY}
        if strong:
            moves = " and ".join(f"the {name} {change:.2f}" for name, change in strong.items())
            yield f"It depends on single modalities: withholding {moves} spreads moves it."
    else:
        yield from _broken_unique(part.removeprefix("unique_"), changes)


def _broken_unique(own: str, changes: Mapping[str, float]) -> Iterator[str]:
    if changes[own] < OWN_SENSITIVITY:
        yield f"It hardly needs its own {own} ({changes[own]:.2f} spreads when withheld)."
    for other, change in changes.items():
        if other != own and change > LEAK_RATIO * changes[own]:
            yield (
                f"Withholding the {other} moves it by {change:.2f} spreads, its own {own} by "
                f"{changes[own]:.2f}: it is not unique to the {own}."
            )


def _by_likeness(part: str, mine: pd.DataFrame) -> Iterator[str]:
    for other, value in _by_other(mine, "cka").items():
        if value >= REPEATED_CKA:
            yield f"It repeats {other.replace('_', ' ')} (CKA {value:.2f})."


def _by_probe(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """A unique part must not be explained by another modality."""
    own = part.removeprefix("unique_")
    if own == part:
        return
    for other, explained in _by_other(mine, "probe").items():
        if other != own and explained > LEAK_R2:
            yield f"A linear probe of the {other} alone explains {explained:.0%} of it."


def _by_information(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """The atom that tells most of a part's items should be its own."""
    rows = mine[mine["quantity"].isin([f"role_{atom}" for atom in ATOMS])]
    if rows.empty:
        return
    bits = dict(zip(rows["quantity"].str.removeprefix("role_"), rows["value"], strict=True))
    clear = set(rows.loc[rows["distinguishable"].eq(True), "quantity"].str.removeprefix("role_"))
    sources = str(rows["other"].iloc[0]).split(", ")
    own, most = _own_atom(part, sources), max(bits, key=lambda atom: bits[atom])
    if most != own and most in clear and bits[most] > MOSTLY * max(bits[own], 0.0):
        named = _atom_words(most, sources)
        yield (
            f"What {' and '.join(sources)} tell of its items is mostly {named} "
            f"({bits[most]:.2f} bit, {_atom_words(own, sources)} {bits[own]:.2f})."
        )


def _own_atom(part: str, sources: list[str]) -> str:
    sides = {f"unique_{sources[0]}": "unique_first"}
    return part if part in (SYNERGY, REDUNDANCY) else sides.get(part, "unique_second")


def _atom_words(atom: str, sources: list[str]) -> str:
    sides = {"unique_first": f"unique {sources[0]}", "unique_second": f"unique {sources[-1]}"}
    return sides.get(atom, atom)


_LEAKS: Final[tuple[Callable[[str, pd.DataFrame], Iterator[str]], ...]] = (
    _by_sensitivity,
    _by_likeness,
    _by_probe,
    _by_information,
)


def _kept_role(changes: Mapping[str, float]) -> str:
    moves = [f"{modality} {change:.2f}" for modality, change in changes.items()]
    return f"Moves by {', '.join(moves)} spreads when withheld, as its role asks."
