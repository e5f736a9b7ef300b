"""A preparation as it goes on: how far it is, what went wrong and where, the result."""

import streamlit as st

from app import preparations
from app.components.job_watch import SECONDS, progress_of
from app.components.text import duration, markdown
from app.jobs import Job
from app.state import Widget


def draw(job: Job) -> None:
    """Draw a job; a running one is looked at again and again, without the rest of the page."""
    running = job.status == "running"
    st.fragment(_draw, run_every=SECONDS if running else None)(job, running)


def _draw(job: Job, was_running: bool) -> None:
    if job.status == "running":
        _draw_running(job)
        return
    preparations.finish(job)
    if was_running:
        st.rerun()
    name = f"**{markdown(job.folder.name)}**"
    if job.status == "finished":
        st.success(f"{name} is prepared: it is in the list below and on the page Train.")
    elif job.status == "stopped":
        st.warning(f"The preparation of {name} was stopped; nothing was written.")
    else:
        said = markdown(preparations.message(job))
        st.error(f"{name} was not prepared: {said or 'the process printed nothing'}")


def _draw_running(job: Job) -> None:
    share, doing = progress_of(job)
    name = markdown(job.folder.name)
    st.progress(share, f"**{name}**: {markdown(doing)}, {duration(job.seconds)} so far")
    st.button("Stop", icon=":material/stop:", key=f"{Widget.STOP}-{name}", on_click=job.stop)
