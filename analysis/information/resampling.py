"""Atoms of many versions of the same events: subsets of users, permuted targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.information.broja import solve_batch
from analysis.information.certificate import CertifiedUnion
from analysis.information.coding import Coded
from analysis.information.decomposition import entropy, mutual_information
from analysis.information.table import FloatArray, IntArray, count_pairs

TOTAL = "information_joint"
QUANTITIES = ("unique_first", "unique_second", "synergy", "redundancy", TOTAL)
"""Columns of every array of atoms here: the four atoms, then their sum."""


def atoms_of_subsets(coded: Coded, subsets: Sequence[IntArray]) -> FloatArray:
    """Plug-in atoms of some subsets of the events, ``(B, 5)`` bits in order `QUANTITIES`."""
    unions = solve_unions(coded, [(rows, coded.target[rows]) for rows in subsets])
    totals = [joint_information(coded, rows) for rows in subsets]
    return np.array([_row(u, total) for u, total in zip(unions, totals, strict=True)])


def atoms_of_targets(coded: Coded, targets: Sequence[IntArray]) -> FloatArray:
    """Plug-in atoms of all events with other targets ``(n,)``, ``(B, 5)`` bits.

    The total is always counted from the joint codes: a fixed probe's likelihood of a wrong
    target is no estimate of information.
    """
    every = np.arange(len(coded.target))
    unions = solve_unions(coded, [(every, target) for target in targets])
    totals = [_coded_information(coded.joint, target, coded.sizes) for target in targets]
    return np.array([_row(u, total) for u, total in zip(unions, totals, strict=True)])


def solve_unions(
    coded: Coded, versions: Sequence[tuple[IntArray, IntArray]]
) -> list[CertifiedUnion]:
    """Certified unions of versions, each a pair of event indices and their targets."""
    num_targets = coded.sizes[3]
    tables = []
    for codes, size in ((coded.first, coded.sizes[0]), (coded.second, coded.sizes[1])):
        counts = [count_pairs(codes[rows], y, (size, num_targets)) for rows, y in versions]
        tables.append(np.stack([table / table.sum() for table in counts]))
    return solve_batch(*tables)


def joint_information(coded: Coded, rows: IntArray) -> float:
    """Information of both sources together about the target, in bits, uncorrected."""
    if coded.log_likelihood is None:
        return _coded_information(coded.joint[rows], coded.target[rows], coded.sizes)
    target = np.bincount(coded.target[rows], minlength=coded.sizes[3]) / len(rows)
    return entropy(target) + float(coded.log_likelihood[rows].mean())


def _coded_information(
    joint: IntArray, target: IntArray, sizes: tuple[int, int, int, int]
) -> float:
    return mutual_information(count_pairs(joint, target, (sizes[2], sizes[3])) / len(target))


def _row(union: CertifiedUnion, total: float) -> tuple[float, ...]:
    atoms = union.unique_first, union.unique_second, total - union.union, union.redundancy
    return (*atoms, total)
