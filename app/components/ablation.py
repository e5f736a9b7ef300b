"""What the tabs of the page Ablations share."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from analysis import slices as grouping
from analysis.recipes import Recipe
from app import comparables, slices
from app.comparables import Users
from app.components import health_badge
from prism_core.store.reader import Run


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared with what, on which users, by which metric.

    Attributes
    ----------
    run
        The run chosen in the sidebar.
    comparable
        All runs that could be compared with it.
    runs
        Those that are.
    reference
        Name of the variant that the others are compared with.
    """

    run: Run
    comparable: list[Run]
    runs: list[Run]
    reference: str
    metric: str
    users: Users

    @property
    def trained(self) -> list[Run]:
        """The runs that were trained."""
        return [run for run in self.runs if run.manifest["kind"] == "model"]

    @property
    def differences(self) -> pd.DataFrame:
        """Paired differences of all variants to the reference."""
        return comparables.differences(self.runs, self.reference, self.metric, self.users)

    def recipe(self, figure: str, **options: Any) -> Recipe:
        """Give the recipe of a figure of this comparison."""
        shared = {"metric": self.metric, "reference": self.reference}
        chosen = {} if self.users is None else {"user_ids": list(self.users)}
        ids = tuple(run.run_id for run in self.runs)
        return Recipe(figure=figure, runs=ids, options={**shared, **chosen, **options})


def groups_of_users(compared: Comparison) -> pd.DataFrame:
    """Put every user into groups; saved slices of users are groupings of their own.

    The part with the largest weight is that of the chosen run, or of the first one with weights.
    """
    source = _with_weights(compared)
    saved = {n: frozenset(s.user_ids(source)) for n, s in slices.saved(compared.run).items()}
    frame = grouping.with_saved_slices(slices.groups(source), saved)
    if compared.users is not None:
        frame = frame[frame["user_id"].isin(compared.users)]
    return frame


def group_recipe(compared: Comparison, figure: str, **options: Any) -> Recipe | None:
    """Give the recipe of a figure over groups; None where the runs alone cannot draw it again."""
    source = _with_weights(compared)
    if source.run_id not in {run.run_id for run in compared.runs} or slices.saved(compared.run):
        return None
    return compared.recipe(figure, groups_of=source.run_id, **options)


def say_whose_weights(compared: Comparison) -> None:
    """Say from which run the part with the largest weight comes, and what its parts are worth."""
    source = _with_weights(compared)
    health_badge.draw(source)
    if source.parts and source.has("users") and source.run_id != compared.run.run_id:
        st.caption(f"Top part: by the weights of {source.name}, seed {source.manifest['seed']}.")


def _with_weights(compared: Comparison) -> Run:
    fitting = [r for r in (compared.run, *compared.comparable) if r.parts and r.has("users")]
    return fitting[0] if fitting else compared.run
