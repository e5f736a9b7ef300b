"""The evidence for a verdict in plain sentences, each with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from analysis.information.decomposition import ATOMS
from prism_core.names import REDUNDANCY, SYNERGY

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


def leaks(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """Sentences that say what a part carries, or depends on, against its name; none if nothing.

    Parameters
    ----------
    mine
        The part's rows of a health table.
    """
    for find in (_by_sensitivity, _by_likeness, _by_probe, _by_information):
        yield from find(part, mine)


def kept_role(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """Sentences that say by what numbers a part keeps its role."""
    changes = _by_other(mine, "sensitivity")
    if part == SYNERGY:
        every = "both" if len(changes) == 2 else "all of them"
        yield f"{_moves(changes)}: it needs {every}, as its name says."
    elif part == REDUNDANCY:
        share = _percent(unshared_share(list(changes.values())))
        yield (
            f"{_moves(changes)}: {share} of its variance is told by one modality alone, the rest "
            "by either, as its name says."
        )
    else:
        own = part.removeprefix("unique_")
        yield f"{_moves(changes)}: it depends on the {own} alone, as its name says."
    beyond = mine[mine["quantity"] == "beyond_unique_first"]
    for bits, is_clear in zip(beyond["value"], _clear(beyond), strict=True):
        if is_clear:
            told = f"{bits:.3f} bit about the next item's category"
            yield f"It tells {told} that no other part tells."
        else:
            yield "It tells nothing about the next item's category that the other parts do not."


def _clear(atoms: pd.DataFrame) -> pd.Series:
    """Which atoms are told apart from zero; none in tables that do not say."""
    is_clear = atoms.get("distinguishable", pd.Series(False, index=atoms.index))
    return is_clear.eq(True)


def _moves(changes: Mapping[str, float]) -> str:
    """What withholding each modality does: a clause in standard deviations of the part."""
    (first, change), *others = changes.items()
    further = "".join(f", withholding the {name} by {value:.2f}" for name, value in others)
    return (
        f"Withholding the {first} moves its items by {change:.2f} standard deviations of the "
        f"part{further}"
    )


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
            yield f"{_moves({weak: changes[weak]})} only, so it hardly needs the {weak}."
    elif part == REDUNDANCY:
        share = unshared_share(list(changes.values()))
        if share > MISPLACED_SHARE:
            yield (
                f"{_percent(share)} of its variance is told by one modality alone and not, as its "
                f"name says, by either (the limit is {MISPLACED_SHARE:.0%}). {_moves(changes)}."
            )
    else:
        yield from _broken_unique(part.removeprefix("unique_"), changes)


def _broken_unique(own: str, changes: Mapping[str, float]) -> Iterator[str]:
    if changes[own] < OWN_SENSITIVITY:
        yield f"{_moves({own: changes[own]})} only, so it hardly needs its own modality."
    for other, change in changes.items():
        if other != own and change**2 > MISPLACED_SHARE * changes[own] ** 2:
            both = _moves({other: change, own: changes[own]})
            yield f"{both}, so it is not unique to the {own}."


def _by_likeness(part: str, mine: pd.DataFrame) -> Iterator[str]:
    for other, value in _by_other(mine, "cka").items():
        if value >= REPEATED_CKA:
            name = other.replace("_", " ")
            yield f"It repeats {name}: up to rotation and scale they are alike (CKA {value:.2f})."


def _by_probe(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """A unique part must not be explained by another modality."""
    own = part.removeprefix("unique_")
    if own == part:
        return
    for other, explained in _by_other(mine, "probe").items():
        if other != own and explained > MISPLACED_SHARE:
            yield f"A linear probe of the {other} alone explains {explained:.0%} of its variance."


def _by_information(part: str, mine: pd.DataFrame) -> Iterator[str]:
    """The atom that tells most of a part's items should be its own."""
    rows = mine[mine["quantity"].isin([f"role_{atom}" for atom in ATOMS])]
    if rows.empty:
        return
    bits = dict(zip(rows["quantity"].str.removeprefix("role_"), rows["value"], strict=True))
    clear = set(rows.loc[_clear(rows), "quantity"].str.removeprefix("role_"))
    sources = str(rows["other"].iloc[0]).split(", ")
    own, most = _own_atom(part, sources), max(bits, key=lambda atom: bits[atom])
    if most != own and most in clear and bits[most] > MOSTLY * max(bits[own], 0.0):
        named = _atom_words(most, sources)
        yield (
            f"What {' and '.join(sources)} tell of where it puts items is mostly {named}: "
            f"{bits[most]:.2f} bit, against {bits[own]:.2f} bit of {_atom_words(own, sources)}."
        )


def _own_atom(part: str, sources: list[str]) -> str:
    sides = {f"unique_{sources[0]}": "unique_first"}
    return part if part in (SYNERGY, REDUNDANCY) else sides.get(part, "unique_second")


def _atom_words(atom: str, sources: list[str]) -> str:
    sides = {"unique_first": f"unique {sources[0]}", "unique_second": f"unique {sources[-1]}"}
    return sides.get(atom, atom)
