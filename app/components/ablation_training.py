"""What variants cost and how they learn."""

import pandas as pd
import streamlit as st

from analysis.plots.comparison import metric_name
from analysis.plots.training import cost_scatter, learning_curves
from app import comparables
from app.components import figure_card
from app.components.ablation import Comparison
from app.state import Widget, is_dark

COSTS = {"seconds": "Training time", "num_parameters": "Trained parameters"}
SHOWN_CURVES = 5


def draw(compared: Comparison) -> None:
    """Draw the tab."""
    if not compared.trained:
        st.info("None of the shown variants was trained.")
        return
    draw_costs(compared)
    draw_curves(compared)


def draw_costs(compared: Comparison) -> None:
    """Draw the metric against time or size."""
    cost = st.segmented_control(
        "Cost", list(COSTS), default="seconds", required=True, format_func=COSTS.__getitem__,
        key=Widget.COST, persist_state="session",
    )  # fmt: skip
    table = comparables.costs(compared.trained, compared.metric, compared.users)
    figure_card.draw(
        cost_scatter(table=table, cost=str(cost), dark=is_dark()),
        title=f"{metric_name(compared.metric)} against its cost",
        name="ablation-costs",
        data=table,
        recipe=compared.recipe("costs", cost=str(cost)),
        caption="In the legend: no other variant is both better and cheaper (Pareto front). "
        "Vertical: 95 % interval over users and seeds. Horizontal: range over seeds. Times of a "
        "machine that does other things too are rough.",
    )


def draw_curves(compared: Comparison) -> None:
    """Draw a quantity over epochs for a few variants."""
    curves = comparables.learning_curves(compared.trained)
    if curves.empty:
        st.info("No epochs were recorded.")
        return
    quantity, names = _draw_choice(curves, compared)
    shown = curves[curves["name"].isin(names)]
    figure_card.draw(
        learning_curves(curves=shown, quantity=quantity, dark=is_dark()),
        title=f"{quantity_name(quantity)} during training",
        name="ablation-curves",
        data=shown[shown["quantity"] == quantity],
        recipe=compared.recipe("learning_curves", quantity=quantity, names=names),
        caption="Mean over seeds, as long as all of them train; the band spans the seeds.",
    )


def quantity_name(quantity: str) -> str:
    """Name a loss or a validation metric."""
    if "@" in quantity:
        return f"Validation {metric_name(quantity)}"
    return f"Loss {quantity.replace('_', ' ')}"


def _draw_choice(curves: pd.DataFrame, compared: Comparison) -> tuple[str, list[str]]:
    valid = curves.loc[curves["group"] == "valid", "quantity"].unique().tolist()
    losses = curves.loc[curves["group"] == "loss", "quantity"].unique().tolist()
    names = curves["name"].unique().tolist()
    kept = [name for name in st.session_state.get(Widget.CURVES, []) if name in names]
    st.session_state[Widget.CURVES] = kept or _first(names, compared)
    with st.container(horizontal=True):
        quantity = st.selectbox(
            "Quantity", [*valid, *losses], format_func=quantity_name, key=Widget.QUANTITY,
            index=valid.index("ndcg@10") if "ndcg@10" in valid else 0, persist_state="session",
            width=280,
        )  # fmt: skip
        chosen = st.multiselect(
            "Variants", names, key=Widget.CURVES, max_selections=10, persist_state="session"
        )
    return str(quantity), list(chosen)


def _first(names: list[str], compared: Comparison) -> list[str]:
    """Give the reference, and the variants that are the furthest from it."""
    paired = compared.differences
    far = [] if paired.empty else paired.sort_values("difference", key=abs)["name"].tolist()[::-1]
    return [name for name in (compared.reference, *far) if name in names][:SHOWN_CURVES]
