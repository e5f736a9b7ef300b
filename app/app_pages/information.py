"""Information: what do image and text tell about the next item, alone, both, and together?"""

import pandas as pd
import streamlit as st

from analysis.plots.theme import label_of
from app import jobs, loaders
from app.components import information_figures, job_watch
from app.components.information_figures import Answer
from app.components.run_picker import chosen_run
from app.state import Widget
from prism_core.store.reader import Run

TABLE = "information"
QUESTION = ["scope", "target", "first", "second"]
SCOPES = {
    "data": "The data: what {first} and {second} tell about {target}",
    "model": "The model: what {first} and {second} tell about {target}",
    "part": "The parts: what {first} and {second} tell about {target}",
}
TARGETS = {
    "next category": "the genre of the next item",
    "next popularity": "the popularity of the next item",
    "top-1 category": "the genre of the first recommendation",
    "hit@10": "whether the true next item is in the top 10",
}
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
    if run.has(TABLE):
        rows = draw_choice(loaders.table(run, TABLE))
        information_figures.draw(Answer(rows, run.run_id), mean_weights(run))
    draw_computing(run)


def draw_choice(answers: pd.DataFrame) -> pd.DataFrame:
    """Draw the choice of a question and give its rows."""
    questions = list(dict.fromkeys(answers[QUESTION].itertuples(index=False, name=None)))
    chosen = st.selectbox(
        "Question", questions, format_func=_asked, key=Widget.QUESTION, persist_state="session"
    )
    return answers[(answers[QUESTION] == list(chosen)).all(axis=1)]


def mean_weights(run: Run) -> pd.Series | None:
    """Give the mean fusion weight of every part, or None for a run without parts."""
    if not run.parts:
        return None
    return loaders.fusion_weights(run).groupby("part", sort=False)["weight"].mean()


def draw_computing(run: Run) -> None:
    """Offer the decomposition where it is not stored, and watch it being computed."""
    job = jobs.jobs().get(job_target(run))
    if job is not None:
        job_watch.draw(job, what="The decomposition")
    elif not run.has(TABLE):
        st.info("It has not been computed for this run.")
        if st.button("Compute", icon=":material/play_arrow:", type="primary"):
            command = ["analysis", "information", *loaders.command_paths(run)]
            jobs.start(job_target(run), command, runs=loaders.own_runs(), folder=run.path)
            st.rerun()


def _asked(question: tuple[str, str, str, str]) -> str:
    scope, target, first, second = question
    text = SCOPES.get(scope, f"{scope}: {{first}} and {{second}} about {{target}}")
    return text.format(
        first=label_of(first).lower(),
        second="the other parts" if second == "rest" else label_of(second).lower(),
        target=TARGETS.get(target, target),
    )


def job_target(run: Run) -> str:
    """Name the job that decomposes the information of a run's features."""
    return f"information of {run.run_id}"


page()
