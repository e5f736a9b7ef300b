"""Users: what is recommended to one user, and which part of the items' content drove it."""

import streamlit as st

from analysis import sentences
from analysis.explanations import UserExplanation, stored_stand_in, with_titles
from app import loaders
from app.catalogue import Catalogue
from app.components import (
    comparison_view,
    explanation_view,
    faithfulness_view,
    histories,
    not_kept,
    population_view,
    recommendations,
    stand_in_picker,
    user_picker,
    what_if_panel,
)
from app.components.run_picker import chosen_run
from app.components.text import markdown
from app.state import Widget, select, selection
from prism_core.store.reader import Run

WHAT_IF = "What if"
EVERYBODY = "Among all users"
COMPARE = "Compare"
FAITHFULNESS = "Faithfulness"
VIEWS = ("Explanation", WHAT_IF, COMPARE, EVERYBODY, FAITHFULNESS)


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    catalogue = loaders.catalogue(run)
    user_id = user_picker.draw(run)
    st.title(f"User {markdown(user_id)}")
    if not run.has("recommendations"):
        draw_outcome(run, catalogue, user_id)
    elif run.parts:
        draw_explained(run, catalogue, user_id)
    else:
        draw_plain(run, catalogue, user_id)


def draw_outcome(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw what is known of a user of a run without stored recommendations."""
    outcome = run.table("user_metrics", where={"user_id": user_id}).iloc[0]
    title = catalogue.get(str(outcome["target_item_id"])).label
    st.markdown(
        f"{markdown(run.name)} ranks *{markdown(title)}*, the item this user chose next, at "
        f"place {outcome['rank']:,}."
    )
    not_kept.draw(run, missing="the lists it recommends and their explanations", needed="compact")
    histories.draw(run, catalogue, user_id)


def draw_explained(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw a user of a run with parts."""
    explanation = explanation_of(run, user_id)
    st.markdown(markdown(sentences.user_sentence(explanation)))
    view = draw_view()
    if view == WHAT_IF:
        what_if_panel.draw(run, catalogue, explanation)
    elif view == EVERYBODY:
        population_view.draw(run, explanation)
    elif view == COMPARE:
        comparison_view.draw(run, catalogue, user_id)
    elif view == FAITHFULNESS:
        faithfulness_view.draw(run, user_id)
    else:
        explanation_view.draw(run, catalogue, explanation)


def explanation_of(run: Run, user_id: str) -> UserExplanation:
    """Explain the user with the chosen stand-in: as stored, or scored anew on the model."""
    stand_in = stand_in_picker.current(run, user_id)
    dataset = loaders.find_dataset(run)
    if dataset is None or stand_in == stored_stand_in(run):
        return loaders.explanation(run, user_id)
    from app import live  # loads torch: not before somebody asks for another stand-in

    return live.explanation(run, dataset, user_id, stand_in)


def draw_view() -> str:
    """Draw the choice of what is shown of the user."""
    wanted = selection().view
    st.session_state[Widget.VIEW] = wanted if wanted in VIEWS else VIEWS[0]
    st.segmented_control(
        "View",
        VIEWS,
        key=Widget.VIEW,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: select(view=st.session_state[Widget.VIEW]),
    )
    return str(st.session_state[Widget.VIEW])


def draw_plain(run: Run, catalogue: Catalogue, user_id: str) -> None:
    """Draw a user of a run without parts: the list and the history, no explanation."""
    outcome = run.table("user_metrics", where={"user_id": user_id}).iloc[0]
    listed = run.table("recommendations", where={"user_id": user_id})
    st.markdown(
        f"{markdown(run.name)} has no parts, so nothing splits its scores. The item chosen next "
        f"stands at rank {outcome['rank']:,}. Choose a PRISM run to see what drove a list."
    )
    named = with_titles(listed, loaders.table(run, "items"))
    recommendations.draw_plain(named, str(outcome["target_item_id"]), catalogue)
    histories.draw(run, catalogue, user_id)


page()
