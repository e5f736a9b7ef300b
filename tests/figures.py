"""Every figure of the project, drawn from small runs: for tests that hold for all of them."""

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from analysis import (
    alignment,
    comparison,
    explanations,
    faithfulness,
    map_points,
    maps,
    marked,
    neighbours,
    slices,
    spaces,
)
from analysis.plots import comparison as comparison_plots
from analysis.plots import explanations as explanation_plots
from analysis.plots import faithfulness as faithfulness_plots
from analysis.plots import maps as map_plots
from analysis.plots import population as population_plots
from analysis.plots.information import atom_bars
from analysis.plots.marked import weight_histograms
from analysis.plots.morph import morphing_map
from analysis.plots.sensitivity import sensitivity_curves
from analysis.plots.slices import slice_heatmap
from analysis.plots.training import cost_scatter, learning_curves
from analysis.plots.triangle import part_triangle
from analysis.regions import box
from prism_core.store.reader import Run

SENSITIVITY = pd.DataFrame(
    {
        "setting": ["Temperature of the gate"] * 3,
        "x": [0.2, 0.7, 1.4],
        "is_reference": [False, True, False],
        "name": ["T 0.2", "PRISM", "T 1.4"],
        "metric": "ndcg@10",
        "value": [0.04, 0.05, 0.045],
        "low": [0.03, 0.04, 0.03],
        "high": [0.05, 0.06, 0.055],
    }
)
ATOMS = pd.DataFrame(
    {
        "atom": ["unique_first", "unique_second", "synergy", "redundancy"],
        "value": [0.3, 0.02, 0.1, 0.4],
        "low": [0.2, -0.01, 0.05, 0.3],
        "high": [0.4, 0.05, 0.15, 0.5],
        "null_95": 0.05,
        "distinguishable": [True, False, True, True],
    }
)


def all_figures(runs: Path, *, dark: bool = False) -> dict[str, go.Figure]:
    """Draw each figure once from the runs of the ``tiny_runs`` fixture, by name."""
    listed = [Run(path) for path in sorted(runs.iterdir())]
    prism = Run(runs / "prism-seed0")
    return {
        **_explanations(prism, dark),
        **_comparisons(listed, prism, dark),
        **_maps(prism, dark),
        "atom_bars": atom_bars(atoms=ATOMS, target="next category", dark=dark),
    }


def _explanations(run: Run, dark: bool) -> dict[str, go.Figure]:
    explained = explanations.explain_user(run, "7")
    weights = explanations.population_weights(run)
    population = explanations.population_contributions(run)
    listed = explained.recommendations
    first = explained.contributions.query("rank == 1")
    return {
        "contribution_bars": explanation_plots.contribution_bars(
            recommendations=listed, contributions=explained.contributions, dark=dark
        ),
        "contribution_waterfall": explanation_plots.contribution_waterfall(
            contributions=first, baseline=listed["baseline"].iloc[0], title="A film", dark=dark
        ),
        "interaction_bars": explanation_plots.interaction_bars(recommendations=listed, dark=dark),
        "modality_ladder": explanation_plots.modality_ladder(
            modality_scores=explained.modality_scores.query("rank == 1"), dark=dark
        ),
        "weight_ridges": population_plots.weight_ridges(
            population=weights, weights=explained.weights, dark=dark
        ),
        "contribution_ridges": population_plots.contribution_ridges(
            population=population, user_id="7", dark=dark
        ),
        "faithfulness_curves": faithfulness_plots.faithfulness_curves(
            curves=faithfulness.faithfulness_curves(run), dark=dark
        ),
        "part_triangle": part_triangle(population=population, user_id="7", dark=dark),
    }


def _comparisons(runs: list[Run], prism: Run, dark: bool) -> dict[str, go.Figure]:
    variants = comparison.variants_of(runs)
    reference = next(v for v in variants if v.name == "SASRec")
    gaps = comparison.differences(variants, reference="SASRec")
    groups = slices.slice_differences(
        variants, reference=reference, slices=slices.user_slices(prism)
    )
    costs = comparison.costs(variants)
    costs["seconds"] = [3.0, 5.0, 8.0]
    costs = costs.assign(seconds_low=costs["seconds"] - 1, seconds_high=costs["seconds"] + 2)
    losers = slices.losing_groups(
        comparison.named(variants, "Popularity"), reference, slices=slices.user_slices(prism)
    )
    summary = comparison.summary(variants, metrics=["ndcg@10", "hr@10"])
    return {
        "metric_forest": comparison_plots.metric_forest(table=summary, dark=dark),
        "difference_forest": comparison_plots.difference_forest(
            table=gaps, reference="SASRec", dark=dark
        ),
        "win_tie_loss": comparison_plots.win_tie_loss(table=gaps, reference="SASRec", dark=dark),
        "learning_curves": learning_curves(curves=comparison.learning_curves(runs), dark=dark),
        "cost_scatter": cost_scatter(table=costs, dark=dark),
        "slice_heatmap": slice_heatmap(table=groups, dark=dark),
        "group_outcomes": comparison_plots.group_outcomes(
            table=losers, name="Popularity", dark=dark
        ),
        "sensitivity_curves": sensitivity_curves(table=SENSITIVITY, dark=dark),
    }


def _maps(run: Run, dark: bool) -> dict[str, go.Figure]:
    settings = maps.MapSettings(method="pca")
    vectors = {part: spaces.item_vectors(run, part) for part in run.parts}
    planes = {part: maps.plane_frame(maps.project(v, settings)) for part, v in vectors.items()}
    points = map_points.items_for_maps(run)
    shared = alignment.overlaps([vectors["synergy"], vectors["redundancy"]])[0, 1]
    moved = pd.DataFrame({"row": range(len(shared)), "overlap": shared}).sort_values("overlap")
    users = comparison.variants_of([run])[0].user_ids[:15]
    return {
        "part_maps": map_plots.linked_maps(maps=planes, points=points, color="top_part", dark=dark),
        "single_map": map_plots.linked_maps(
            maps={"synergy": planes["synergy"]}, points=points, color="popularity", dark=dark
        ),
        "marked_map": map_plots.linked_maps(
            maps=planes,
            points=points,
            color="error",
            selected=[1, 5, 7],
            shapes=[box("synergy", [-0.5, 0.5], [-0.5, 0.5])],
            chosen=3,
            near={"synergy": [4, 5]},
            quality={
                part: neighbours.map_quality(v, planes[part][["x", "y"]].to_numpy())
                for part, v in vectors.items()
            },
            dark=dark,
        ),
        "weight_histograms": weight_histograms(
            weights=marked.marked_weights(run, users), dark=dark
        ),
        "morphing_map": morphing_map(
            planes={"one": planes["synergy"], "two": planes["redundancy"]}, points=points, dark=dark
        ),
        "neighbour_overlap": map_plots.neighbour_overlap(
            movers=moved, titles=points["title"], dark=dark
        ),
    }
