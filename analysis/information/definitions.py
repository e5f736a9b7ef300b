"""Does the definition matter? dit's other decompositions of the same table beside ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from analysis.information.bounded import LIMIT, Bounded, TimeLimitError
from analysis.information.decomposition import ATOMS, decompose, to_dit
from analysis.information.table import FloatArray
from prism_core.errors import DataError

MAX_CELLS: Final = 600
"""Above this many cells some of dit's measures take more than ten seconds."""

UNSOLVED: Final = "dit found no answer for this table."

NODES: Final = {
    "unique_first": ((0,),),
    "unique_second": ((1,),),
    "synergy": ((0, 1),),
    "redundancy": ((0,), (1,)),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One way to say what "the same information" means.

    Attributes
    ----------
    name, dit_class
        Short name and the class in `dit.pid`; empty for the project's own solver.
    meaning
        One sentence for a reader.
    """

    name: str
    dit_class: str
    meaning: str


DEFINITIONS: Final = (
    Definition("BROJA", "", "Unique is what no rewiring of the pairs can explain; used here."),
    Definition(
        "WB",
        "PID_WB",
        "I_min: redundant is the smaller amount each source tells about each outcome, whether it "
        "is the same or not.",
    ),
    Definition(
        "MMI", "PID_MMI", "The weaker source is counted as wholly redundant; synergy is the rest."
    ),
    Definition(
        "CCS",
        "PID_CCS",
        "Redundant is where both sources change a surprise in the same direction; may be negative.",
    ),
    Definition(
        "dep", "PID_dep", "Unique is what a source's link to the target adds to a model without it."
    ),
    Definition(
        "Proj", "PID_Proj", "Redundant is what one source tells when seen through the other."
    ),
    Definition(
        "RR",
        "PID_RR",
        "Redundant lies between the least possible and MMI's, the higher the more the sources "
        "depend on each other.",
    ),
    Definition(
        "RDR",
        "PID_RDR",
        "Redundant compares the beliefs that outcomes lead to; defined for any number of sources.",
    ),
)


def compare_definitions(
    table: FloatArray,
    *,
    names: Iterable[str] | None = None,
    limit: float = LIMIT,
    on_step: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Decompose one table by several definitions; dit's run in a process of their own.

    Parameters
    ----------
    table
        ``(k1, k2, Y)`` probabilities.
    names
        Which of `DEFINITIONS`; all by default.
    limit
        Seconds each of dit's measures may take.
    on_step
        Called with (done, of).

    Returns
    -------
    frame
        Columns definition, atom, value (bits), meaning; the values are NaN, and the meaning says
        so, where dit's optimiser gives up on the table or takes too long.

    Raises
    ------
    DataError
        When the table has more than `MAX_CELLS` cells.
    """
    if table.size > MAX_CELLS:
        raise DataError(
            f"The table has {table.size:,} cells; definitions are compared up to {MAX_CELLS:,}. "
            "Use fewer bins."
        )
    chosen = [one for one in DEFINITIONS if names is None or one.name in set(names)]
    rows = []
    with Bounded(limit) as process:
        for number, one in enumerate(chosen, start=1):
            atoms, problem = _solved(one, table, process)
            meaning = f"{one.meaning} {problem}".rstrip()
            rows += [(one.name, atom, atoms[atom], meaning) for atom in ATOMS]
            if on_step:
                on_step(number, len(chosen))
    return pd.DataFrame(rows, columns=["definition", "atom", "value", "meaning"])


def around(panel: pd.DataFrame, atoms: Mapping[str, float]) -> pd.DataFrame:
    """Move every definition's atoms to where BROJA's are better known.

    All definitions agree on what each source and both together tell, so they differ in one number,
    the redundancy. That difference to BROJA is kept; it is added to redundancy and synergy and
    taken off the unique parts.

    Parameters
    ----------
    panel
        As `compare_definitions`, with BROJA among the definitions.
    atoms
        BROJA's atoms in bits by name, e.g. corrected for the bias of small samples.
    """
    redundancy = panel[panel["atom"] == "redundancy"].set_index("definition")["value"]
    shift = panel["definition"].map(redundancy - redundancy["BROJA"])
    sign = panel["atom"].isin(("synergy", "redundancy")).map({True: 1.0, False: -1.0})
    return panel.assign(value=panel["atom"].map(dict(atoms)) + sign * shift)


def _solved(
    definition: Definition, table: FloatArray, process: Bounded
) -> tuple[dict[str, float], str]:
    """Atoms of a table, NaN where there are none, and then why."""
    if not definition.dit_class:
        return decompose(table).atoms, ""
    try:
        atoms = process.call(dit_atoms, definition.dit_class, table)
    except TimeLimitError as error:
        return dict.fromkeys(ATOMS, math.nan), str(error)
    return atoms, UNSOLVED if any(math.isnan(value) for value in atoms.values()) else ""


def dit_atoms(dit_class: str, table: FloatArray) -> dict[str, float]:
    """Atoms of a table ``(k1, k2, Y)`` by a measure of `dit.pid`; NaN where it gives up."""
    import dit.pid
    from dit.exceptions import ditException

    measure: Any = getattr(dit.pid, dit_class)
    try:
        lattice = measure(to_dit(table), [[0], [1]], [2])
    except ditException:
        return dict.fromkeys(NODES, math.nan)
    return {name: float(lattice[node]) for name, node in NODES.items()}
