"""Two worlds without the thing looked for: no information at all, and no synergy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.information.coding import Coded
from analysis.information.resampling import atoms_of_targets, joint_information
from analysis.information.table import FloatArray, IntArray

Step = Callable[[int, int], None]


def target_null(coded: Coded, permutations: int, seed: int, step: Step) -> FloatArray:
    """Atoms when the targets say nothing: ``(permutations, 5)`` plug-in bits.

    Users exchange their targets as a whole, so a user's runs of similar targets stay together and
    the null is as wide as the data's own dependence.
    """
    rng = np.random.default_rng(seed)
    found = []
    chunk = 20
    for start in range(0, permutations, chunk):
        count = min(chunk, permutations - start)
        targets = [permute_by_user(coded.target, coded.groups, rng) for _ in range(count)]
        found.append(atoms_of_targets(coded, targets))
        step(start + count, permutations)
    return np.concatenate(found)


def synergy_null(coded: Coded, permutations: int, seed: int, step: Step) -> FloatArray:
    """Joint information when the sources meet only through the target: ``(permutations,)`` bits.

    The second source's rows are permuted within each target class (and fold). Both pairwise
    tables, hence redundancy and both unique atoms, stay exactly as they are.
    """
    rng = np.random.default_rng(seed)
    strata = coded.folds * coded.sizes[3] + coded.target
    every = np.arange(len(coded.target))
    found = np.empty(permutations)
    for number in range(permutations):
        joint, likelihood = coded.rejoin(permute_within(strata, rng))
        found[number] = _information(coded, joint, likelihood, every)
        step(number + 1, permutations)
    return found


def _information(
    coded: Coded, joint: IntArray, likelihood: FloatArray | None, rows: IntArray
) -> float:
    return joint_information(replace(coded, joint=joint, log_likelihood=likelihood), rows)


def permute_by_user(target: IntArray, groups: NDArray, rng: np.random.Generator) -> IntArray:
    """Give every user the targets of another, in their order.

    They start at a random one and begin again where the giver has fewer. Handed out without regard
    to where users end, a user's run would be divided between several, and alike events would pass
    for independent ones.
    """
    index = np.unique(groups, return_inverse=True)[1]
    order, sizes = np.argsort(index, kind="stable"), np.bincount(index)
    starts, givers = np.cumsum(sizes) - sizes, rng.permutation(len(sizes))
    offsets = rng.integers(0, sizes[givers])
    place = np.arange(len(target)) + np.repeat(offsets - starts, sizes)
    giver = np.repeat(givers, sizes)
    permuted = np.empty_like(target)
    permuted[order] = target[order][starts[giver] + place % sizes[giver]]
    return permuted


def permute_within(strata: IntArray, rng: np.random.Generator) -> IntArray:
    """Row indices permuted within each stratum, ``(n,)``."""
    receivers = np.argsort(strata, kind="stable")
    givers = np.lexsort((rng.random(len(strata)), strata))
    rows = np.empty(len(strata), dtype=np.int64)
    rows[receivers] = givers
    return rows


def p_value(observed: float, null: FloatArray) -> float:
    """Share of null values at least as large, counting the observed one (Phipson, Smyth 2010)."""
    return float((1 + np.sum(null >= observed)) / (1 + len(null)))
