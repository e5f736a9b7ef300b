"""One stored answer about information, ready to be drawn."""

from typing import Final

import pandas as pd

from analysis.information_recipes import QUESTION
from analysis.plots.information import MODALITY_SOURCES
from analysis.plots.theme import label_of
from analysis.recipes import Recipe

ENOUGH: Final = 0.8
"""Retention below which a decomposition describes the codes more than the vectors."""


def circumstances(facts: pd.Series, sources: tuple[str, str]) -> str:
    """Say how much of the probes' information the codes keep, and how full the table is.

    Parameters
    ----------
    facts
        Any row of an answer, or of a part's role.
    sources
        Names of the first and the second source.
    """
    keys = dict(zip(("first", "second", "joint"), (*sources, "both"), strict=True))
    shares = [
        f"{label_of(name).lower()} {facts[f'retention_{key}']:.0%}"
        for key, name in keys.items()
        if pd.notna(facts.get(f"retention_{key}"))
    ]
    kept = ", ".join(shares) or "n/a"
    low = any(facts.get(f"retention_{key}", 1.0) < ENOUGH for key in keys)
    text = f"Retention: {kept}. Samples per cell: {facts['samples_per_cell']:,.1f}."
    return f"{text} **Low retention: the codes lose much.**" if low else text


class Answer:
    """The rows of one question.

    Parameters
    ----------
    rows
        Rows of the table ``information`` with one scope, target, pair of sources and coding.
    run_id
        The run that stores them.
    """

    def __init__(self, rows: pd.DataFrame, run_id: str) -> None:
        self._rows = rows
        self._run_id = run_id
        first = rows.iloc[0]
        self.scope = str(first["scope"])
        self.target = str(first["target"])
        self.sources = (str(first["first"]), str(first["second"]))
        self.slice = str(first["slice"])
        self.is_about_data = self.scope == "data" and self.sources == MODALITY_SOURCES

    def kind(self, kind: str) -> pd.DataFrame:
        """Give the rows of one kind."""
        return self._rows[self._rows["kind"] == kind]

    def varied(self, kind: str) -> pd.DataFrame:
        """Give the atoms over resolution or sample size: ``x`` and one column for each atom."""
        return self.kind(kind).pivot(index="x", columns="atom", values="value").reset_index()

    def recipe(self, figure: str) -> Recipe:
        """Say how to draw one of its figures from the stored run."""
        first = self._rows.iloc[0]
        question = {name: str(first[name]) for name in QUESTION}
        return Recipe(figure=figure, runs=(self._run_id,), options=question)

    @property
    def facts(self) -> pd.Series:
        """What stands beside every number of the answer."""
        estimate = self.kind("estimate")
        return (self.kind("lattice") if estimate.empty else estimate).iloc[0]

    @property
    def circumstances(self) -> str:
        """One sentence on retention and samples per cell, to stand beside every number."""
        return circumstances(self.facts, self.sources)

    @property
    def refusal(self) -> str:
        """Why there are no numbers; empty if there are."""
        refused = self.kind("refused")
        return "" if refused.empty else str(refused["warnings"].iloc[0])
