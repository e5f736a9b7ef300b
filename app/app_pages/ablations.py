"""Ablations: what is lost when a part is left out? Variants side by side, paired over users."""

from functools import partial

import streamlit as st

from analysis.plots.comparison import metric_name
from app import comparables, slices
from app.comparables import Users
from app.components import (
    ablation_differences,
    ablation_groups,
    ablation_losers,
    ablation_settings,
    ablation_training,
    study_state,
    tab_choice,
    variant_chooser,
)
from app.components.ablation import Comparison
from app.components.run_picker import chosen_run
from app.components.text import markdown, plural
from app.components.variant_chooser import Chosen
from app.state import Widget
from prism_core.store.reader import Run

METRICS = ("ndcg@10", "recall@10", "mrr@10", "ndcg@20", "recall@20", "ndcg@5")


def page() -> None:
    """Draw the page."""
    st.title("Ablations")
    run = chosen_run()
    study_state.draw(run)
    runs = comparables.comparable_runs(run)
    if len(runs) == 1:
        st.info(
            "There is no other run on the same data under the same protocol. Train a variant on "
            "the page Train, for example with the preset *without-synergy*."
        )
        return
    users = _users(run)
    st.markdown(describe(len(runs), users))
    chosen = variant_chooser.draw(run, runs)
    metric, reference = draw_choice(chosen)
    compared = Comparison(run, runs, chosen.runs, reference, metric, users)
    tabs = {
        "Differences": ablation_differences.draw,
        "Who loses": ablation_losers.draw,
        "Groups of users": ablation_groups.draw,
        "Training and cost": ablation_training.draw,
        "Settings": ablation_settings.draw,
    }
    bound = {name: partial(draw, compared) for name, draw in tabs.items()}
    tab_choice.draw(bound, key=Widget.ABLATION_TAB)


def describe(count: int, users: Users) -> str:
    """Say how runs are compared. Markdown."""
    tested = "the same users" if users is None else f"{plural(len(users), 'user')} of the slice"
    return (
        f"{plural(count, 'run')} on the same data, tested on {tested}. Runs that differ only in "
        "their seed are one variant. Each is compared with the reference user by user, so that "
        "hard and easy users do not blur the difference."
    )


def draw_choice(chosen: Chosen) -> tuple[str, str]:
    """Draw the choice of metric and reference."""
    controls = st.container(horizontal=True)
    metric = controls.segmented_control(
        "Metric", METRICS, default=METRICS[0], required=True, format_func=metric_name,
        key=Widget.METRIC, persist_state="session",
    )  # fmt: skip
    if st.session_state.get(Widget.REFERENCE) not in chosen.names:
        st.session_state[Widget.REFERENCE] = chosen.own
    reference = controls.selectbox(
        "Reference", chosen.names, key=Widget.REFERENCE, persist_state="session",
        help="The variant that all others are compared with. Type to search.",
    )  # fmt: skip
    return str(metric), str(reference)


def _users(run: Run) -> Users:
    """Give the users of the slice chosen in the sidebar; None stands for everybody."""
    found = slices.user_ids(run)
    if found is not None and not found:
        st.info(f"No user of {markdown(run.name)} is in the chosen slice; everybody is shown.")
        return None
    return None if found is None else tuple(found)


page()
