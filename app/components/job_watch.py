"""A computation as it goes on: how far it is, what it prints, stop."""

import json
from typing import Any

import streamlit as st

from app import jobs
from app.components.text import duration, markdown
from app.jobs import Job
from app.state import Widget

SECONDS = 1.5
"""How often a running job is looked at."""


def draw(job: Job, *, what: str) -> None:
    """Draw a job that prints its progress as JSON lines.

    Parameters
    ----------
    what
        What is being computed, as the beginning of a sentence.
    """
    running = job.status == "running"
    st.fragment(_draw, run_every=SECONDS if running else None)(job, running, what)


def _draw(job: Job, was_running: bool, what: str) -> None:
    if was_running and job.status != "running":
        st.rerun()
    if job.status == "running":
        share, doing = progress_of(job)
        st.progress(share, f"{what}: {doing}, {duration(job.seconds)} so far")
        st.button(
            "Stop", icon=":material/stop:", key=f"{Widget.STOP}-{job.target}", on_click=job.stop
        )
        return
    if job.status == "failed":
        st.error(f"{what} failed: {markdown(job.tail(1)) or 'it printed nothing'}")
    elif job.status == "stopped":
        share, _ = progress_of(job)
        st.warning(
            f"{what} was stopped at {share:.0%}. What was finished is kept; started again, it goes "
            "on from there."
        )
    jobs.jobs().pop(job.target, None)


def progress_of(job: Job) -> tuple[float, str]:
    """Read the last progress line: share done, and what is being done."""
    for line in reversed(job.tail(50).splitlines()):
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(event, dict) and event.get("event") == "progress" and event.get("total"):
            return min(event["done"] / event["total"], 1.0), _doing(event)
    return 0.0, "starting"


def _doing(event: dict[str, Any]) -> str:
    """Say what is being done, and how long it still takes where the job knows."""
    what, left = str(event.get("what", "running")), event.get("seconds_left")
    return what if left is None else f"{what}, about {duration(float(left))} left"
