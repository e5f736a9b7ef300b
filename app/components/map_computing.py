"""Compute maps from the page: in a process of its own, with progress, and Stop."""

import streamlit as st

from analysis import maps, spaces
from analysis.plots.maps import space_label
from app import jobs, loaders
from app.components import job_watch
from app.components.map_controls import METHOD_HELP
from app.map_view import METHOD_NAMES
from app.state import Widget
from prism_core.store.reader import Run


def draw(run: Run, *, is_first: bool) -> None:
    """Draw the form that starts maps, or the maps being computed.

    Parameters
    ----------
    is_first
        Whether the run has no map yet; the form is then open.
    """
    job = jobs.jobs().get(target_of(run))
    if job is not None:
        job_watch.draw(job, what="The maps")
        return
    with st.expander("Compute maps", icon=":material/add_chart:", expanded=is_first):
        _draw_form(run)


def target_of(run: Run) -> str:
    """Name the job that computes maps of a run."""
    return f"maps of {run.run_id}"


def _draw_form(run: Run) -> None:
    row = st.grid(2, min_column_width=180)
    scope = row.selectbox(
        "Points", spaces.SCOPES, format_func=str.capitalize, key=Widget.COMPUTE_SCOPE
    )
    method = row.selectbox(
        "Method", maps.METHODS, format_func=METHOD_NAMES.__getitem__, key=Widget.COMPUTE_METHOD,
        help=METHOD_HELP,
    )  # fmt: skip
    known = spaces.spaces_of(run, scope, loaders.find_dataset(run))
    if not known:
        st.info("This run was stored without vectors, so it has nothing to map.")
        return
    stored = maps.stored_spaces(run, scope, method)
    missing = [space for space in known if space not in stored]
    asked = st.pills(
        "Spaces", known, default=missing or known, selection_mode="multi", format_func=space_label,
        key=f"{Widget.COMPUTE_SPACES}-{scope}-{method}",
        help="Users lie in a space of items where the items they chose lie on average.",
    )  # fmt: skip
    settings = st.grid(3, min_column_width=150)
    neighbours = settings.number_input(
        "Neighbours", 2, 200, 15, key=Widget.COMPUTE_NEIGHBOURS,
        help="Small: fine structure. Large: the overall arrangement. PCA has none.",
    )  # fmt: skip
    min_dist = settings.number_input(
        "Least distance", 0.0, 1.0, 0.1, step=0.05, key=Widget.COMPUTE_MIN_DIST,
        help="How closely UMAP may pack points.",
    )  # fmt: skip
    seed = settings.number_input("Seed", 0, 10_000, 0, key=Widget.COMPUTE_SEED)
    if not st.button(
        "Compute maps", icon=":material/play_arrow:", key=Widget.COMPUTE, disabled=not asked
    ):
        return
    command = ["analysis", "map", *loaders.command_paths(run), "--scope", scope, "--method", method]
    command += ["--neighbours", str(neighbours), "--min-dist", str(min_dist), "--seed", str(seed)]
    command += [part for space in asked for part in ("--space", space)]
    jobs.start(target_of(run), command, runs=loaders.own_runs(), folder=run.path)
    st.rerun()
