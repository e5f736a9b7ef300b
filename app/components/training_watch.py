"""A training as it goes on: epoch, curves, what it prints, stop, and the way to the result."""

from typing import Any

import streamlit as st

from analysis.comparison import learning_curve
from analysis.plots.comparison import metric_name
from analysis.plots.training import learning_curves
from app.components import figure_card
from app.components.text import duration, markdown
from app.jobs import Job
from app.state import Widget, is_dark, select
from prism_core.store.reader import read_events

SECONDS = 1.5
"""How often a running training is looked at."""


def draw(job: Job) -> None:
    """Draw a job; a running one is looked at again and again, without the rest of the page."""
    running = job.status == "running"
    st.fragment(_draw, run_every=SECONDS if running else None)(job, running)


def _draw(job: Job, was_running: bool) -> None:
    if was_running and job.status != "running":
        st.rerun()
    events = read_events(job.folder)
    _draw_state(job, events)
    _draw_curves(job, events)
    with st.expander("What it prints"):
        st.code(job.tail() or "nothing yet", language=None)


def _draw_state(job: Job, events: list[dict[str, Any]]) -> None:
    name = f"**{markdown(job.target)}**"
    epochs = [event for event in events if event.get("event") == "epoch"]
    most = next((e["max_epochs"] for e in reversed(events) if "max_epochs" in e), 0)
    if job.status == "running":
        done = int(epochs[-1]["epoch"]) if epochs else 0
        text = f"{name}: epoch {done} of at most {most}" if most else f"{name} is starting"
        st.progress(done / most if most else 0.0, f"{text}, {duration(job.seconds)} so far")
        st.button("Stop", icon=":material/stop:", key=Widget.STOP, on_click=job.stop)
    elif job.status == "finished":
        st.success(f"{name} is finished and in the list of runs.")
        if st.button("Open this run", icon=":material/insights:", key=Widget.OPEN):
            select(run=job.folder.name)
            st.switch_page("app_pages/overview.py")
    elif job.status == "stopped":
        st.warning(f"{name} was stopped. Starting it again continues after its last epoch.")
    else:
        st.error(f"{name} failed: {markdown(job.tail(1)) or 'it printed nothing'}")


def _draw_curves(job: Job, events: list[dict[str, Any]]) -> None:
    curves = learning_curve(events, name=job.target)
    if curves.empty:
        return
    losses = curves[curves["group"] == "loss"]
    shown = losses.assign(name=losses["quantity"], quantity="loss")
    valid = curves.loc[curves["group"] == "valid", "quantity"]
    metric = "ndcg@10" if "ndcg@10" in set(valid) or valid.empty else str(valid.iloc[0])
    with st.grid(2, min_column_width=400):
        figure_card.draw(
            learning_curves(curves=curves, quantity=metric, dark=is_dark()),
            title=f"Validation {metric_name(metric)}",
            name="training-validation",
            data=curves,
        )
        figure_card.draw(
            learning_curves(curves=shown, quantity="loss", dark=is_dark()),
            title="Losses",
            name="training-losses",
            data=losses,
        )
