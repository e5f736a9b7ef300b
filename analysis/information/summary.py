"""An estimate in one sentence or two, for readers who do not know its vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from analysis.information.resampling import TOTAL


def summary(
    atoms: pd.DataFrame, *, about: str, sources: Sequence[str], target_entropy: float
) -> str:
    """Say what the sources tell, what of it is clear, and what cannot be told from nothing.

    Parameters
    ----------
    atoms
        The rows of an estimate: columns atom, value, low, high, distinguishable.
    about
        The target in words, e.g. "the category of the next item".
    sources
        Both sources in words, e.g. "the image" and "the text".
    target_entropy
        Bits it takes to know the target; NaN where that was not stored.
    """
    rows = {row["atom"]: row for row in atoms.to_dict("records")}
    total, (first, second) = rows[TOTAL], sources
    if not total["distinguishable"]:
        return (
            f"{_capital(first)} and {second} tell nothing about {about} that can be distinguished "
            f"from zero: with so few choices, anything below {total['high']:.3f} bit stays unseen."
        )
    said = (
        f"{_capital(first)} and {second} together tell {total['value']:.3f} bit about {about} "
        f"(95 % interval {total['low']:.3f} to {total['high']:.3f}){_share(total, target_entropy)}."
    )
    told = {
        "redundancy": "either of them tells",
        "unique_first": f"{first} alone tells",
        "unique_second": f"{second} alone tells",
        "synergy": "only both together tell",
    }
    clear = {atom: words for atom, words in told.items() if rows[atom]["distinguishable"]}
    unclear = [f"what {words}" for atom, words in told.items() if atom not in clear]
    parts = [f"{words} {rows[atom]['value']:.3f}" for atom, words in clear.items()]
    if parts:
        said += f" Of this, {_listed(parts)}."
    if unclear:
        said += f" Not distinguishable from zero: {_listed(unclear)}."
    return said


def _share(total: dict[str, float], target_entropy: float) -> str:
    if not target_entropy > 0 or math.isnan(target_entropy):
        return ""
    share = total["value"] / target_entropy
    return f", {share:.1%} of the {target_entropy:.2f} bits that it takes to know it"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
