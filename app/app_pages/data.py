"""Data: what is in a prepared data set, and preparing another one."""

import streamlit as st

from app import loaders, preparations
from app.components import dataset_report, preparation_form, preparation_watch
from app.components.text import markdown
from app.state import Widget, selection
from prism_core.errors import PrismError
from prism_core.store.datasets import Dataset


def page() -> None:
    """Draw the page."""
    st.title("Data")
    with st.expander("Prepare your own data", icon=":material/add:", expanded=_is_expanded()):
        draw_preparation()
    job = preparations.running_or_last()
    if job is not None:
        preparation_watch.draw(job)
    datasets = loaders.datasets()
    if datasets:
        dataset_report.draw(draw_choice(datasets))
    else:
        st.info("There is no prepared data set here yet.")


def draw_preparation() -> None:
    """Draw the form and start what is sent."""
    st.markdown(f"The new data set is written to `{loaders.own_data()}`.")
    draft = preparation_form.draw()
    if draft is None:
        return
    try:
        preparations.start(draft)
    except PrismError as error:
        st.error(markdown(error))


def draw_choice(datasets: dict[str, Dataset]) -> Dataset:
    """Draw the choice of a data set; first the one of the chosen run."""
    paths = list(datasets)
    if st.session_state.get(Widget.DATASET) not in paths:
        st.session_state[Widget.DATASET] = _of_run(datasets) or paths[0]
    chosen = st.selectbox(
        "Data set",
        paths,
        format_func=lambda path: f"{datasets[path].description.get('title', path)} · {path}",
        key=Widget.DATASET,
        persist_state="session",
    )
    return datasets[str(chosen)]


def _of_run(datasets: dict[str, Dataset]) -> str | None:
    entries = {e.run_id: e for e in loaders.run_entries() if e.status == "complete"}
    entry = entries.get(selection().run or "")
    if entry is None:
        return None
    wanted = loaders.find_dataset(loaders.open_run(entry))
    return next((path for path, dataset in datasets.items() if dataset is wanted), None)


def _is_expanded() -> bool:
    return not loaders.datasets()


page()
