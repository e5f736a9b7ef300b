"""Tab Data and model: choose a question, see its answer, compute what is missing."""

import pandas as pd
import streamlit as st

from app import jobs, loaders, questions
from app.components import information_figures, job_watch
from app.components.information_answer import Answer
from app.questions import Asked
from app.state import Widget
from prism_core.store.reader import Run

EXPLANATION = """
How many bits do the image and the text of the items a user chose before tell about the genre of the
next item? Partial information decomposition splits them into four amounts:

- **unique image**, **unique text**: told by one of them alone,
- **redundancy**: told by either of them,
- **synergy**: told only by both together.

This is a property of the data and its features, whatever a model does with them. It is neither a
fusion weight nor a contribution to a score.
"""
CODINGS = {"posterior": "Posteriors of probes", "kmeans": "k-means on PCA (paper mode)"}
CODING_HELP = (
    "How vectors become the few states that bits are counted over. Probes keep what tells about "
    "the target; k-means keeps what varies most, as the paper does."
)
NOT_ASKED = "This question has not been computed for this run."
NO_DATA = (
    "Nothing has been computed for this run, and its data set was not found here, so nothing can "
    "be. Prepare the data set on the page Data, or point $PRISM_DATA to it."
)


def draw(run: Run) -> None:
    """Draw the tab."""
    st.markdown(EXPLANATION)
    stored, possible = questions.answers(run), questions.possible(run)
    asked = list(dict.fromkeys([*questions.answered(stored), *possible]))
    if not asked:
        st.info(NO_DATA)
        return
    question, coding = _draw_choice(asked, stored)
    rows = questions.chosen_rows(stored, question, coding)
    if len(rows):
        information_figures.draw(Answer(rows, run.run_id), run)
    else:
        st.info(NOT_ASKED)
    if possible:
        _draw_computing(run, question if rows.empty else None, coding)
    information_figures.draw_targets(run, stored, question, coding)


def _draw_choice(asked: list[Asked], stored: pd.DataFrame) -> tuple[Asked, str]:
    question = st.selectbox(
        "Question",
        asked,
        format_func=lambda one: one.words,
        help=f"Computed so far: {len(questions.answered(stored))} of {len(asked)}.",
        key=Widget.QUESTION,
        persist_state="session",
    )
    coding = st.selectbox(
        "Coding", list(CODINGS), format_func=CODINGS.__getitem__, key=Widget.CODING,
        persist_state="session", help=CODING_HELP, width=320,
    )  # fmt: skip
    return question, str(coding)


def _draw_computing(run: Run, question: Asked | None, coding: str) -> None:
    """Offer the chosen question where it is missing, and all of them; watch the running job."""
    target = f"information of {run.run_id}"
    job = jobs.jobs().get(target)
    if job is not None:
        job_watch.draw(job, what="The decomposition")
        if job.status == "running":
            return
    with st.container(horizontal=True):
        chosen: list[str] | None = None
        if question is not None and st.button(
            "Compute this question", icon=":material/play_arrow:", type="primary",
            key=Widget.COMPUTE_QUESTION,
        ):  # fmt: skip
            chosen = ["--scope", question.scope, "--target", question.target]
        if st.button(
            "Compute all missing questions", icon=":material/playlist_play:",
            key=Widget.COMPUTE_QUESTIONS,
            help="What is stored already is kept. It runs beside the app and can be stopped.",
        ):  # fmt: skip
            chosen = []
    if chosen is not None:
        command = ["analysis", "information", *loaders.command_paths(run), "--coding", coding]
        jobs.start(target, [*command, *chosen], runs=loaders.own_runs(), folder=run.path)
        st.rerun()
