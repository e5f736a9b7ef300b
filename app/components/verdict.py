"""Does a run beat the floors? One sentence, with the numbers that carry it."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.plots.comparison import metric_name
from analysis.signs import signed, signed_range

Outcome = Literal["beats", "ahead", "behind"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run stands against the floors.

    Attributes
    ----------
    outcome
        ``beats``: above every floor, no interval reaches zero; ``ahead``: above every floor, but
        an interval reaches zero; ``behind``: at least one floor is not below.
    text
        One or two sentences, plain text.
    """

    outcome: Outcome
    text: str


def against_floors(name: str, table: pd.DataFrame) -> Verdict:
    """Judge a run by the paired differences of the floors to it.

    Parameters
    ----------
    name
        The run's name.
    table
        ``analysis.comparison.differences`` of the floors with the run as reference (at least one
        row): a negative difference means that the floor is worse than the run.
    """
    metric = metric_name(str(table["metric"].iloc[0]))
    best = table.sort_values("difference").iloc[-1]
    around = signed_range(-best["high"], -best["low"], 4)
    numbers = (
        f"The best floor is {best['name']} with {best['value']:.4f} against "
        f"{best['reference_value']:.4f}: a paired difference of {signed(-best['difference'], 4)} "
        f"(95 % interval {around}, {best['num_users']:,} users)."
    )
    if (table["difference"] >= 0).any():
        losing = _listed(table.loc[table["difference"] >= 0, "name"].tolist())
        return Verdict("behind", f"{name} does not beat {losing} on {metric}. {numbers}")
    if (table["high"] >= 0).any():
        unclear = _listed(table.loc[table["high"] >= 0, "name"].tolist())
        opening = f"{name} is above every floor on {metric}, but not clearly above {unclear}."
        return Verdict("ahead", f"{opening} {numbers}")
    return Verdict("beats", f"{name} beats every floor on {metric}. {numbers}")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
