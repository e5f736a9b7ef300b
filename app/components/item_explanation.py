"""Why one item is recommended: a sentence, the waterfall of its score, and the exact check."""

import pandas as pd
import streamlit as st

from analysis import sentences
from analysis.explanations import TOLERANCE, UserExplanation
from analysis.interactions import group_interactions
from analysis.plots.explanations import contribution_waterfall, interaction_bars, modality_ladder
from analysis.plots.interactions import group_bars_of_modalities
from analysis.plots.theme import label_of
from analysis.recipes import Recipe
from app.components import figure_card, table_card
from app.components.text import markdown
from app.state import is_dark

ROW = "What"
VALUE = "Score"
WITHHELD = "What is withheld is replaced by its average over the items."


def draw(run_id: str, explanation: UserExplanation, item_id: str) -> None:
    """Draw the explanation of one listed item."""
    listed = explanation.recommendations
    item = listed[listed["item_id"] == item_id].iloc[0]
    rows = explanation.contributions.query("item_id == @item_id")
    about = {"user_id": explanation.user_id, "item_id": item_id}
    st.markdown(markdown(sentences.item_sentence(explanation, item_id)))
    with st.grid(2, min_column_width=440):
        recipe = Recipe(figure="waterfall", runs=(run_id,), options=about)
        draw_waterfall(item, rows, recipe if explanation.is_stored else None)
        draw_modalities(run_id, explanation, item_id)
    draw_check(item, rows)


def draw_waterfall(item: pd.Series, contributions: pd.DataFrame, recipe: Recipe | None) -> None:
    """Draw how the item's score grows from everything off to everything on."""
    figure_card.draw(
        contribution_waterfall(
            contributions=contributions, baseline=float(item["baseline"]), dark=is_dark()
        ),
        title="How the score is made",
        name="item-contributions",
        data=contributions,
        recipe=recipe,
        caption="From the score with everything switched off to the item's score.",
    )


def draw_modalities(run_id: str, explanation: UserExplanation, item_id: str) -> None:
    """Draw the item's score with no modality, each alone and all of them."""
    every = explanation.modality_scores
    scores = every[every["item_id"] == item_id]
    if scores.empty:
        return
    names = scores["coalition"].iloc[-1].split(" + ")
    figure_card.draw(
        modality_ladder(modality_scores=scores, dark=is_dark()),
        title="The modalities, alone and together",
        help=f"{interaction_words(len(names))} {WITHHELD}",
        name="item-modalities",
        data=scores,
        recipe=Recipe(
            figure="modalities",
            runs=(run_id,),
            options={"user_id": explanation.user_id, "item_id": item_id},
        ),
        caption="The gap between all together and the sum of each alone is what they do only "
        "together.",
    )
    if len(names) > 2:
        groups = group_interactions(scores)
        figure_card.draw(
            group_bars_of_modalities(groups=groups, dark=is_dark()),
            title="How every group of modalities interacts",
            help=f"{interaction_words(len(names))} {WITHHELD}",
            name="item-group-interactions",
            data=groups,
        )


def interaction_words(modalities: int) -> str:
    """Define the interaction of some modalities. Markdown."""
    if modalities == 2:
        return (
            "**Interaction**: the score with both, minus what each adds alone. More is synergy, "
            "less is suppression: one makes the other superfluous."
        )
    return (
        "**Interaction** of a group: what its modalities add together beyond all smaller groups "
        "(Shapley interaction index, an average over the other modalities on and off). Above zero "
        "is synergy, below is suppression."
    )


def draw_check(item: pd.Series, contributions: pd.DataFrame) -> None:
    """Show that the contributions sum to the score difference, with the numbers."""
    difference = float(item["score"] - item["baseline"])
    total = float(contributions["contribution"].sum())
    lines = [
        {ROW: label_of(str(player)), VALUE: value}
        for player, value in zip(
            contributions["player"], contributions["contribution"], strict=True
        )
    ]
    lines += [
        {ROW: "Sum of contributions", VALUE: total},
        {ROW: "Score", VALUE: float(item["score"])},
        {ROW: "Score, everything off", VALUE: float(item["baseline"])},
        {ROW: "Score difference", VALUE: difference},
    ]
    gap = abs(total - difference)
    holds = f"they differ by {gap:.0e}, allowed is {TOLERANCE:.0e}"
    if gap > TOLERANCE:
        st.error(f"The contributions do not add up to the score difference: {holds}.")
    with st.expander(
        f"Contributions and score difference agree: {holds}"
        if gap <= TOLERANCE
        else "Contributions and score difference do not agree",
        icon=":material/check_circle:" if gap <= TOLERANCE else ":material/error:",
    ):
        table_card.draw(
            pd.DataFrame(lines),
            title="Contributions and the score difference",
            name="item-sum",
            signs={VALUE: 5},
        )


def draw_interactions(run_id: str, explanation: UserExplanation) -> None:
    """Draw what the modalities add together to every listed item, where the run stored it."""
    listed = explanation.recommendations
    if "interaction" not in listed.columns:
        return
    names = explanation.modality_scores["coalition"].iloc[-1].split(" + ")
    figure_card.draw(
        interaction_bars(recommendations=listed, dark=is_dark()),
        title="What the modalities add together",
        help=f"{interaction_words(len(names))} {WITHHELD}",
        name="user-interactions",
        data=listed[["rank", "item_id", "title", "interaction", "interaction_kind"]],
        recipe=Recipe(
            figure="interactions", runs=(run_id,), options={"user_id": explanation.user_id}
        ),
        caption="★ marks the true next item.",
    )
