"""What is marked, on whichever plane it was drawn: rows of a map, users, and words about them."""

import numpy as np
import pandas as pd

from analysis.maps import map_name
from analysis.marked import marked_rows
from analysis.regions import Region
from analysis.spaces import USERS
from analysis.user_plane import TRIANGLE
from app import loaders, map_view
from app.components.text import plural
from app.map_view import METHOD_NAMES
from prism_core.store.reader import Run


def rows_in(run: Run, region: Region, points: pd.DataFrame) -> np.ndarray:
    """Find the points inside a region; see :func:`analysis.marked.marked_rows`."""
    return marked_rows(
        region,
        points,
        read_map=lambda space: loaders.table(
            run, f"maps/{map_name(region.scope, space, region.method)}"
        ),
        read_population=lambda: loaders.contributions_of_all(run),
    )


def users(run: Run) -> pd.Series | None:
    """Give the ids of the marked users; None where no users are marked."""
    region = map_view.marked()
    if region is None or region.scope != USERS:
        return None
    is_here = region.method == TRIANGLE
    points = loaders.contributions_of_all(run) if is_here else loaders.points_of(run, USERS)
    found = points["user_id"].iloc[rows_in(run, region, points)]
    return None if found.empty else found


def origin_of(region: Region) -> str:
    """Say how points were marked: ``1 shape drawn on the UMAP of items``."""
    drawn = f"{plural(len(region.shapes), 'shape')} drawn"
    if region.method == TRIANGLE:
        return f"{drawn} among users by their strongest part"
    return f"{drawn} on the {METHOD_NAMES[region.method]} of {region.scope}"
