"""Tab Health: do the parts of the selected run keep the roles that their names promise?"""

import pandas as pd
import streamlit as st

from analysis.health_command import ARTIFACT
from analysis.plots.health import VERDICT_TEXT, sensitivity_map, similarity_map, size_bars
from analysis.plots.information import stacked_atoms
from analysis.plots.theme import label_of
from app import jobs, loaders
from app.components import figure_card, health_badge, job_watch, not_kept
from app.components.text import markdown
from app.state import Widget, is_dark
from prism_core.store.reader import Run

EXPLANATION = """
A fusion weight says how loud a part is, not what it carries. Here every part is held to its name:
does it react when the modality it is named after is withheld, and stay calm when the other one
is? Does it repeat another part? Does it say anything at all?
"""
ROLE = "role_"


def draw(run: Run) -> None:
    """Draw the tab for a run, with or without parts."""
    if not run.parts:
        st.info(
            f"{markdown(run.name)} has no parts, so there is nothing to check. Choose a PRISM run."
        )
        return
    if not run.has_vectors:
        not_kept.draw(run, missing="the vectors of its parts, which are checked", needed="whole")
        return
    st.markdown(EXPLANATION)
    if run.has(ARTIFACT):
        _draw_verdicts(run)
        _draw_figures(loaders.table(run, ARTIFACT))
    _draw_computing(run)


def _draw_verdicts(run: Run) -> None:
    found = health_badge.verdicts(run)
    with st.grid(len(found), min_column_width=220):
        for part, verdict, evidence in found.itertuples(index=False):
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{label_of(str(part))}**")
                health_badge.draw_one(str(verdict), str(verdict), str(evidence))
                st.markdown(VERDICT_TEXT[str(verdict)])
                st.caption(markdown(evidence))


def _draw_figures(health: pd.DataFrame) -> None:
    measures = health[health["quantity"].isin(["spread", "norm", "sensitivity", "cka"])]
    with st.grid(2, min_column_width=440):
        for make, name, title, caption in (
            (
                sensitivity_map, "sensitivity", "What each part reacts to",
                "How far its items move, in spreads of the part, when a modality is withheld.",
            ),
            (
                similarity_map, "cka", "Do parts repeat each other?",
                "Linear CKA of the item vectors: 1 is the same up to rotation and scale.",
            ),
            (
                size_bars, "spread", "Does it say anything?",
                "Bar: how far items lie from their mean. Tick: length of the vectors.",
            ),
        ):  # fmt: skip
            figure_card.draw(
                make(measures=measures, dark=is_dark()),
                title=title,
                name=f"health-{name}",
                data=measures[measures["quantity"].isin([name, "norm"])],
                caption=caption,
            )
        _draw_roles(health)


def _draw_roles(health: pd.DataFrame) -> None:
    """Draw what image and text tell of where each part puts the items, where it is stored."""
    rows = health[health["quantity"].str.startswith(ROLE)]
    refused = health[health["quantity"] == ROLE.removesuffix("_")]
    if rows.empty:
        for reason in refused["text"].unique():
            st.warning(markdown(reason))
        return
    atoms = rows.assign(
        atom=rows["quantity"].str.removeprefix(ROLE), name=rows["part"].map(label_of)
    )
    figure_card.draw(
        stacked_atoms(atoms=atoms, by="name", dark=is_dark()),
        title="What image and text tell of where a part puts each item",
        help="The items of each part are put into six clusters; the bits are about the cluster.",
        name="health-roles",
        data=atoms.dropna(axis=1, how="all"),
        caption="A part that keeps its role has mostly bits of its own name; where there is no "
        "bar, probes of image and text do not tell the cluster."
        + "".join(
            f" {label_of(str(part))}: {markdown(reason)}"
            for part, reason in refused[["part", "text"]].itertuples(index=False)
        ),
    )


def _draw_computing(run: Run) -> None:
    target = f"health of {run.run_id}"
    job = jobs.jobs().get(target)
    if job is not None:
        job_watch.draw(job, what="The check")
    if (job is None or job.status != "running") and not run.has(ARTIFACT):
        st.info("The parts of this run have not been checked.")
        if st.button(
            "Check the parts", icon=":material/play_arrow:", type="primary",
            key=Widget.COMPUTE_HEALTH,
        ):  # fmt: skip
            command = ["analysis", "health", *loaders.command_paths(run)]
            jobs.start(target, command, runs=loaders.own_runs(), folder=run.path)
            st.rerun()
