"""What was measured on worlds with known parts, over seeds: tables, and whether the roles hold."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

ROLES: Final = {
    "unique_image": "own_image",
    "unique_text": "own_text",
    "synergy": "interaction",
    "redundancy": "shared",
}
"""The factor that each part should hold, and no other."""

UNTOUCHED: Final = {"image": ("unique_text", "redundancy"), "text": ("unique_image", "redundancy")}
"""Parts that should stay as they are when a modality is withheld."""


class Condition(NamedTuple):
    """A demand on some of the numbers: on the lowest of them, or on the highest."""

    text: str
    measure: str
    concerns: Callable[[str, str], bool]
    at_least: float | None = None
    below: float | None = None


CONDITIONS: Final = (
    Condition("R2 for its own factor", "probe", lambda p, f: ROLES.get(p) == f, at_least=0.8),
    Condition(
        "R2 for any other factor", "probe", lambda p, f: p in ROLES and ROLES[p] != f, below=0.2
    ),
    Condition(
        "change of parts that do not need what is withheld",
        "withheld",
        lambda p, f: p in UNTOUCHED[f],
        below=0.1,
    ),
    Condition(
        "score share of synergy in a world without interaction",
        "score_share",
        lambda p, f: p == "synergy" and f == "without interaction",
        below=0.05,
    ),
)
"""What must hold for the parts to mean what their names say."""


def verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold `measure_truth` against `CONDITIONS`: one row per mode and condition.

    Returns
    -------
    pandas.DataFrame
        ``mode, condition, wanted, worst, holds``; ``worst`` is the least favourable number over
        parts, factors and seeds.
    """
    rows = [
        (mode, *_judge(numbers, condition))
        for mode, numbers in frame.groupby("mode", sort=False)
        for condition in CONDITIONS
    ]
    return pd.DataFrame(rows, columns=["mode", "condition", "wanted", "worst", "holds"])


def _judge(numbers: pd.DataFrame, condition: Condition) -> tuple[str, str, float, bool]:
    own = numbers[numbers["measure"] == condition.measure]
    pairs = zip(own["part"], own["factor"], strict=True)
    values = own["value"][[condition.concerns(part, factor) for part, factor in pairs]]
    if condition.at_least is not None:
        worst, wanted = values.min(), f"at least {condition.at_least}"
        return condition.text, wanted, worst, bool(worst >= condition.at_least)
    worst, wanted = values.max(), f"below {condition.below}"
    return condition.text, wanted, worst, bool(worst < condition.below)


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds with a 95 % t interval: ``mean, low, high, num_seeds`` per number."""
    groups = frame.groupby(["mode", "measure", "part", "factor"], sort=False)["value"]
    table = groups.agg(["mean", "std", "count"]).reset_index()
    half = (
        student_t.ppf(0.975, table["count"].clip(lower=2) - 1)
        * table["std"]
        / np.sqrt(table["count"])
    )
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    return table.rename(columns={"count": "num_seeds"}).drop(columns="std")


def report(frame: pd.DataFrame) -> str:
    """Lay means and intervals out as Markdown, one table per mode with one row per part.

    A last table holds the numbers against `CONDITIONS`.
    """
    table = summarise(frame)
    table["cell"] = [_cell(*row) for row in table[["mean", "low", "high"]].to_numpy()]
    table["column"] = table["measure"] + ": " + table["factor"]
    lines = []
    for mode, rows in table.groupby("mode", sort=False):
        wide = rows.pivot(index="part", columns="column", values="cell")
        wide = wide.loc[rows["part"].unique(), rows["column"].unique()].fillna("")
        lines += [f"### {mode}", "", *_markdown(wide.reset_index()), ""]
    return "\n".join([*lines, "### Do the roles hold in every seed?", "", *_judged(frame)])


def _judged(frame: pd.DataFrame) -> list[str]:
    table = verdicts(frame)
    table["worst"] = table["worst"].map("{:.2f}".format)
    table["holds"] = table["holds"].map({True: "yes", False: "no"})
    return _markdown(table)


def _cell(mean: float, low: float, high: float) -> str:
    return f"{mean:.2f}" if np.isnan(low) else f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def _markdown(table: pd.DataFrame) -> list[str]:
    head = [str(name) for name in table.columns]
    rows = [[str(cell) for cell in row] for row in table.to_numpy()]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
