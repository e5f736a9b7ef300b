"""What drove a user's list: the list, the history, weights, contributions, and every item."""

import streamlit as st

from analysis.drivers import list_drivers
from analysis.explanations import UserExplanation
from analysis.plots.drivers import driver_bars
from analysis.plots.explanations import contribution_bars
from analysis.plots.population import weight_ridges
from analysis.recipes import Recipe
from app import loaders
from app.catalogue import Catalogue
from app.components import (
    figure_card,
    health_badge,
    histories,
    item_explanation,
    quantities,
    recommendations,
    similar_items,
    stand_in_picker,
)
from app.components.text import markdown, plural
from app.state import is_dark
from prism_core.store.reader import Run


def draw(run: Run, catalogue: Catalogue, explanation: UserExplanation) -> None:
    """Draw the whole explanation."""
    recommendations.draw_explained(explanation, catalogue)
    st.subheader("Which part drove it?")
    quantities.draw()
    stand_in_picker.draw(run, explanation.user_id)
    with st.grid(2, min_column_width=440):
        _draw_drivers(run, explanation)
        _draw_contributions(run, explanation)
        _draw_weights(run, explanation)
        item_explanation.draw_interactions(run.run_id, explanation)
    st.subheader("Why this item?")
    item_id = recommendations.draw_item_picker(explanation.recommendations)
    item_explanation.draw(run.run_id, explanation, item_id)
    histories.draw(run, catalogue, explanation.user_id, item_id)
    similar_items.draw(run, catalogue, item_id)


def _draw_drivers(run: Run, explanation: UserExplanation) -> None:
    drivers = list_drivers(explanation)
    figure_card.draw(
        driver_bars(drivers=drivers, dark=is_dark()),
        title="What drove this list",
        help=quantities.CONTRIBUTION,
        name="user-drivers",
        data=drivers,
        recipe=_recipe("drivers", run, explanation) if explanation.is_stored else None,
        caption=f"Means over the {plural(int(drivers['items'].iloc[0]), 'listed item')} with 95 % "
        "intervals; in per cent, each part's share of all that moves the scores.",
    )


def _draw_weights(run: Run, explanation: UserExplanation) -> None:
    population = loaders.fusion_weights(run)
    with st.container():
        figure_card.draw(
            weight_ridges(population=population, weights=explanation.weights, dark=is_dark()),
            title="Fusion weights among all users",
            help=quantities.WEIGHT,
            name="user-fusion-weights",
            data=explanation.weights,
            recipe=_recipe("weights", run, explanation),
            caption="Hills: all users, each hill as tall as the others. Diamonds: this user. "
            "Bars: the middle half of all users. A weight does not say what its part does to a "
            "score.",
        )
        health_badge.draw(run)


def _draw_contributions(run: Run, explanation: UserExplanation) -> None:
    figure_card.draw(
        contribution_bars(
            recommendations=explanation.recommendations,
            contributions=explanation.contributions,
            dark=is_dark(),
        ),
        title="What each part adds to each score",
        help=quantities.CONTRIBUTION,
        name="user-contributions",
        data=explanation.contributions,
        recipe=_recipe("user", run, explanation) if explanation.is_stored else None,
        caption="★ marks the true next item; the tick is the sum. What is switched off is replaced "
        f"by {markdown(explanation.stand_in.words)}.",
    )


def _recipe(figure: str, run: Run, explanation: UserExplanation) -> Recipe:
    return Recipe(figure=figure, runs=(run.run_id,), options={"user_id": explanation.user_id})
