"""Ablations: what is lost when a part is left out? Variants side by side, paired over users."""

import pandas as pd
import streamlit as st

from analysis import comparison
from analysis.plots.comparison import (
    difference_forest,
    metric_forest,
    metric_name,
    win_tie_loss,
)
from analysis.plots.training import learning_curves
from analysis.recipes import Recipe
from app import comparables
from app.components import figure_card, table_card
from app.components.run_picker import chosen_run
from app.components.text import markdown, plural
from app.state import Widget, is_dark
from prism_core.store.reader import Run

METRICS = ("ndcg@10", "recall@10", "mrr@10", "ndcg@20", "recall@20", "ndcg@5")


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    runs = comparables.comparable_runs(run)
    st.title("Ablations")
    if len(runs) == 1:
        st.info(
            "There is no other run on the same data under the same protocol. Train a variant on "
            "the page Train, for example with the preset *without-synergy*."
        )
        return
    variants = comparables.variants(runs)
    names = [variant.name for variant in variants]
    st.markdown(
        f"{plural(len(names), 'variant')} on the same data, tested on the same users. Runs that "
        "differ only in their seed are one variant. Each is compared with the reference user by "
        "user, so that hard and easy users do not blur the difference."
    )
    own = next(v.name for v in variants if run.run_id in [member.run_id for member in v.runs])
    metric, reference = draw_choice(names, own)
    draw_comparison(runs, metric, reference)
    draw_details(runs)


def draw_choice(names: list[str], own: str) -> tuple[str, str]:
    """Draw the choice of metric and reference."""
    controls = st.container(horizontal=True)
    metric = controls.segmented_control(
        "Metric", METRICS, default=METRICS[0], required=True, format_func=metric_name,
        key=Widget.METRIC, persist_state="session",
    )  # fmt: skip
    if st.session_state.get(Widget.REFERENCE) not in names:
        st.session_state[Widget.REFERENCE] = own
    reference = controls.selectbox(
        "Reference", names, key=Widget.REFERENCE, persist_state="session",
        help="The variant that all others are compared with.",
    )  # fmt: skip
    return str(metric), str(reference)


def draw_comparison(runs: list[Run], metric: str, reference: str) -> None:
    """Draw the metric with intervals and the paired differences."""
    table = comparables.summary(runs, (metric,))
    paired = comparables.differences(runs, reference, metric)
    ids = tuple(run.run_id for run in runs)
    against = {"metric": metric, "reference": reference}
    shown = {"metrics": [metric], "highlight": reference}
    with st.grid(2, min_column_width=440):
        figure_card.draw(
            metric_forest(table=table, highlight=reference, dark=is_dark()),
            title=f"{metric_name(metric)} of all variants",
            name="ablation-metrics",
            data=table,
            recipe=Recipe(figure="metrics", runs=ids, options=shown),
            caption="Lines: 95 % intervals over users and seeds (bootstrap).",
        )
        figure_card.draw(
            difference_forest(table=paired, reference=reference, dark=is_dark()),
            title=f"Difference to {markdown(reference)}",
            help="Paired over users; p values are corrected for their number (Holm).",
            name="ablation-differences",
            data=paired,
            recipe=Recipe(figure="differences", runs=ids, options=against),
            caption="Left of zero: worse than the reference. Grey: the interval holds zero.",
        )
        figure_card.draw(
            win_tie_loss(table=paired, reference=reference, dark=is_dark()),
            title="Users won and lost",
            name="ablation-users",
            data=paired[["name", "wins", "ties", "losses"]],
            recipe=Recipe(figure="wins", runs=ids, options=against),
            caption="Ties: the true next item is in neither list, or at the same place in both.",
        )
        figure_card.draw(
            learning_curves(curves=_curves(runs), quantity="ndcg@10", dark=is_dark()),
            title="Validation during training",
            name="ablation-curves",
            data=_curves(runs),
            recipe=_curves_recipe(runs),
            caption="Mean over seeds; the band spans the seeds.",
        )


def draw_details(runs: list[Run]) -> None:
    """List in which settings the trained runs differ."""
    trained = [run for run in runs if run.manifest["kind"] == "model"]
    if len(trained) < 2:
        return
    with st.expander("In which settings do the trained runs differ?"):
        table_card.draw(
            comparison.config_differences(trained).astype(str),
            title="Settings in which the runs differ",
            name="ablation-settings",
        )


def _curves(runs: list[Run]) -> pd.DataFrame:
    return comparison.learning_curves(run for run in runs if run.manifest["kind"] == "model")


def _curves_recipe(runs: list[Run]) -> Recipe | None:
    trained = tuple(run.run_id for run in runs if run.manifest["kind"] == "model")
    return Recipe(figure="learning_curves", runs=trained) if trained else None


page()
