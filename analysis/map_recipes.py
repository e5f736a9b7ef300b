"""Maps by name, for boards and reports: see :mod:`analysis.recipes`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis import maps, spaces
from analysis.explanations import population_contributions
from analysis.map_points import points_of
from analysis.marked import marked_rows
from analysis.plots.maps import linked_maps
from analysis.plots.morph import morphing_map
from analysis.regions import Region
from prism_core.errors import ConfigError
from prism_core.store.reader import Run

Options = Mapping[str, Any]


def _maps(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    """Stored maps where the run has them, else principal components."""
    run = runs[0]
    scope, method = options.get("scope", spaces.ITEMS), options.get("method", "umap")
    points = points_of(run, scope)
    default = run.parts if scope == spaces.ITEMS else (spaces.STATE,)
    region, marked = marked_of(run, options, points, scope)
    is_drawn_here = region is not None and (region.scope, region.method) == (scope, method)
    drawn = options.get("spaces", default)
    return linked_maps(
        maps={space: _plane(run, scope, space, method) for space in drawn},
        points=points,
        color=options.get("color", "category" if scope == spaces.ITEMS else "error"),
        selected=marked,
        shapes=region.shapes if region is not None and is_drawn_here else (),
        quality={space: maps.stored_quality(run, scope, space, method) for space in drawn},
        dark=dark,
    )


def marked_of(
    run: Run, options: Options, points: pd.DataFrame, scope: str
) -> tuple[Region | None, np.ndarray | None]:
    """Read the option ``marked``: the region and the rows of ``points`` inside, None for none."""
    region = Region.parse(options["marked"]) if options.get("marked") else None
    if region is None or region.scope != scope:
        return region, None
    return region, marked_rows(
        region,
        points,
        read_map=lambda space: _plane(run, region.scope, space, region.method),
        read_population=lambda: population_contributions(run),
    )


def _plane(run: Run, scope: str, space: str, method: str) -> pd.DataFrame:
    name = f"maps/{maps.map_name(scope, space, method)}"
    if run.has(name):
        return run.table(name)
    vectors = spaces.vectors_of(run, scope, space)
    return maps.plane_frame(maps.project(vectors, maps.MapSettings(method="pca")))


def _aligned(runs: Sequence[Run], options: Options, dark: bool) -> go.Figure:
    if "map" not in options:
        raise ConfigError("this figure needs the option 'map', the name of an aligned map.")
    name = str(options["map"])
    return morphing_map(
        planes={f"{run.name} · seed {run.manifest['seed']}": run.table(name) for run in runs},
        points=points_of(runs[0], name.replace("/", "-").split("-")[1]),
        color=options.get("color", "category"),
        dark=dark,
    )


FIGURES: Final[Mapping[str, Callable[[Sequence[Run], Options, bool], go.Figure]]] = {
    "maps": _maps,
    "aligned": _aligned,
}
"""Figures by name; each takes the runs, the options and whether the page is dark."""
