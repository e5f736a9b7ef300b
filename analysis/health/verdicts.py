"""A verdict on each part, with the numbers behind it.

A fusion weight says how loud a part is, not what it carries. These measures do: how far a part
spreads its items, how it reacts when a modality is withheld, whether it repeats another part, what
a probe of one modality alone explains of it, and which atom tells of it most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

MISPLACED_SHARE: Final = 0.1
"""Share of a part's variance that may come from where its name says that it does not.

One limit for three readings of it: how much of a unique part moves with another modality, how much
of it a linear probe of another modality explains, and how much of redundancy only one modality
tells (`unshared_share`).
"""

REPEATED_CKA: Final = 0.9
"""Similarity above which one part repeats another."""

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
    return PartHealth(part=part, verdict="alive", evidence=" ".join(_kept_role(part, mine)))


def unshared_share(changes: Sequence[float]) -> float:
    """Share of redundancy's variance that single modalities tell, ``(M - 1) / M sum s_m^2``.

    Redundancy is what is told by any modality, and its best reading is the mean of ``M`` readings
    ``shared + noise_m``. If the noises are independent, withholding modality ``m`` moves that mean
    by ``s_m`` spreads with ``sum s_m^2 = M / (M - 1)`` times the share of the noise in its
    variance. For two modalities that agree with correlation ``r``, the share is ``s^2``, and
    ``s^2 = (1 - r) / (1 + r)``: .07 spreads for r = .99, .5 for r = .6, and 1 where they share
    nothing.

    Parameters
    ----------
    changes
        By how many spreads each withheld modality moves the part.
    """
    count = len(changes)
    return (count - 1) / count * sum(change**2 for change in changes)


def _percent(share: float) -> str:
    return f"{min(share, 1.0):.0%}"


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
        share = unshared_share(list(changes.values()))
        if share > MISPLACED_SHARE:
            moves = ", ".join(f"the {name} {change:.2f}" for name, change in changes.items())
            yield (
                f"{_percent(share)} of its variance is told by one modality alone, not by either "
                f"(limit {MISPLACED_SHARE:.0%}). Spreads moved when withheld: {moves}."
            )
    else:
        yield from _broken_unique(part.removeprefix("unique_"), changes)


def _broken_unique(own: str, changes: Mapping[str, float]) -> Iterator[str]:
    if changes[own] < OWN_SENSITIVITY:
        yield f"It hardly needs its own {own} ({changes[own]:.2f} spreads when withheld)."
    for other, change in changes.items():
        if other != own and change**2 > MISPLACED_SHARE * changes[own] ** 2:
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
        if other != own and explained > MISPLACED_SHARE:
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


def _kept_role(part: str, mine: pd.DataFrame) -> Iterator[str]:
    changes = _by_other(mine, "sensitivity")
    moves = ", ".join(f"{modality} {change:.2f}" for modality, change in changes.items())
    yield f"Moves by {moves} spreads when withheld, as its role asks."
    if part == REDUNDANCY:
        share = unshared_share(list(changes.values()))
        yield f"{_percent(share)} of its variance is told by one modality alone."
    beyond = mine[mine["quantity"] == "beyond_unique_first"]
    for row in beyond.to_dict("records"):
        if row["distinguishable"]:
            yield f"Tells {row['value']:.3f} bit of the next category that no other part tells."
        else:
            yield "Tells nothing of the next category that the other parts do not tell."
