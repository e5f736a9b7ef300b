"""A run of which too little was kept for a page: what it lacks, and how to get it."""

import shlex

import streamlit as st

from app import jobs, loaders
from app.components.text import markdown
from app.state import JOB, Widget, select
from prism_core.errors import PrismError
from prism_core.names import TIERS, Tier
from prism_core.store.reader import Run, RunEntry


def draw(run: Run, *, missing: str, needed: Tier) -> None:
    """Say what is missing, and offer a run of the same variant that has it, or the training.

    Parameters
    ----------
    run
    missing
        What the page would show, in plain words, plural.
    needed
        The least tier that has it.
    """
    name = f"{markdown(run.name)}, seed {run.manifest['seed']}"
    st.info(
        f"Of {name} only {KEPT[run.tier]} kept, not {missing}. On the page Ablations it is "
        "compared like every other run.",
        icon=":material/inventory_2:",
    )
    with st.container(horizontal=True):
        for entry in _others(run, needed)[:1]:
            label = f"Open {markdown(entry.name)}, seed {entry.seed}"
            st.button(label, key=Widget.OPEN_OTHER, on_click=select, kwargs={"run": entry.run_id})
        if run.manifest["kind"] == "model":
            _draw_training(run)


KEPT: dict[Tier, str] = {
    "whole": "everything was",
    "compact": "its recommendations and metrics were",
    "metrics": "its metrics were",
}


def _draw_training(run: Run) -> None:
    if st.button("Train it again, and keep all", key=Widget.TRAIN_AGAIN, icon=":material/replay:"):
        try:
            start(run)
        except PrismError as error:
            st.error(markdown(error))
            return
        st.switch_page("app_pages/train.py")
    with st.popover("As a command", icon=":material/terminal:"):
        st.code("python -m " + shlex.join(command(run)), language="bash", wrap_lines=True)


def command(run: Run) -> list[str]:
    """Give module and arguments of the training that makes the same run whole."""
    out = loaders.own_runs()
    return ["prism_core", "train", "--like", str(run.path.resolve()), "--out", str(out)]


def start(run: Run) -> None:
    """Start that training in the background."""
    folder = loaders.own_runs() / run.run_id
    arguments = [*command(run), *(["--resume"] if folder.exists() else [])]
    jobs.start(run.run_id, arguments, runs=loaders.own_runs(), folder=folder)
    st.session_state[JOB] = run.run_id


def _others(run: Run, needed: Tier) -> list[RunEntry]:
    """Find runs that differ only in their seed and have enough, the most complete first."""
    same = [
        entry
        for entry in loaders.run_entries()
        if (entry.name, entry.backbone) == (run.name, run.backbone)
        and entry.status == "complete"
        and TIERS.index(entry.tier) <= TIERS.index(needed)
    ]
    return sorted(same, key=lambda entry: (TIERS.index(entry.tier), entry.seed))
