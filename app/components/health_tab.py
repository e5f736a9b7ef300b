"""Tab Health: do the parts of the selected run keep the roles that their names promise?"""

from typing import Final

import pandas as pd
import streamlit as st

from analysis.health.epochs import has_probes, over_epochs, verdicts_over_epochs
from analysis.health.freshness import ARTIFACT, why_out_of_date
from analysis.information_recipes import (
    CLUSTER_OF_PART,
    NEXT_CATEGORY,
    part_atoms,
    sources_of,
)
from analysis.plots.atoms import PART_SOURCES
from analysis.plots.health import (
    VERDICT_TEXT,
    epoch_lines,
    probe_map,
    sensitivity_map,
    similarity_map,
    size_bars,
)
from analysis.plots.information import stacked_atoms
from analysis.plots.theme import label_of
from analysis.recipes import Recipe
from app import jobs, loaders
from app.components import figure_card, health_badge, job_watch, not_kept, table_card
from app.components.information_answer import circumstances
from app.components.text import markdown
from app.state import Widget, is_dark
from prism_core.store.reader import Run

EXPLANATION = """
A fusion weight says how loud a part is, not what it carries. Here every part is held to its name:
does it react when the modality it is named after is withheld, and stay calm when the other one
is? Does it repeat another part? Does it say anything at all?
"""
FIGURES: Final = (
    (
        sensitivity_map, "sensitivity", ("sensitivity",), "What each part reacts to",
        "How far its items move when a modality is withheld, in spreads of the part: its standard "
        "deviation, that is, how far its items lie from their mean. Redundancy "
        "moves by as much as the modalities disagree about it: .07 where they agree with a "
        "correlation of .99, .5 where it is .6.",
    ),
    (
        similarity_map, "similarity", ("cka",), "Do parts repeat each other?",
        "Linear CKA of the item vectors: 1 is the same up to rotation and scale.",
    ),
    (
        size_bars, "size", ("spread", "norm"), "Does it say anything?",
        "Bar: how far items lie from their mean. Tick: length of the vectors.",
    ),
    (
        probe_map, "probes", ("probe", "explains"), "What do linear probes say?",
        "Share of the variance explained on items that were not trained on. Left: of the part by a "
        "modality's features. Right: of the item's category and popularity by the part.",
    ),
)  # fmt: skip
ATOMS_TEXT: Final = {
    "role": (
        "What image and text tell of where a part puts each item",
        "The items of each part are put into six clusters; the bits are about the cluster.",
        "A part that keeps its role has mostly bits of its own name; where there is no bar, probes "
        "of image and text do not tell the cluster. Faded: not distinguishable from zero.",
    ),
    "beyond": (
        "What a part tells of the next item beside all other parts",
        "The next item's category, from the part's vectors of the history, and from those of all "
        "other parts together.",
        "Only the part: told by this part alone. Without any, the others could replace it. Faded: "
        "not distinguishable from zero.",
    ),
}


PROBES_TEXT: Final = (
    "R²: share of the variance of a modality's features that a linear probe reads from the part, "
    "on items that it was not fitted to; below 0 it predicts worse than the mean."
)
NO_PROBES: Final = (
    "This run was trained before probe scores were recorded after every epoch; trained anew, it "
    "has them."
)


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
    _draw_computing(run)
    if run.has(ARTIFACT):
        _draw_verdicts(run)
        _draw_figures(run, loaders.table(run, ARTIFACT))


def _draw_verdicts(run: Run) -> None:
    found = health_badge.verdicts(run)
    with st.grid(len(found), min_column_width=190):
        for part, verdict, evidence in found.itertuples(index=False):
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{label_of(str(part))}**")
                health_badge.draw_one(str(verdict), str(verdict), str(evidence))
                st.markdown(VERDICT_TEXT[str(verdict)])
                st.caption(markdown(evidence))


def _draw_figures(run: Run, health: pd.DataFrame) -> None:
    with st.grid(2, min_column_width=440):
        for make, name, quantities, title, caption in FIGURES:
            measures = health[health["quantity"].isin(quantities)]
            if measures.empty:
                continue
            figure_card.draw(
                make(measures=measures, dark=is_dark()),
                title=title,
                name=f"health-{name}",
                data=measures.dropna(axis=1, how="all"),
                recipe=Recipe(figure=f"health_{name}", runs=(run.run_id,)),
                caption=caption,
            )
        _draw_atoms(run, health, "role")
        _draw_atoms(run, health, "beyond")
    _draw_epochs(run)


def _draw_atoms(run: Run, health: pd.DataFrame, kind: str) -> None:
    """Draw what information says of the parts, where it is stored."""
    atoms, refused = part_atoms(health, kind), health[health["quantity"] == kind]
    if atoms.empty:
        for reason in refused["text"].unique():
            st.warning(markdown(reason))
        return
    is_role = kind == "role"
    sources = sources_of(atoms) if is_role else PART_SOURCES
    target = CLUSTER_OF_PART if is_role else NEXT_CATEGORY
    title, help, caption = ATOMS_TEXT[kind]
    figure_card.draw(
        stacked_atoms(
            atoms=atoms, by="name", target=target, sources=sources, dark=is_dark()
        ),
        title=title,
        help=help,
        name=f"health-{kind}",
        data=atoms.dropna(axis=1, how="all"),
        recipe=Recipe(figure="health_roles" if is_role else "health_beyond",
                      runs=(run.run_id,)),
        caption=f"{caption} {_beside(atoms, sources)}"
        + "".join(
            f" {label_of(str(part))}: {markdown(reason)}"
            for part, reason in refused[["part", "text"]].itertuples(index=False)
        ),
    )  # fmt: skip


def _beside(atoms: pd.DataFrame, sources: tuple[str, str]) -> str:
    """Retention and samples per cell of every part's estimate."""
    if "samples_per_cell" not in atoms:
        return ""
    return " ".join(
        f"{label_of(str(part))}: {circumstances(rows.iloc[0], sources)}"
        for part, rows in atoms.groupby("part", sort=False)
    )


def _draw_epochs(run: Run) -> None:
    """Draw the measures over the training, where it took them."""
    measures = over_epochs(run.events())
    if measures.empty:
        return
    st.subheader("Over the training")
    figure_card.draw(
        epoch_lines(measures=measures, dark=is_dark()),
        title="Spread of the parts, what each reacts to, and what it tells, after every epoch",
        name="health-epochs",
        data=measures,
        recipe=Recipe(figure="health_epochs", runs=(run.run_id,)),
        caption="Spread: how far items lie from their mean. No image, no text: spreads of the part "
        "that items move when it is withheld. "
        f"{PROBES_TEXT if has_probes(measures) else NO_PROBES} "
        "Likeness: CKA with the part that is most like it. "
        "Measured on at most 4,096 items. The stored model is that of epoch "
        f"{run.manifest['training'].get('best_epoch', '?')}.",
    )
    found = verdicts_over_epochs(measures)
    found["part"] = found["part"].map(label_of)
    with st.expander("Verdict after every epoch, from these measures alone"):
        table_card.draw(
            found.rename(columns=str.capitalize),
            title="Verdict after every epoch",
            name="health-verdicts",
        )


def _draw_computing(run: Run) -> None:
    """Offer the check where it is missing or out of date; watch it while it runs."""
    target = f"health of {run.run_id}"
    job = jobs.jobs().get(target)
    if job is not None:
        job_watch.draw(job, what="The check")
        if job.status == "running":
            return
    if not run.has(ARTIFACT):
        st.info("The parts of this run have not been checked.")
        label = "Check the parts"
    elif reason := why_out_of_date(run, has_dataset=loaders.find_dataset(run) is not None):
        st.warning(f"{reason} Until they are checked again, what is shown here is the older check.")
        label = "Check the parts again"
    else:
        return
    if st.button(
        label, icon=":material/play_arrow:", type="primary", key=Widget.COMPUTE_HEALTH
    ):  # fmt: skip
        command = ["analysis", "health", *loaders.command_paths(run)]
        jobs.start(target, command, runs=loaders.own_runs(), folder=run.path)
        st.rerun()
