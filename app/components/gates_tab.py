"""Tab Gates: distributions whose answer is known, and worlds with planted information."""

import numpy as np
import pandas as pd
import streamlit as st

from analysis.information.decomposition import ATOMS
from analysis.information.worlds import WORLDS
from analysis.plots.known import gates_figure, recovery_figure
from analysis.recipes import Recipe
from app import truth
from app.components import figure_card, table_card
from app.components.text import markdown
from app.state import Widget, is_dark
from prism_core.store.reader import Run

DIGITS = 9
"""Decimals kept of a computed atom: beyond them a zero has a sign."""

ATOM_NAMES = {
    "unique_first": "Unique first",
    "unique_second": "Unique second",
    "synergy": "Synergy",
    "redundancy": "Redundancy",
}
EXPLANATION = """
Two tests of the numbers in the other tab. **Gates** are small distributions whose atoms are known
in closed form or proven: the solver decomposes them now, and proves each answer with a certificate
gap, the most it can be wrong. **Worlds** are made up: their information is planted, hidden in
noisy vectors, and has to be recovered from a limited number of events, as with real data.
"""
WORLDS_MISSING = (
    "The worlds have not been estimated here. `python -m analysis worlds` does it, in some minutes."
)


def draw(run: Run) -> None:
    """Draw the tab; figures on the board are kept with the run, though none of its data is used."""
    st.markdown(EXPLANATION)
    frame = truth.gates()
    _draw_summary(frame)
    _draw_all(run, frame)
    _draw_one(run, frame)
    _draw_worlds(run)


def _draw_summary(frame: pd.DataFrame) -> None:
    with st.grid(3, min_column_width=180):
        st.metric("Gates decomposed", frame["gate"].nunique(), border=True)
        st.metric(
            "Largest error", f"{frame['error'].abs().max():.1e} bit", border=True,
            help="Between a computed and a known atom, over all gates.",
        )  # fmt: skip
        st.metric(
            "Largest certificate gap", f"{frame['gap'].max():.1e} bit", border=True,
            help="The solver proves that no atom is further than this from the exact one.",
        )  # fmt: skip


def _draw_all(run: Run, frame: pd.DataFrame) -> None:
    figure_card.draw(
        gates_figure(gates=frame, dark=is_dark()),
        title="All gates: computed atoms as bars, known ones as ticks",
        name="gates-all",
        data=frame,
        recipe=Recipe(figure="gates", runs=(run.run_id,)),
        caption="First and second are the two sources, as image and text are for the data. Ticks: "
        "where the known atoms end; they lie on the ends of the bars if the solver is right.",
    )
    wide = frame.pivot(index="gate", columns="atom", values="computed")[list(ATOMS)]
    wide = wide.round(DIGITS) + 0.0
    by_gate = frame.groupby("gate", sort=False)
    table = by_gate[["meaning", "gap"]].first().join(wide)
    table["error"] = by_gate["error"].agg(lambda values: values.abs().max())
    bits = st.column_config.NumberColumn(format="%.6f")
    tiny = st.column_config.NumberColumn(format="%.1e")
    names = ATOM_NAMES | {"meaning": "Meaning", "gap": "Certificate gap", "error": "Largest error"}
    columns = ["meaning", *ATOMS, "error", "gap"]
    with st.expander("All gates as a table, in bits"):
        table_card.draw(
            table[columns].rename(columns=names).rename_axis("Gate").reset_index(),
            title="Gates: computed atoms in bits",
            name="gates-table",
            columns=dict.fromkeys(ATOM_NAMES.values(), bits)
            | {"Certificate gap": tiny, "Largest error": tiny},
        )


def _draw_one(run: Run, frame: pd.DataFrame) -> None:
    st.subheader("One gate")
    name = st.selectbox(
        "Gate", frame["gate"].unique().tolist(), key=Widget.GATE, persist_state="session"
    )
    rows = frame[frame["gate"] == name]
    st.markdown(markdown(rows["meaning"].iloc[0]))
    with st.grid(2, min_column_width=360):
        figure_card.draw(
            gates_figure(gates=rows, dark=is_dark()),
            title=f"{markdown(name)}: computed, and known as ticks",
            name="gates-one",
            data=rows,
            recipe=Recipe(figure="gates", runs=(run.run_id,), options={"gate": str(name)}),
            caption=f"Solver: {markdown(rows['method'].iloc[0])}. "
            f"Certificate gap: {rows['gap'].iloc[0]:.1e} bit.",
        )
        with st.container():
            _draw_atoms(rows)
            table_card.draw(
                truth.distribution(str(name)),
                title=f"Gate {name}: distribution",
                name="gate-distribution",
            )


def _draw_atoms(rows: pd.DataFrame) -> None:
    table = pd.DataFrame(
        {
            "Atom": rows["atom"].map(ATOM_NAMES),
            "Computed": rows["computed"].round(DIGITS) + 0.0,
            "Known": rows["known"],
            "Error": rows["error"],
        }
    )
    bits = st.column_config.NumberColumn(format="%.9f")
    error = st.column_config.NumberColumn(format="%.1e")
    table_card.draw(
        table,
        title=f"Gate {rows['gate'].iloc[0]}: atoms in bits",
        name="gate-atoms",
        columns={"Computed": bits, "Known": bits, "Error": error},
    )


def _draw_worlds(run: Run) -> None:
    st.subheader("Worlds: recovered against planted")
    frame = truth.worlds()
    if frame is None:
        st.info(WORLDS_MISSING)
        return
    st.caption("Solid: recovered, with 95 % intervals. Dashed: planted.")
    meanings = {world.name: world.meaning for world in WORLDS}
    with st.grid(2, min_column_width=400):
        for name, rows in frame.groupby("world", sort=False):
            figure_card.draw(
                recovery_figure(recovered=rows, dark=is_dark()),
                title=f"World: {markdown(name)}",
                name=f"world-{name}",
                data=rows,
                recipe=Recipe(figure="worlds", runs=(run.run_id,), options={"world": str(name)}),
                caption=markdown(meanings.get(str(name), "")) + _kept(rows),
            )
    with st.expander("All worlds as a table, in bits"):
        _draw_world_table(frame)


def _kept(rows: pd.DataFrame) -> str:
    """Say what stands beside every estimate, from the fewest events to the most."""
    if "retention_joint" not in rows:
        return ""
    each = rows.drop_duplicates("samples").sort_values("samples")
    cells = ", ".join(f"{value:,.0f}" for value in each["samples_per_cell"])
    shares = ", ".join(
        "n/a" if np.isnan(value) else f"{value:.0%}" for value in each["retention_joint"]
    )
    return f" Samples per cell: {cells}. Retention: {shares}."


def _draw_world_table(frame: pd.DataFrame) -> None:
    shown = {"value": "Recovered", "planted": "Planted", "low": "Low", "high": "High"}
    table = frame.assign(atom=frame["atom"].map(ATOM_NAMES)).rename(
        columns={"world": "World", "samples": "Events", "atom": "Atom", **shown}
    )
    bits = st.column_config.NumberColumn(format="%.3f")
    table_card.draw(
        table[["World", "Events", "Atom", *shown.values()]],
        title="Worlds: recovered and planted information in bits",
        name="worlds-table",
        columns=dict.fromkeys(shown.values(), bits),
    )
