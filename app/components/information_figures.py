"""The figures of one stored answer about information."""

import math

import pandas as pd
import streamlit as st

from analysis.information.summary import summary
from analysis.information_recipes import named_groups, named_slices
from analysis.plots.areas import area_diagram
from analysis.plots.atom_panels import atom_intervals
from analysis.plots.information import (
    atom_bars,
    lattice_bars,
    stacked_atoms,
    weight_against_information,
)
from analysis.recipes import Recipe
from app import loaders, questions
from app.components import figure_card, health_badge, information_trust
from app.components.information_answer import Answer, circumstances
from app.components.text import markdown, plural
from app.questions import Asked
from app.state import is_dark
from prism_core.store.reader import Run

NULL = (
    "**Bars**: bits that the sources tell. **Whiskers**: 95 % intervals over users. "
    "**Dotted ticks**: the level below which 95 % of shuffled data stay, where nothing is to be "
    "found. A bar that does not clear its tick, or whose interval reaches zero, is faded. A bar "
    "below zero is chance: the correction for small samples took off more than there was."
)

STACKED = "Faded: not distinguishable from zero. Tick with whiskers: the total, 95 % interval."


def draw(answer: Answer, run: Run) -> None:
    """Draw an answer, or why there is none.

    Parameters
    ----------
    run
        Its fusion weights are set beside the information of the data, where it has parts.
    """
    if answer.refusal:
        st.warning(f"There are no numbers for this question. {markdown(answer.refusal)}")
        return
    if answer.scope == "lattice":
        _draw_lattice(answer)
        return
    _draw_words(answer)
    information_trust.draw_facts(answer)
    with st.grid(2, min_column_width=440):
        _draw_atoms(answer)
        _draw_areas(answer)
    _draw_groups(answer)
    if run.parts and answer.is_about_data:
        _draw_weights(answer, run)
    information_trust.draw(answer)


def _draw_words(answer: Answer) -> None:
    facts = answer.facts
    st.markdown(
        markdown(
            summary(
                answer.kind("estimate"),
                about=questions.TARGETS.get(answer.target, answer.target),
                sources=[questions.with_article(name, answer.scope) for name in answer.sources],
                target_entropy=float(facts.get("target_entropy", math.nan)),
            )
        )
    )
    choices, users = int(facts["samples"]), int(facts["num_users"])
    st.caption(
        f"From {plural(choices, 'choice')} of {plural(users, 'user')}; "
        f"values are corrected for the bias of small samples ({markdown(facts['correction'])}), "
        "intervals are 95 % over users."
    )


def _draw_atoms(answer: Answer) -> None:
    atoms = answer.kind("estimate")
    figure_card.draw(
        atom_bars(atoms=atoms, target=answer.target, sources=answer.sources, dark=is_dark()),
        title=f"What they tell about the {markdown(answer.target)}",
        help=NULL,
        name="information-atoms",
        data=atoms.dropna(axis=1, how="all"),
        recipe=answer.recipe("information"),
        caption=f"{NULL}{_synergy_nulls(answer)} {answer.circumstances}",
    )


def _synergy_nulls(answer: Answer) -> str:
    """Both nulls of synergy in numbers."""
    null = float(answer.facts["synergy_null_95"])
    return (
        " The tick of synergy is the higher one of two nulls: a target that says nothing, and "
        f"sources that meet only through the target ({null:.3f} bit)."
    )


def _draw_lattice(answer: Answer) -> None:
    atoms = answer.kind("lattice")
    total = float(atoms["information_joint"].iloc[0])
    figure_card.draw(
        lattice_bars(atoms=atoms, target=answer.target, dark=is_dark()),
        title=f"All atoms about the {markdown(answer.target)}",
        help="In braces: a group of modalities that are read together. A bar is what each of its "
        "groups tells by itself, and nothing smaller does.",
        name="information-lattice",
        data=atoms.dropna(axis=1, how="all"),
        recipe=answer.recipe("information_lattice"),
        caption=f"By RDR, which is defined for any number of sources; all atoms sum to {total:.3f} "
        "bit. Sources are coded one by one, so what only several tell together is mostly not seen "
        "here; pairs and each against the rest show it. Ticks: 95 % of shuffled data lie below. "
        + answer.circumstances,
    )


def _draw_areas(answer: Answer) -> None:
    atoms = answer.kind("estimate")
    figure_card.draw(
        area_diagram(atoms=atoms, target=answer.target, sources=answer.sources, dark=is_dark()),
        title="The same as areas",
        help="Discs: what each source tells; their overlap is redundancy. The ring around both is "
        "synergy. All areas are in proportion to the bits.",
        name="information-areas",
        data=atoms[["atom", "value"]],
        recipe=answer.recipe("information_areas"),
        caption="Areas have no sign: a negative atom is left out here; the bars show it. "
        + answer.circumstances,
    )


def _draw_weights(answer: Answer, run: Run) -> None:
    atoms = answer.kind("estimate")
    weights = loaders.fusion_weights(run).groupby("part", sort=False)["weight"].mean()
    with st.container():
        figure_card.draw(
            weight_against_information(
                weights=weights,
                atoms=atoms,
                target=answer.target,
                sources=answer.sources,
                dark=is_dark(),
            ),
            title="Fusion weights beside the information",
            help="Two different things: a weight is what the model's gate chose, information is "
            "what the data hold. Nothing makes them agree.",
            name="information-weights",
            data=weights.rename("mean_weight").rename_axis("part").reset_index(),
            recipe=answer.recipe("information_weights"),
            caption="Above the dotted line: weighed more than its share of the information. "
            "Hollow: not distinguishable from zero. " + answer.circumstances,
        )
        health_badge.draw(run)


def _draw_groups(answer: Answer) -> None:
    groups = answer.kind("group")
    if groups.empty:
        return
    figure_card.draw(
        atom_intervals(
            atoms=named_groups(groups, answer.kind("estimate")),
            by="name",
            target=answer.target,
            sources=answer.sources,
            dark=is_dark(),
        ),
        title="By group of choices",
        name="information-groups",
        data=groups.dropna(axis=1, how="all"),
        recipe=answer.recipe("information_groups"),
        caption="History: shorter or longer than the median. Popularity: of the chosen item. Top "
        "part: the largest fusion weight of the user. In brackets: choices; groups of fewer than "
        "200 are left out. Means of local atoms with 95 % intervals over users; faded: not "
        f"distinguishable from zero. {answer.circumstances}",
    )


def draw_targets(run: Run, stored: pd.DataFrame, asked: Asked, coding: str) -> None:
    """Draw the atoms of the same sources about every target, where several are stored."""
    named = ["first", "second", "slice", "coding"]
    same = stored[named] == [asked.first, asked.second, asked.slice, coding]
    atoms = stored[same.all(axis=1) & (stored["kind"] == "estimate")]
    if atoms["target"].nunique() < 2:
        return
    sources = (asked.first, asked.second)
    options = dict(zip(named, (*sources, asked.slice, coding), strict=True))
    figure_card.draw(
        stacked_atoms(
            atoms=atoms, by="target", target="each target", sources=sources, dark=is_dark()
        ),
        title="The same sources about every target",
        name="information-targets",
        data=atoms.dropna(axis=1, how="all"),
        recipe=Recipe(figure="information_targets", runs=(run.run_id,), options=options),
        caption=f"{STACKED} "
        + " ".join(
            f"{target}: {questions.TARGETS.get(str(target), target)}. "
            f"{circumstances(rows.iloc[0], sources)}"
            for target, rows in atoms.groupby("target", sort=False)
        ),
    )


def draw_slices(run: Run, stored: pd.DataFrame, asked: Asked, coding: str) -> None:
    """Draw the same question about every slice it was computed for, where there are several."""
    named = ["scope", "target", "first", "second", "coding"]
    wanted = [asked.scope, asked.target, asked.first, asked.second, coding]
    same = (stored[named] == wanted).all(axis=1) & (stored["kind"] == "estimate")
    atoms = named_slices(stored[same])
    if atoms["slice"].nunique() < 2:
        return
    sources = (asked.first, asked.second)
    figure_card.draw(
        stacked_atoms(
            atoms=atoms, by="slice", target=asked.target, sources=sources, dark=is_dark()
        ),
        title="The same question about every slice",
        name="information-slices",
        data=atoms.dropna(axis=1, how="all"),
        recipe=Recipe(
            figure="information_slices",
            runs=(run.run_id,),
            options=dict(zip(named, wanted, strict=True)),
        ),
        caption=f"{STACKED} "
        + " ".join(
            f"{markdown(name)}: {circumstances(rows.iloc[0], sources)}"
            for name, rows in atoms.groupby("slice", sort=False)
        ),
    )
