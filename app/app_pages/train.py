"""Train: choose a preset and options, train in the background, watch it, open the result."""

import streamlit as st

from app import jobs, loaders
from app.components import training_form, training_watch
from app.components.text import markdown
from app.components.training_form import Order
from app.state import JOB, select
from prism_core.errors import PrismError


def page() -> None:
    """Draw the page."""
    st.title("Train")
    st.markdown(
        "A training runs in a process of its own: this page can be left and found again. "
        f"Runs are written to `{loaders.own_runs()}`."
    )
    order = training_form.draw()
    if order is not None:
        start(order)
    job = jobs.jobs().get(st.session_state.get(JOB, "")) or jobs.latest()
    if job is not None:
        training_watch.draw(job)


def start(order: Order) -> None:
    """Start the ordered training, or say why not."""
    try:
        run_id = order.config().run_id
        folder = loaders.own_runs() / run_id
        if training_form.is_complete(folder):
            st.info("This run exists already: same options, same seed. Change one, or open it.")
            st.button("Open it", on_click=lambda: select(run=run_id))
            return
        jobs.start(
            run_id, order.arguments(loaders.own_runs()), runs=loaders.own_runs(), folder=folder
        )
    except PrismError as error:
        st.error(markdown(error))
        return
    st.session_state[JOB] = run_id


page()
