"""The figures of one stored answer about information."""

import pandas as pd
import streamlit as st

from analysis.information_recipes import QUESTION
from analysis.plots.information import (
    MODALITY_SOURCES,
    atom_bars,
    atoms_against,
    definition_panel,
    stacked_atoms,
    weight_against_information,
)
from analysis.recipes import Recipe
from app.components import figure_card
from app.components.text import markdown, plural
from app.state import is_dark

NULL = (
    "**Dotted ticks**: the level below which 95 % of shuffled data stay, where nothing is to be "
    "found. A bar that does not clear its tick, or whose interval reaches zero, is faded."
)


class Answer:
    """The rows of one question.

    Parameters
    ----------
    rows
        Rows of the table ``information`` with one scope, target and pair of sources.
    run_id
        The run that stores them.
    """

    def __init__(self, rows: pd.DataFrame, run_id: str) -> None:
        self._rows = rows
        self._run_id = run_id
        first = rows.iloc[0]
        self.target = str(first["target"])
        self.sources = (str(first["first"]), str(first["second"]))
        self.is_about_data = first["scope"] == "data" and self.sources == MODALITY_SOURCES

    def kind(self, kind: str) -> pd.DataFrame:
        """Give the rows of one kind."""
        return self._rows[self._rows["kind"] == kind]

    def varied(self, kind: str) -> pd.DataFrame:
        """Give the atoms over resolution or sample size: ``x`` and one column for each atom."""
        return self.kind(kind).pivot(index="x", columns="atom", values="value").reset_index()

    def recipe(self, figure: str) -> Recipe:
        """Say how to draw one of its figures from the stored run."""
        first = self._rows.iloc[0]
        question = {name: str(first[name]) for name in QUESTION}
        return Recipe(figure=figure, runs=(self._run_id,), options=question)

    @property
    def refusal(self) -> str:
        """Why there are no numbers; empty if there are."""
        refused = self.kind("refused")
        return "" if refused.empty else str(refused["warnings"].iloc[0])


def draw(answer: Answer, weights: pd.Series | None) -> None:
    """Draw an answer.

    Parameters
    ----------
    weights
        Mean fusion weight by part, to set beside the information; None for a run without parts.
    """
    if answer.refusal:
        st.warning(markdown(answer.refusal))
        return
    _draw_words(answer)
    with st.grid(2, min_column_width=440):
        _draw_atoms(answer)
        if weights is not None and answer.is_about_data:
            _draw_weights(answer, weights)
        _draw_groups(answer)
    _draw_trust(answer)


def _draw_words(answer: Answer) -> None:
    facts = answer.kind("estimate").iloc[0]
    choices, users = int(facts["samples"]), int(facts["num_users"])
    st.caption(
        f"From {plural(choices, 'choice')} of {plural(users, 'user')}; "
        f"values are corrected for the bias of small samples ({markdown(facts['correction'])}), "
        "intervals are 95 % over users."
    )
    for warning in filter(None, str(facts["warnings"]).split("\n")):
        st.warning(markdown(warning))


def _draw_atoms(answer: Answer) -> None:
    atoms = answer.kind("estimate")
    figure_card.draw(
        atom_bars(atoms=atoms, target=answer.target, sources=answer.sources, dark=is_dark()),
        title=f"What they tell about the {markdown(answer.target)}",
        help=NULL,
        name="information-atoms",
        data=atoms.dropna(axis=1, how="all"),
        recipe=answer.recipe("information"),
        caption=NULL,
    )


def _draw_weights(answer: Answer, weights: pd.Series) -> None:
    atoms = answer.kind("estimate")
    figure_card.draw(
        weight_against_information(weights=weights, atoms=atoms, dark=is_dark()),
        title="Fusion weights beside the information",
        help="Two different things: a weight is what the model's gate chose, information is what "
        "the data hold. Nothing makes them agree.",
        name="information-weights",
        data=weights.rename("mean_weight").rename_axis("part").reset_index(),
        recipe=answer.recipe("information_weights"),
        caption="Above the dotted line: weighed more than its share of the information.",
    )


def _draw_groups(answer: Answer) -> None:
    groups = answer.kind("group")
    if groups.empty:
        return
    named = groups.assign(slice=groups["grouping"] + ": " + groups["group"])
    figure_card.draw(
        stacked_atoms(atoms=named, by="slice", sources=answer.sources, dark=is_dark()),
        title="By group of choices",
        name="information-groups",
        data=groups.dropna(axis=1, how="all"),
        recipe=answer.recipe("information_groups"),
        caption="History: shorter or longer than the median. Popularity: of the chosen item.",
    )


def _draw_trust(answer: Answer) -> None:
    with st.expander("How far can these numbers be trusted?"), st.grid(2, min_column_width=440):
        for kind, title, caption in (
            ("samples", "Choices used", "Dashed: the corrected limit."),
            ("resolution", "Codes per source", "Coarser and finer coding of the features."),
        ):
            frame = answer.varied(kind)
            figure_card.draw(
                atoms_against(
                    frame=frame, x="x", title=title, sources=answer.sources, dark=is_dark()
                ),
                title=f"Against {title.lower()}",
                name=f"information-{kind}",
                data=frame,
                recipe=answer.recipe(f"information_{kind}"),
                caption=caption,
            )
        definitions = answer.kind("definition")
        if len(definitions):
            figure_card.draw(
                definition_panel(definitions=definitions, sources=answer.sources, dark=is_dark()),
                title="Under other definitions",
                name="information-definitions",
                data=definitions.dropna(axis=1, how="all"),
                recipe=answer.recipe("information_definitions"),
                caption="What differs between rows depends on the definition, not on the data.",
            )
