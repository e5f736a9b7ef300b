"""Align a space over several runs from the page, in a process of its own."""

import streamlit as st

from analysis import spaces
from analysis.plots.maps import space_label
from app import jobs, loaders
from app.components import job_watch
from app.state import Widget
from prism_core.store.reader import Run


def draw(run: Run, *, is_first: bool) -> None:
    """Draw the form that aligns runs, or the alignment being computed."""
    target = f"aligned maps of {run.run_id}"
    job = jobs.jobs().get(target)
    if job is not None:
        job_watch.draw(job, what="The aligned map")
        return
    others = alignable(run)
    with st.expander("Align with other runs", icon=":material/add_chart:", expanded=is_first):
        if not others:
            st.info(
                "There is no other run on the same data that was stored with its vectors. Train "
                "one on the page Train; the bundled ones have theirs in part only."
            )
            return
        asked = st.multiselect(
            "Other runs", list(others), key=Widget.ALIGN_RUNS,
            format_func=lambda i: f"{others[i].name} · seed {others[i].manifest['seed']}",
            help="Add a second seed of this run's recipe: it shows what chance alone moves.",
        )  # fmt: skip
        chosen = [run, *(others[run_id] for run_id in asked)]
        first, *rest = (spaces.item_spaces(one) for one in chosen)
        common = [space for space in first if all(space in known for known in rest)]
        space = st.selectbox("Space", common, format_func=space_label, key=Widget.ALIGN_SPACE)
        if st.button(
            "Align", icon=":material/play_arrow:", key=Widget.ALIGN, disabled=not asked or not space
        ):
            paths = [str(one.path.resolve()) for one in chosen]
            command = ["analysis", "map", *paths, "--aligned", "--space", str(space)]
            jobs.start(target, command, runs=loaders.own_runs(), folder=run.path)
            st.rerun()


def alignable(run: Run) -> dict[str, Run]:
    """Give the other runs on the same data that have vectors, by id."""
    data = run.manifest["dataset"]["fingerprint"]
    entries = [e for e in loaders.run_entries() if e.status == "complete"]
    opened = [loaders.open_run(e) for e in entries if e.run_id != run.run_id]
    return {
        one.run_id: one
        for one in opened
        if run.has_vectors and one.has_vectors and one.manifest["dataset"]["fingerprint"] == data
    }
