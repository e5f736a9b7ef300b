"""Tab Data and model: choose a question, see its answer, compute what is missing."""

from typing import Final

import pandas as pd
import streamlit as st

from app import jobs, loaders, questions, slices
from app.components import information_figures, job_watch, user_interaction
from app.components.information_answer import Answer
from app.components.text import markdown
from app.questions import Asked
from app.state import Widget
from prism_core.store.reader import Run

EXPLANATION = """
How much do the image and the text of the items a user chose before tell about the next item? It is
counted in **bits**: one bit answers one yes-or-no question whose answers are equally likely.
Partial information decomposition splits them into four amounts:

- **unique image**, **unique text**: told by one of them alone,
- **redundancy**: told by either of them,
- **synergy**: told only by both together.

This is a property of the data and its features, whatever a model does with them. It is neither a
fusion weight nor a contribution to a score.
"""
CODING_HELP = (
    "How vectors become the few states that bits are counted over. Probes keep what tells about "
    "the target; k-means keeps what varies most, as the paper does; quantile bins are for scalars."
)
OWN: Final = "Other sources …"
NOT_ASKED = "This question has not been computed for this run."
OUT_OF_DATE = (
    "This answer was computed from other data or with other settings than it would be now, or by "
    "an older version."
)
NO_DATA = (
    "Nothing has been computed for this run, and its data set was not found here, so nothing can "
    "be. Prepare the data set on the page Data, or point $PRISM_DATA to it."
)


def draw(run: Run) -> None:
    """Draw the tab."""
    st.markdown(EXPLANATION)
    chosen = slices.current(run)
    name = "" if chosen is None else chosen.name
    stored, possible = questions.answers(run), questions.possible(run, name)
    asked = list(dict.fromkeys([*questions.answered(stored, name), *possible]))
    if not asked:
        st.info(NO_DATA)
        return
    if name:
        st.caption(f"About the choices in the slice **{markdown(name)}** only.")
    question, coding = _draw_choice(run, asked, stored, name)
    rows = questions.chosen_rows(stored, question, coding)
    if len(rows):
        information_figures.draw(Answer(rows, run.run_id), run)
    else:
        st.info(NOT_ASKED)
    if possible:
        missing = len(questions.missing(run, stored, possible))
        _draw_computing(run, question, coding, rows, missing)
    information_figures.draw_targets(run, stored, question, coding)
    information_figures.draw_slices(run, stored, question, coding)
    user_interaction.draw(run)


def _draw_choice(
    run: Run, asked: list[Asked], stored: pd.DataFrame, slice: str
) -> tuple[Asked, str]:
    words = {one.words: one for one in asked}
    offered = [*words, OWN] if questions.sources(run) else list(words)
    done = len(questions.answered(stored, slice))
    text = st.selectbox(
        "Question",
        offered,
        help=f"Computed so far: {done} of {len(asked)}.",
        key=Widget.QUESTION,
        persist_state="session",
    )
    question = words[text] if text in words else _draw_own(run, slice)
    codings = question.codings
    coding = st.selectbox(
        "Coding", codings, format_func=questions.CODINGS.__getitem__,
        key=f"{Widget.CODING}-{len(codings)}", persist_state="session", help=CODING_HELP, width=320,
    )  # fmt: skip
    return question, str(coding)


def _draw_own(run: Run, slice: str) -> Asked:
    """Let the reader choose both sources and the target."""
    with st.grid(3, min_column_width=220):
        first = st.selectbox(
            "First source", questions.sources(run), format_func=_named, key=Widget.FIRST_SOURCE,
            persist_state="session",
        )  # fmt: skip
        second = st.selectbox(
            "Second source", questions.seconds(run, first), format_func=_named,
            key=Widget.SECOND_SOURCE, persist_state="session",
        )  # fmt: skip
        target = st.selectbox(
            "About", list(questions.TARGETS), format_func=questions.TARGETS.__getitem__,
            key=Widget.ABOUT, persist_state="session", help=questions.TARGET_HELP,
        )  # fmt: skip
    return questions.own_question(run, target, first, second, slice)


def _named(name: str) -> str:
    words = "all others like it" if name == questions.REST else questions.source_words(name)
    return words[:1].upper() + words[1:]


def _draw_computing(
    run: Run, question: Asked, coding: str, rows: pd.DataFrame, missing: int
) -> None:
    """Offer the chosen question, if it is missing or out of date, and all; watch the running job.

    Parameters
    ----------
    rows
        The stored answer to the question.
    missing
        How many questions have no answer, or one that is out of date.
    """
    target = f"information of {run.run_id}"
    job = jobs.jobs().get(target)
    if job is not None:
        job_watch.draw(job, what="The decomposition")
        if job.status == "running":
            return
    is_old = not rows.empty and questions.is_out_of_date(run, question, coding, rows)
    if is_old:
        st.info(OUT_OF_DATE)
    with st.container(horizontal=True):
        chosen: list[str] | None = None
        if (rows.empty or is_old) and st.button(
            f"Compute this question{' again' if is_old else ''}",
            icon=":material/play_arrow:",
            type="primary",
            key=Widget.COMPUTE_QUESTION,
        ):
            chosen = [*question.options, "--coding", coding]
        if st.button(
            "Compute all missing questions", icon=":material/playlist_play:",
            key=Widget.COMPUTE_QUESTIONS, disabled=not missing,
            help=f"Missing or out of date: {missing}. What is stored already is kept. It runs "
            "beside the app and can be stopped.",
        ):  # fmt: skip
            chosen = []
    if chosen is not None:
        command = ["analysis", "information", *loaders.command_paths(run), *chosen]
        command += _slice_options(run, question.slice)
        jobs.start(target, command, runs=loaders.own_runs(), folder=run.path)
        st.rerun()


def _slice_options(run: Run, name: str) -> list[str]:
    if not name:
        return []
    folders = [str(folder.resolve()) for folder in slices.folders(run)]
    return ["--slice", name, *(word for folder in folders for word in ("--slices", folder))]
