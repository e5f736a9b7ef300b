"""Does the definition matter? dit's other decompositions of the same table beside ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from analysis.information.decomposition import ATOMS, decompose, mutual_information, to_dit
from analysis.information.table import FloatArray
from prism_core.errors import DataError

MAX_CELLS: Final = 600
"""Above this many cells some of dit's measures take more than ten seconds."""

UNSOLVED: Final = " dit found no answer for this table."

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
        "I_min",
        "PID_WB",
        "Redundant is the smaller amount each source tells about each outcome, the same or not.",
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
    Definition("RR", "PID_RR", "Redundant is scaled by how strongly the sources depend."),
    Definition(
        "RDR",
        "PID_RDR",
        "Redundant compares the beliefs that outcomes lead to; defined for any number of sources.",
    ),
)


def compare_definitions(
    table: FloatArray,
    *,
    information_joint: float | None = None,
    names: Iterable[str] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Decompose one table by several definitions.

    Parameters
    ----------
    table
        ``(k1, k2, Y)`` probabilities.
    information_joint
        Bits both sources tell together when that is known better than from the table, e.g. from
        a joint probe; the difference is synergy under every definition.
    names
        Which of `DEFINITIONS`; all by default.
    on_step
        Called with (done, of).

    Returns
    -------
    frame
        Columns definition, atom, value (bits), meaning; the values are NaN, and the meaning says
        so, where dit's optimiser gives up on the table.

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
    known = mutual_information(table.reshape(-1, table.shape[2]))
    extra = 0.0 if information_joint is None else information_joint - known
    rows = []
    for number, one in enumerate(chosen, start=1):
        atoms = _atoms(one, table)
        atoms["synergy"] += extra
        failed = any(math.isnan(value) for value in atoms.values())
        meaning = one.meaning + (UNSOLVED if failed else "")
        rows += [(one.name, atom, atoms[atom], meaning) for atom in ATOMS]
        if on_step:
            on_step(number, len(chosen))
    return pd.DataFrame(rows, columns=["definition", "atom", "value", "meaning"])


def _atoms(definition: Definition, table: FloatArray) -> dict[str, float]:
    if not definition.dit_class:
        return decompose(table).atoms
    import dit.pid
    from dit.exceptions import ditException

    measure: Any = getattr(dit.pid, definition.dit_class)
    try:
        lattice = measure(to_dit(table), [[0], [1]], [2])
    except ditException:
        return dict.fromkeys(NODES, math.nan)
    return {name: float(lattice[node]) for name, node in NODES.items()}
