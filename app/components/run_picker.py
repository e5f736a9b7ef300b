"""The sidebar's choice of run and slice: usable runs to choose from, the others with the reason."""

from pathlib import Path

import streamlit as st

from app import loaders
from app.components import slice_picker
from app.components.text import markdown
from app.state import PICTURES, Widget, select, selection, settle
from prism_core.errors import DataError, NotFittedError, PrismError
from prism_core.names import TIERS
from prism_core.store.reader import Run, RunEntry


def chosen_run() -> Run:
    """Open the selected run, or the first one with parts where none is selected.

    Raises
    ------
    NotFittedError
        There is no run that can be opened.
    """
    usable = [entry for entry in loaders.run_entries() if entry.status == "complete"]
    if not usable:
        raise NotFittedError(
            "There is no finished run to show yet. Start one on the page Train, or point "
            f"${loaders.RUNS_VARIABLE} to a folder of runs."
        )
    wanted = selection().run
    chosen = next((entry for entry in usable if entry.run_id == wanted), None)
    return loaders.open_run(chosen or _default(usable))


def draw() -> None:
    """Draw the picker, the list of runs that cannot be opened, and the pictures setting."""
    entries = loaders.run_entries()
    usable = {entry.run_id: entry for entry in entries if entry.status == "complete"}
    if usable:
        _draw_choice(usable, entries)
    else:
        st.caption("No finished runs yet.")
    _draw_unusable([entry for entry in entries if entry.status != "complete"])
    _draw_pictures()


def _draw_choice(usable: dict[str, RunEntry], entries: list[RunEntry]) -> None:
    wanted, current = selection().run, chosen_run().run_id
    if wanted is not None and wanted != current:
        st.warning(f"Run {markdown(wanted)} {_absence(wanted, entries)}. Another one is shown.")
    settle(run=current)
    folded = _folded(list(usable.values()))
    labels = _labels(folded)
    shown = next(first for first, runs in folded.items() if usable[current] in runs)
    st.session_state[Widget.RUN] = shown
    st.selectbox(
        "Run",
        list(folded),
        format_func=lambda run_id: labels.get(run_id, run_id),
        key=Widget.RUN,
        on_change=_on_change,
        help="A run is one trained model, or a simple baseline (floor), with all its results. "
        "Type to search.",
    )
    _draw_seeds(folded[shown], current)
    slice_picker.draw(chosen_run())


def _draw_seeds(runs: list[RunEntry], current: str) -> None:
    """Draw the choice among runs that differ only in their seed."""
    if len(runs) == 1:
        return
    seeds = {entry.seed: entry.run_id for entry in runs}
    st.session_state[Widget.SEED] = next(s for s, run_id in seeds.items() if run_id == current)
    st.segmented_control(
        "Seed", list(seeds), key=Widget.SEED, required=True,
        on_change=lambda: select(run=seeds[st.session_state[Widget.SEED]]),
    )  # fmt: skip


def _folded(entries: list[RunEntry]) -> dict[str, list[RunEntry]]:
    """Fold seeds: by the run of a variant of which most was kept, all runs of that variant."""
    variants: dict[tuple[object, ...], list[RunEntry]] = {}
    for entry in entries:
        key: tuple[object, ...] = (entry.kind, entry.name, entry.recipe)
        if any(entry.seed == other.seed for other in variants.get(key, [])):
            key = (entry.run_id,)
        variants.setdefault(key, []).append(entry)
    folded = {}
    for runs in variants.values():
        first = min(runs, key=lambda entry: TIERS.index(entry.tier))
        folded[first.run_id] = runs
    return folded


def _default(usable: list[RunEntry]) -> RunEntry:
    """Give the run with parts of which most was kept; the first one of all without any."""
    for entry in sorted(usable, key=lambda entry: TIERS.index(entry.tier)):
        try:
            if loaders.open_run(entry).parts:
                return entry
        except PrismError:
            continue
    return usable[0]


def _absence(run_id: str, entries: list[RunEntry]) -> str:
    entry = next((entry for entry in entries if entry.run_id == run_id), None)
    return f"cannot be opened ({entry.status})" if entry else "is not here"


def _labels(folded: dict[str, list[RunEntry]]) -> dict[str, str]:
    labels = {}
    for run_id, runs in folded.items():
        seeds = f"seed {runs[0].seed}" if len(runs) == 1 else f"{len(runs)} seeds"
        labels[run_id] = f"{runs[0].name} · {'floor' if runs[0].kind == 'floor' else seeds}"
    shared = {label for label in labels.values() if list(labels.values()).count(label) > 1}
    return {i: f"{label} · {i}" if label in shared else label for i, label in labels.items()}


def _on_change() -> None:
    select(run=st.session_state[Widget.RUN])


def _draw_unusable(entries: list[RunEntry]) -> None:
    if not entries:
        return
    title = "1 run cannot be opened" if len(entries) == 1 else f"{len(entries)} cannot be opened"
    with st.expander(title, icon=":material/warning:"):
        for entry in entries:
            st.caption(f"**{markdown(entry.run_id)}** – {entry.status}: {markdown(entry.reason)}")


def _draw_pictures() -> None:
    with st.expander("Pictures", icon=":material/image:"):
        given = st.text_input(
            "Folder or zip",
            value=st.session_state.get(PICTURES, ""),
            key=Widget.PICTURES,
            placeholder="none: title cards are drawn",
            help="Files named <item id>.jpg, .png or .webp. They stay where they are.",
        )
        st.session_state[PICTURES] = given.strip()
        if given.strip():
            _report_pictures(given.strip())


def _report_pictures(path: str) -> None:
    try:
        count = len(loaders.pictures(path))
    except DataError as error:
        st.error(markdown(error))
        return
    st.caption(f"{count:,} pictures found in {markdown(Path(path).name)}.")
