"""One user: how image and text act together on the scores, with an error; never their own bits."""

from typing import Final

import streamlit as st

from analysis.interactions import Reading, user_interaction
from analysis.plots.interactions import interaction_points
from analysis.recipes import Recipe
from analysis.signs import signed
from app import loaders
from app.components import figure_card
from app.components.text import markdown, plural
from app.state import is_dark, selection
from prism_core.errors import DataError
from prism_core.store.reader import Run

READINGS: Final[dict[Reading, str]] = {
    "together": "together they raise the scores more than each does alone",
    "repeat": "they repeat or contradict each other",
    "unclear": "not clear: the mean is within its error of zero",
}
EXPLANATION: Final = (
    "Bits belong to data sets and to groups of 200 choices or more. For a single user they are not "
    "sound: the definitions disagree even in sign. What can be said of one user is how the "
    "modalities act together on the scores of this model."
)


def draw(run: Run) -> None:
    """Draw the selected user's interaction, the first user's where none is selected."""
    if not run.parts or not run.has("recommendations"):
        return
    users = loaders.table(run, "user_metrics")["user_id"]
    chosen = selection().user
    user_id = chosen if chosen and (users == chosen).any() else str(users.iloc[0])
    try:
        found = user_interaction(run, user_id)
    except DataError:
        return
    st.subheader("One user")
    st.caption(EXPLANATION)
    figure_card.draw(
        interaction_points(found=found, dark=is_dark()),
        title=f"User {markdown(user_id)}: {READINGS[found.reading]}",
        help="v(all) − v(image) − v(text) + v(none) for every listed item, where v is the score "
        "with only those modalities. Another user: choose one on the page Users.",
        name="user-interaction",
        data=found.each,
        recipe=Recipe(figure="user_interaction", runs=(run.run_id,), options={"user_id": user_id}),
        caption=f"Mean {signed(found.mean, 3)} ± {found.error:.3f} (standard error over "
        f"{plural(found.items, 'listed item')}); called clear beyond 1.64 errors.",
    )
