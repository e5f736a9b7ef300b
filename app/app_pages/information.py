"""Information: what do image and text tell about the next item, alone, both, and together?"""

import streamlit as st

from app import jobs, loaders
from app.components import job_watch
from app.components.run_picker import chosen_run
from prism_core.store.reader import Run

TABLE = "information"
EXPLANATION = """
How many bits do the image and the text of the items a user chose before tell about the genre of the
next item? Partial information decomposition splits them into four amounts:

- **unique image**, **unique text**: told by one of them alone,
- **redundancy**: told by either of them,
- **synergy**: told only by both together.

This is a property of the data and its features, whatever a model does with them. It is neither a
fusion weight nor a contribution to a score.
"""


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    st.title("Information")
    st.markdown(EXPLANATION)
    draw_computing(run)


def draw_computing(run: Run) -> None:
    """Offer the decomposition where it is not stored, and watch it being computed."""
    job = jobs.jobs().get(job_target(run))
    if job is not None:
        job_watch.draw(job, what="The decomposition")
    elif not run.has(TABLE):
        st.info("It has not been computed for this run.")
        if st.button("Compute", icon=":material/play_arrow:", type="primary"):
            command = ["analysis", "information", str(run.path.resolve())]
            jobs.start(job_target(run), command, runs=loaders.own_runs(), folder=run.path)
            st.rerun()


def job_target(run: Run) -> str:
    """Name the job that decomposes the information of a run's features."""
    return f"information of {run.run_id}"


page()
