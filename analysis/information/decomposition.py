"""Split what two sources tell about a target into unique, redundant and synergistic bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.information.broja import solve
from analysis.information.certificate import Array, CertifiedUnion, safe_log
from analysis.information.table import checked_probabilities, merge_rare_states
from prism_core.errors import DataError

if TYPE_CHECKING:
    import dit

ATOMS: Final = ("unique_first", "unique_second", "synergy", "redundancy")
"""The four atoms, in the order of `prism_core.names.PARTS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """Atoms of one table, in bits, with their proof.

    Attributes
    ----------
    probabilities
        ``(k1, k2, Y)`` the table.
    unique_first, unique_second, synergy, redundancy
        Atoms after Bertschinger et al. 2014 (doi:10.3390/e16042161). They sum to
        `information_joint`; none is below ``-gap``.
    information_first, information_second, information_joint
        Mutual information of each source, and of both together, with the target.
    gap, residual, method, iterations
        The certificate: each atom is within ``gap`` bits of the exact one.
    union
        Certified union information with its dual functions.
    """

    probabilities: Array
    unique_first: float
    unique_second: float
    synergy: float
    redundancy: float
    information_first: float
    information_second: float
    information_joint: float
    gap: float
    residual: float
    method: str
    iterations: int
    union: CertifiedUnion

    @property
    def atoms(self) -> dict[str, float]:
        """The four atoms by name."""
        return {name: getattr(self, name) for name in ATOMS}

    @property
    def co_information(self) -> float:
        """Redundancy less synergy, in bits: the one number all definitions agree on."""
        return self.redundancy - self.synergy

    def distribution(self) -> dit.Distribution:
        """The table as a `dit.Distribution` with string outcomes."""
        return to_dit(self.probabilities)


def decompose(distribution: Any) -> Decomposition:
    """Decompose the information of two sources about a target.

    Parameters
    ----------
    distribution
        Probabilities ``(k1, k2, Y)``, or a `dit.Distribution` over three variables: first
        source, second source, target.

    Raises
    ------
    DataError
        When the input is not a distribution over three variables.
    CertificateError
        When no solver could prove its answer.

    Examples
    --------
    >>> import numpy as np
    >>> xor = np.zeros((2, 2, 2))
    >>> xor[[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]] = 0.25
    >>> round(decompose(xor).synergy, 6)
    1.0
    """
    array = from_dit(distribution) if _is_from_dit(distribution) else distribution
    table = merge_rare_states(checked_probabilities(array))
    union = solve(table.sum(1), table.sum(0))
    joint = mutual_information(table.reshape(-1, table.shape[2]))
    return Decomposition(
        probabilities=table,
        unique_first=union.unique_first,
        unique_second=union.unique_second,
        synergy=joint - union.union,
        redundancy=union.redundancy,
        information_first=union.information_first,
        information_second=union.information_second,
        information_joint=joint,
        gap=union.gap,
        residual=union.residual,
        method=union.method,
        iterations=union.iterations,
        union=union,
    )


def _is_from_dit(distribution: Any) -> bool:
    needed = ("copy", "outcomes", "pmf")
    return not isinstance(distribution, type) and all(hasattr(distribution, n) for n in needed)


def mutual_information(table: Array) -> float:
    """Mutual information in bits of the two axes of a probability table ``(k, Y)``."""
    product = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    return float((table * (safe_log(table) - safe_log(product))).sum()) / float(np.log(2.0))


def entropy(probabilities: Array) -> float:
    """Shannon entropy in bits."""
    return -float((probabilities * safe_log(probabilities)).sum()) / float(np.log(2.0))


def from_dit(distribution: Any) -> Array:
    """Turn a `dit.Distribution` over three variables into probabilities ``(k1, k2, Y)``.

    States are sorted by their text.
    """
    plain = distribution.copy(base="linear")
    outcomes = [tuple(one) if isinstance(one, Sequence) else (one,) for one in plain.outcomes]
    if not outcomes or any(len(outcome) != 3 for outcome in outcomes):
        raise DataError(
            "The distribution needs exactly three variables: first source, second source, target."
        )
    states = [sorted(set(column), key=str) for column in zip(*outcomes, strict=True)]
    table = np.zeros(tuple(len(column) for column in states))
    for outcome, mass in zip(outcomes, plain.pmf, strict=True):
        cell = tuple(column.index(value) for column, value in zip(states, outcome, strict=True))
        table[cell] += mass
    return table


def to_dit(probabilities: Array) -> dit.Distribution:
    """Turn probabilities of any number of axes into a `dit.Distribution`.

    Outcomes are strings with one character for each variable: some of dit's measures silently
    return zeros for tuples of integers.
    """
    import dit

    cells = np.argwhere(probabilities > 0)
    outcomes = ["".join(_symbol(int(state)) for state in cell) for cell in cells]
    return dit.Distribution(outcomes, probabilities[tuple(cells.T)])


def _symbol(state: int) -> str:
    """One printable character for a state: digits, letters, then the CJK block."""
    plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return plain[state] if state < len(plain) else chr(0x4E00 + state)
