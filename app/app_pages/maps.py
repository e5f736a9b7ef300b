"""Maps: which items lie near each other in each part's space?"""

import pandas as pd
import streamlit as st

from analysis.maps import METHODS, map_name, stored_maps
from analysis.plots.maps import linked_maps
from analysis.plots.theme import label_of
from analysis.recipes import Recipe
from app import jobs, loaders
from app.components import figure_card, job_watch, map_selection, not_kept
from app.components.run_picker import chosen_run
from app.components.text import markdown
from app.state import Widget, is_dark
from prism_core.store.reader import Run

COLORS = {
    "category": "Genre",
    "top_part": "Largest part",
    "popularity": "Popularity",
    "year": "Year",
}
METHOD_NAMES = {"umap": "UMAP", "densmap": "DensMAP", "pca": "PCA"}


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    st.title("Maps")
    st.markdown(
        "Each dot is an item. In every panel, items lie close together that this part of the "
        f"model sees as alike; the same item is marked in all panels. Run: {markdown(run.name)}."
    )
    if not run.has_vectors:
        not_kept.draw(run, missing="the vectors of its items, which a map needs", needed="whole")
        return
    spaces = spaces_by_method(run)
    if spaces:
        draw_maps(run, spaces)
    draw_computing(run, spaces)


def spaces_by_method(run: Run) -> dict[str, list[str]]:
    """Give the spaces of the items that have a stored map, by method."""
    stored = set(stored_maps(run))
    order = [*run.parts, "id", "fused", *(f"raw_{name}" for name in run.modalities)]
    found = {m: [s for s in order if map_name("items", s, m) in stored] for m in METHODS}
    return {method: names for method, names in found.items() if names}


def draw_maps(run: Run, spaces: dict[str, list[str]]) -> None:
    """Draw the linked maps, their controls, and the marked items."""
    points = loaders.points_of(run, "items")
    method, names, color, hits = draw_controls(spaces, points)
    if not names:
        st.info("Choose at least one space.")
        return
    maps = {name: loaders.table(run, f"maps/{map_name('items', name, method)}") for name in names}
    figure = linked_maps(
        maps=maps,
        points=points,
        color=color,
        selected=map_selection.marked_rows() or None,
        highlighted=hits,
        dark=is_dark(),
    )
    coordinates = [frame.assign(space=name) for name, frame in maps.items()]
    figure_card.draw(
        figure,
        title=f"{METHOD_NAMES[method]} of the items, by space",
        help="Only nearness means something: axes have no unit, and distances between far groups "
        "say little.",
        name=Widget.MAP_CHART,
        data=pd.concat(coordinates).merge(
            points[["item_id", "title"]], left_on="row", right_index=True
        ),
        on_select=map_selection.keep,
        recipe=Recipe(
            figure="maps",
            runs=(run.run_id,),
            options={"method": method, "spaces": names, "color": color},
        ),
    )
    map_selection.draw(loaders.catalogue(run), points["item_id"].astype(str).tolist())


def draw_controls(
    spaces: dict[str, list[str]], points: pd.DataFrame
) -> tuple[str, list[str], str, list[int]]:
    """Draw the choice of method, spaces, colour and search."""
    controls = st.grid(3, min_column_width=200)
    method = controls.selectbox(
        "Method",
        list(spaces),
        format_func=METHOD_NAMES.__getitem__,
        key=Widget.MAP,
        persist_state="session",
    )
    color = controls.selectbox(
        "Colour", [c for c in COLORS if c in points], format_func=COLORS.__getitem__,
        key=Widget.MAP_COLOR, persist_state="session",
    )  # fmt: skip
    text = controls.text_input("Find title", key=Widget.MAP_SEARCH, persist_state="session")
    names = st.pills(
        "Spaces",
        spaces[method],
        default=spaces[method][:4],
        selection_mode="multi",
        format_func=label_of,
        key=f"{Widget.MAP_SPACES}-{method}",
        persist_state="session",
    )
    hits = points["title"].str.contains(text, case=False, regex=False) if text else None
    return method, names, color, [] if hits is None else points.index[hits].tolist()


def draw_computing(run: Run, spaces: dict[str, list[str]]) -> None:
    """Offer the maps that are not stored, and watch them being computed."""
    missing = [method for method in METHODS if method not in spaces]
    job = jobs.jobs().get(job_target(run))
    if job is not None:
        job_watch.draw(job, what="The maps")
    elif missing:
        draw_start(run, missing)


def draw_start(run: Run, missing: list[str]) -> None:
    """Draw the choice of a method and the button that computes its maps."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Another method", missing, format_func=METHOD_NAMES.__getitem__, width=200
        )
        if st.button("Compute maps", icon=":material/play_arrow:", key=Widget.COMPUTE):
            command = ["analysis", "map", *loaders.command_paths(run), "--method", str(method)]
            jobs.start(job_target(run), command, runs=loaders.own_runs(), folder=run.path)
            st.rerun()


def job_target(run: Run) -> str:
    """Name the job that computes maps of a run."""
    return f"maps of {run.run_id}"


page()
