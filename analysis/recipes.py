"""Figures by name: what to draw from which runs, as plain data that can be stored and drawn again.

A recipe is all that a figure board, a report and a script for regenerating figures share.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from analysis import (
    comparison,
    data_recipes,
    drivers,
    explanations,
    faithfulness,
    information_recipes,
    map_recipes,
    settings,
    slices,
)
from analysis.map_points import points_of
from analysis.plots import comparison as comparison_plots
from analysis.plots import explanations as explanation_plots
from analysis.plots import faithfulness as faithfulness_plots
from analysis.plots import population as population_plots
from analysis.plots.drivers import driver_bars
from analysis.plots.sensitivity import sensitivity_curves
from analysis.plots.slices import slice_heatmap
from analysis.plots.training import cost_scatter, learning_curves
from analysis.plots.triangle import part_triangle
from analysis.spaces import USERS
from prism_core.errors import ConfigError, DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One figure to draw.

    Attributes
    ----------
    figure
        Key of ``FIGURES``, or of :data:`analysis.data_recipes.FIGURES`.
    runs
        Ids of the runs it is drawn from; for a figure of a data set, its fingerprint.
    options
        Options of that figure: ``user_ids`` (of the users it is about), ``metric``, ``metrics``,
        ``reference``, ``user_id``, ``item_id``, ``method``, ``color``, ``spaces``, ...; all
        optional but ``reference``, ``name``, ``user_id`` and ``item_id`` where a figure is about
        one.
    """

    figure: str
    runs: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = (*FIGURES, *data_recipes.FIGURES)
        if self.figure not in known:
            raise ConfigError(f"figure {self.figure!r}: choose one of {', '.join(known)}.")
        if not self.runs:
            raise ConfigError(f"figure {self.figure!r}: name at least one run.")

    def as_dict(self) -> dict[str, Any]:
        """Give the recipe as plain data."""
        return asdict(self)


def recipe_from(values: Mapping[str, Any]) -> Recipe:
    """Read a recipe back from plain data.

    Raises
    ------
    ConfigError
        A key is unknown or missing.
    """
    unknown = set(values) - {"figure", "runs", "options"}
    if unknown or "figure" not in values or "runs" not in values:
        raise ConfigError("a recipe has the keys 'figure', 'runs' and 'options'.")
    options = dict(values.get("options", {}))
    for name, value in options.items():
        if not isinstance(value, str | list) or any(not isinstance(one, str) for one in value):
            raise ConfigError(f"option {name!r} of a figure: expected text or a list of texts.")
    return Recipe(figure=values["figure"], runs=tuple(values["runs"]), options=options)


def draw(recipe: Recipe, folders: Mapping[str, Path], *, dark: bool = False) -> go.Figure:
    """Draw a figure.

    Parameters
    ----------
    recipe
        What to draw.
    folders
        Run id to run folder.
    dark
        Whether the page is dark.

    Raises
    ------
    DataError
        A run's folder is unknown.
    ConfigError
        An option the figure needs is missing.
    """
    missing = [run_id for run_id in recipe.runs if run_id not in folders]
    if missing:
        raise DataError(f"the run {missing[0]!r} was not found; known: {', '.join(folders)}.")
    if recipe.figure in data_recipes.FIGURES:
        return data_recipes.FIGURES[recipe.figure](Dataset(folders[recipe.runs[0]]), dark)
    runs = [Run(folders[run_id]) for run_id in recipe.runs]
    return FIGURES[recipe.figure](runs, recipe.options, dark)


def _needed(options: Options, name: str) -> Any:
    if name not in options:
        raise ConfigError(f"this figure needs the option {name!r}.")
    return options[name]


def _metrics(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    metrics = options.get("metrics", ["ndcg@10", "hr@10"])
    table = comparison.summary(chosen_variants(runs, options), metrics=metrics)
    return comparison_plots.metric_forest(
        table=table, highlight=options.get("highlight"), dark=dark
    )


def _differences(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return comparison_plots.difference_forest(
        table=_gaps(runs, options), reference=_needed(options, "reference"), dark=dark
    )


def _wins(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    return comparison_plots.win_tie_loss(
        table=_gaps(runs, options), reference=_needed(options, "reference"), dark=dark
    )


def chosen_variants(runs: Sequence[Run], options: Options) -> list[comparison.Variant]:
    """Group the runs, on the users that a figure is about or on all."""
    found = comparison.variants_of(runs)
    wanted = options.get("user_ids")
    return found if wanted is None else [variant.of_users(wanted) for variant in found]


def _gaps(runs: Sequence[Run], options: Options) -> Any:
    metric = options.get("metric", "ndcg@10")
    variants = chosen_variants(runs, options)
    return comparison.differences(variants, reference=_needed(options, "reference"), metric=metric)


def _slices(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    variants = chosen_variants(runs, options)
    reference = comparison.named(variants, _needed(options, "reference"))
    groups = _groups(runs, options)
    picked = options.get("groupings", [name for name in groups if name != "user_id"])
    table = slices.slice_differences(
        variants,
        reference=reference,
        slices=groups[["user_id", *picked]],
        metric=options.get("metric", "ndcg@10"),
    )
    return slice_heatmap(table=table, dark=dark)


def _losers(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    variants = chosen_variants(runs, options)
    name = _needed(options, "name")
    table = slices.losing_groups(
        comparison.named(variants, name),
        comparison.named(variants, _needed(options, "reference")),
        slices=_groups(runs, options),
        metric=options.get("metric", "ndcg@10"),
    )
    return comparison_plots.group_outcomes(table=table, name=name, dark=dark)


def _groups(runs: Sequence[Run], options: Options) -> pd.DataFrame:
    """Group the chosen users by the run ``groups_of``, or by the first one with parts."""
    first = next((run for run in runs if run.parts), runs[0])
    source = next((run for run in runs if run.run_id == options.get("groups_of")), first)
    groups, wanted = slices.user_slices(source), options.get("user_ids")
    return groups if wanted is None else groups[groups["user_id"].isin(wanted)]


def _curves(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    quantity = options.get("quantity", "ndcg@10")
    curves = comparison.learning_curves(run for run in runs if run.manifest["kind"] == "model")
    if "names" in options:
        curves = curves[curves["name"].isin(options["names"])]
    return learning_curves(curves=curves, quantity=quantity, dark=dark)


def _costs(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    metric = options.get("metric", "ndcg@10")
    trained = [run for run in runs if run.manifest["kind"] == "model"]
    table = comparison.costs(chosen_variants(trained, options), metric=metric)
    return cost_scatter(table=table, cost=options.get("cost", "seconds"), dark=dark)


def _sensitivity(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    variants = chosen_variants(runs, options)
    centre = settings.centre_of_variation(variants)
    metric = options.get("metric", "ndcg@10")
    table = settings.sensitivity(variants, reference=centre, metric=metric)
    return sensitivity_curves(table=table, dark=dark)


def _weights(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    user_id = options.get("user_id")
    mine = explanations.explain_user(runs[0], user_id).weights if user_id else None
    population = explanations.population_weights(runs[0])
    return population_plots.weight_ridges(population=population, weights=mine, dark=dark)


def _population(run: Run, options: Options) -> pd.DataFrame:
    """Contributions of all users, or of those that the options name."""
    population = explanations.population_contributions(run)
    wanted = options.get("user_ids")
    return population if wanted is None else population[population["user_id"].isin(wanted)]


def _contributions(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    population = _population(runs[0], options)
    return population_plots.contribution_ridges(
        population=population, user_id=options.get("user_id"), dark=dark
    )


def _triangle(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    population = _population(runs[0], options)
    marks: dict[str, Any] = {}
    if options.get("marked"):
        users = points_of(runs[0], USERS)
        region, rows = map_recipes.marked_of(runs[0], options, users, USERS)
        marks["marked"] = None if rows is None else users["user_id"].iloc[rows]
        marks["shapes"] = region.shapes if region is not None else ()
    return part_triangle(population=population, user_id=options.get("user_id"), dark=dark, **marks)


def _user(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    explained = explanations.explain_user(runs[0], _needed(options, "user_id"))
    return explanation_plots.contribution_bars(
        recommendations=explained.recommendations, contributions=explained.contributions, dark=dark
    )


def _drivers(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    explained = explanations.explain_user(runs[0], _needed(options, "user_id"))
    return driver_bars(drivers=drivers.list_drivers(explained), dark=dark)


def _interactions(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    explained = explanations.explain_user(runs[0], _needed(options, "user_id"))
    return explanation_plots.interaction_bars(recommendations=explained.recommendations, dark=dark)


def _faithfulness(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    curves = faithfulness.faithfulness_curves(runs[0], options.get("user_ids"))
    return faithfulness_plots.faithfulness_curves(curves=curves, dark=dark)


def _waterfall(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    explained = explanations.explain_user(runs[0], _needed(options, "user_id"))
    item = _needed(options, "item_id")
    listed = explained.recommendations.set_index("item_id")
    if item not in listed.index:
        raise DataError(f"item {item!r} is not among the recommendations of this user.")
    shares = explained.contributions[explained.contributions["item_id"] == item]
    return explanation_plots.contribution_waterfall(
        contributions=shares,
        baseline=listed["baseline"][item],
        title=listed["title"][item],
        dark=dark,
    )


def _modalities(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    every = explanations.explain_user(runs[0], options["user_id"]).modality_scores
    scores = every[every["item_id"] == options["item_id"]]
    if scores.empty:
        raise DataError(f"item {options['item_id']!r} is not among the recommendations.")
    return explanation_plots.modality_ladder(modality_scores=scores, dark=dark)


FIGURES: Final[Mapping[str, Callable[[Sequence[Run], Options, bool], go.Figure]]] = {
    "metrics": _metrics,
    "differences": _differences,
    "wins": _wins,
    "slices": _slices,
    "losers": _losers,
    "sensitivity": _sensitivity,
    "learning_curves": _curves,
    "costs": _costs,
    "weights": _weights,
    "contributions": _contributions,
    "triangle": _triangle,
    "user": _user,
    "drivers": _drivers,
    "faithfulness": _faithfulness,
    "interactions": _interactions,
    "waterfall": _waterfall,
    "modalities": _modalities,
    **information_recipes.FIGURES,
    **map_recipes.FIGURES,
}
"""Figures by name; each takes the runs, the options and whether the page is dark."""
