"""Is the explanation faithful? For this user, for the chosen slice, for the whole run."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from analysis.explanations import stored_stand_in
from analysis.faithfulness import Faithfulness
from analysis.plots.faithfulness import faithfulness_curves
from analysis.recipes import Recipe
from analysis.resampling import Interval
from analysis.signs import signed, signed_range
from app import loaders, slices
from app.components import figure_card, slice_picker, stand_in_picker, table_card
from app.components.text import markdown, plural
from app.state import Widget, is_dark
from prism_core.store.reader import Run

MAX_USERS: Final = 2000
"""Users judged at most; of more, a random sample is."""

ONE: Final = "This user"
ALL: Final = "The whole run"
HELP: Final = (
    "If the explanation is right, switching off what it ranks first costs more than switching off "
    "in random order (deletion, comprehensiveness), and what it ranks first alone keeps more "
    "(insertion, sufficiency)."
)


def draw(run: Run, user_id: str) -> None:
    """Draw the choice of a scope, the verdict, its numbers and its curves."""
    user_ids, about = _draw_scope(run, user_id)
    if not user_ids:
        st.info("No user of this run is in the chosen slice.")
        return
    judged, curves = loaders.faithfulness_of(run, user_ids, _ranks(run, user_ids))
    say = st.success if judged.is_faithful else st.warning
    say(markdown(judged.verdict))
    st.caption(about)
    figure_card.draw(
        faithfulness_curves(curves=curves, dark=is_dark()),
        title="Switching parts off and on in the order of the explanation",
        help=HELP,
        name="faithfulness",
        data=curves,
        recipe=Recipe(
            figure="faithfulness", runs=(run.run_id,), options={"user_ids": list(user_ids)}
        ),
        caption="Bars: 95 % intervals. Random: the exact mean over all orders.",
    )
    _draw_numbers(judged)


def _draw_scope(run: Run, user_id: str) -> tuple[tuple[str, ...], str]:
    """Draw the choice and give the users that are judged, and words about them. Markdown."""
    chosen = slices.current(run)
    named = [] if chosen is None else [f"Slice {slice_picker.label(chosen.name)}"]
    options = [ONE, *named, ALL]
    if st.session_state.get(Widget.SCOPE) not in options:
        st.session_state[Widget.SCOPE] = options[1]
    scope = st.segmented_control(
        "Judge the explanations of", options, key=Widget.SCOPE, required=True,
        persist_state="session",
    )  # fmt: skip
    switched = f"What is switched off is replaced by {markdown(stored_stand_in(run).words)}."
    if scope == ONE:
        return (
            user_id,
        ), f"Intervals are over the listed items of user {markdown(user_id)}. {switched}"
    everybody = loaders.table(run, "user_metrics")["user_id"].tolist()
    members = everybody if scope == ALL or chosen is None else chosen.user_ids(run)
    judged = _sample(members)
    sampled = "" if len(judged) == len(members) else f", a random sample of {len(members):,}"
    return judged, (
        f"Intervals are over {plural(len(judged), 'user')}{sampled}, about the true next item of "
        f"each. {switched}"
    )


def _sample(user_ids: list[str]) -> tuple[str, ...]:
    if len(user_ids) <= MAX_USERS:
        return tuple(user_ids)
    places = np.random.default_rng(0).choice(len(user_ids), MAX_USERS, replace=False)
    return tuple(user_ids[place] for place in sorted(places))


def _ranks(run: Run, user_ids: tuple[str, ...]) -> pd.DataFrame | None:
    """Rank among all items without each part, where the model is here."""
    dataset = loaders.find_dataset(run)
    if dataset is None or not stand_in_picker.can_score(run):
        return None
    from app import live  # loads torch: only on this view

    return live.ranks_without(run, dataset, user_ids)


def _draw_numbers(judged: Faithfulness) -> None:
    rows = [
        ("Comprehensiveness", judged.comprehensiveness, judged.comprehensiveness_gain),
        ("Sufficiency", judged.sufficiency, judged.sufficiency_gain),
    ]
    table = pd.DataFrame(
        {
            "Measure": [name for name, _, _ in rows],
            "Explanation": [_words(value) for _, value, _ in rows],
            "Random order": [signed(value.value - gain.value, 2) for _, value, gain in rows],
            "Difference": [_words(gain) for _, _, gain in rows],
        }
    )
    with st.container(border=True):
        st.markdown("**How much better than a random order?**", help=HELP)
        table_card.draw(table, title="Faithfulness of the explanations", name="faithfulness-table")
        st.caption(
            "Comprehensiveness: how far the score falls without the parts ranked first. "
            "Sufficiency: how much of the score they keep alone, above everything off. Both are "
            "means over how many parts are switched; in brackets 95 % intervals."
        )


def _words(interval: Interval) -> str:
    return f"{signed(interval.value, 2)} ({signed_range(interval.low, interval.high, 2)})"
