"""Every figure of the project, drawn from small runs: for tests that hold for all of them."""

import importlib
import inspect
import pkgutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis import (
    alignment,
    comparison,
    data_report,
    drivers,
    explanations,
    faithfulness,
    map_points,
    maps,
    marked,
    neighbours,
    plots,
    slices,
    spaces,
)
from analysis.health.verdicts import measure
from analysis.information.gates import gate
from analysis.information.truth import computed_gates
from analysis.plots import comparison as comparison_plots
from analysis.plots import data as data_plots
from analysis.plots import explanations as explanation_plots
from analysis.plots import faithfulness as faithfulness_plots
from analysis.plots import health as health_plots
from analysis.plots import information as info_plots
from analysis.plots import maps as map_plots
from analysis.plots import population as population_plots
from analysis.plots.areas import area_diagram
from analysis.plots.atom_panels import atom_intervals, definition_panel
from analysis.plots.drivers import driver_bars
from analysis.plots.interactions import group_bars_of_modalities, interaction_points
from analysis.plots.known import gates_figure, recovery_figure
from analysis.plots.marked import weight_histograms
from analysis.plots.morph import morphing_map
from analysis.plots.rank_moves import rank_moves
from analysis.plots.sensitivity import sensitivity_curves
from analysis.plots.slices import slice_heatmap
from analysis.plots.table import table_figure
from analysis.plots.training import cost_scatter, learning_curves
from analysis.plots.triangle import part_triangle
from analysis.plots.two_sides import two_sides
from analysis.plots.user_groups import entropy_histogram, group_bars
from analysis.regions import box
from analysis.tables import printed_cells
from analysis.user_groups import group_profiles
from prism_core.names import PARTS
from prism_core.store.reader import Run
from tests.factories import make_dataset

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
        **_users(prism, dark),
        **_information(dark),
        **_health(dark),
        **_data(dark),
        "table_figure": table_figure(
            cells=printed_cells(ATOMS), numbers=[False, *[True] * 4, False], letters=56, dark=dark
        ),
    }


def drawn_builders() -> set[str]:
    """Name every public builder of a figure in ``analysis.plots``."""
    found = set()
    for module in pkgutil.iter_modules(plots.__path__, f"{plots.__name__}."):
        for name, made in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(made) and made.__module__ == module.name and name[0] != "_":
                returned = str(made.__annotations__.get("return", ""))
                found |= {name} if "Figure" in returned else set()
    return found - {"new_figure", "empty_figure"}


def _information(dark: bool) -> dict[str, go.Figure]:
    slices_of = [ATOMS.assign(slice=name) for name in ("short history", "long history")]
    against = pd.DataFrame([(n, 0.3, 0.02, 0.1, 0.4) for n in (1000, 5000)])
    names = [(name, a, 0.1) for name in ("BROJA", "MMI") for a in ATOMS["atom"]]
    definitions = pd.DataFrame(names, columns=["definition", "atom", "value"])
    rows = [("synergy", n, a, 0.1, 0.2, 0.1, 0.3) for n in (1000, 5000) for a in ATOMS["atom"]]
    columns = ["world", "samples", "atom", "planted", "value", "low", "high"]
    return {
        "atom_bars": info_plots.atom_bars(atoms=ATOMS, target="next category", dark=dark),
        "stacked_atoms": info_plots.stacked_atoms(
            atoms=pd.concat(slices_of), by="slice", target="next category", dark=dark
        ),
        "atom_intervals": atom_intervals(
            atoms=pd.concat(slices_of), by="slice", target="next category", dark=dark
        ),
        "atoms_against": info_plots.atoms_against(
            frame=against.set_axis(["samples", *ATOMS["atom"]], axis=1),
            x="samples",
            title="Choices used",
            target="next category",
            dark=dark,
        ),
        "weight_against_information": info_plots.weight_against_information(
            weights=pd.Series([0.1, 0.2, 0.3, 0.4], index=PARTS),
            atoms=ATOMS,
            target="next category",
            dark=dark,
        ),
        "definition_panel": definition_panel(
            definitions=definitions.assign(meaning="why"), target="next category", dark=dark
        ),
        "gates_figure": gates_figure(gates=computed_gates([gate("XOR"), gate("AND")]), dark=dark),
        "recovery_figure": recovery_figure(
            recovered=pd.DataFrame(rows, columns=columns), dark=dark
        ),
        "area_diagram": area_diagram(atoms=ATOMS, target="next category", dark=dark),
        "lattice_bars": info_plots.lattice_bars(
            atoms=ATOMS.assign(atom=["{image}", "{text}", "{image}{text}", "{image,text}"]),
            target="next category",
            dark=dark,
        ),
    }


def _health(dark: bool) -> dict[str, go.Figure]:
    rng = np.random.default_rng(0)
    parts = {part: rng.normal(size=(50, 6)) for part in PARTS}
    without = {m: {p: rng.normal(size=(50, 6)) for p in PARTS} for m in ("image", "text")}
    measures = measure(parts, without)
    probes = pd.DataFrame(
        [(q, p, o, 0.5) for q in ("probe", "explains") for p in PARTS for o in ("image", "text")],
        columns=["quantity", "part", "other", "value"],
    )
    epochs = pd.concat([measures.assign(epoch=epoch) for epoch in (1, 2, 3)])
    return {
        "sensitivity_map": health_plots.sensitivity_map(measures=measures, dark=dark),
        "similarity_map": health_plots.similarity_map(measures=measures, dark=dark),
        "size_bars": health_plots.size_bars(measures=measures, dark=dark),
        "probe_map": health_plots.probe_map(measures=probes, dark=dark),
        "epoch_lines": health_plots.epoch_lines(measures=epochs, dark=dark),
    }


def _data(dark: bool) -> dict[str, go.Figure]:
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_dataset(Path(folder) / "data")
        frames = {name: getattr(data_report, name)(dataset) for name in ("lengths", "popularity")}
    frames["gaps"] = pd.DataFrame({"gap": list(data_report.GAPS), "share": np.ones(6) / 6})
    frames["spans"] = pd.DataFrame({"user_id": list("abcd"), "days": [0.1, 3.0, 40.0, 900.0]})
    return {
        "length_histogram": data_plots.length_histogram(lengths=frames["lengths"], dark=dark),
        "popularity_curve": data_plots.popularity_curve(popularity=frames["popularity"], dark=dark),
        "gap_bars": data_plots.gap_bars(gaps=frames["gaps"], dark=dark),
        "span_histogram": data_plots.span_histogram(spans=frames["spans"], dark=dark),
    }


def _users(run: Run, dark: bool) -> dict[str, go.Figure]:
    population = explanations.population_contributions(run)
    groups = slices.user_slices(run)
    profiles = group_profiles(population, groups, str(groups.columns[1]))
    entropy = run.table("users").set_index("user_id")["gate_entropy"]
    lists = pd.DataFrame(
        {"title": [f"A rather long title of film {n}" for n in range(12)], "first": range(1, 13)}
    )
    lists = lists.assign(second=lists["first"].to_numpy()[::-1], is_target=lists["first"] == 4)
    return {
        "group_bars": group_bars(profiles=profiles, dark=dark),
        "entropy_histogram": entropy_histogram(
            entropy=entropy, num_parts=4, value=float(entropy["7"]), dark=dark
        ),
        "two_sides": two_sides(
            table=pd.DataFrame(
                [
                    (side, quantity, part, 0.2 * place)
                    for place, part in enumerate(PARTS)
                    for quantity in ("Fusion weight", "Contribution")
                    for side in ("User 7", "User 12")
                ],
                columns=["side", "quantity", "player", "value"],
            ),
            dark=dark,
        ),
        "interaction_points": interaction_points(
            found=SimpleNamespace(
                each=pd.DataFrame({"rank": [1, 2], "interaction": [0.1, 0.3]}), mean=0.2, error=0.1
            ),
            dark=dark,
        ),
        "group_bars_of_modalities": group_bars_of_modalities(
            groups=pd.DataFrame({"group": ["image + text", "all"], "interaction": [0.3, -0.1]}),
            dark=dark,
        ),
        "rank_moves": rank_moves(lists=lists, names=("Before", "Now"), dark=dark),
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
        "driver_bars": driver_bars(drivers=drivers.list_drivers(explained), dark=dark),
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
