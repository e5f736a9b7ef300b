"""Atoms of single events, to be averaged over users: their spread is the standard error.

``u(x1, x2, y) = l(x1, y) + m(x2, y) - log p(y)`` from the optimal dual averages to the union
information exactly, because ``l`` and ``m`` meet pairwise marginals only. Local atoms may be
negative (a source can mislead about one event); they are meant for groups, not for one user.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.information.certificate import CertifiedUnion
from analysis.information.coding import Coded
from analysis.information.decomposition import ATOMS
from analysis.information.resampling import QUANTITIES
from analysis.information.table import FloatArray, IntArray, count_pairs

MIN_GROUP: Final = 200
"""Fewest events of a group for which local atoms are averaged."""


@dataclass(frozen=True, slots=True)
class LocalAtoms:
    """Local atoms ``(n, 5)`` in bits, columns as `resampling.QUANTITIES`, and their users."""

    values: FloatArray
    groups: NDArray[Any]

    def standard_errors(self) -> FloatArray:
        """Standard errors ``(5,)`` of the dataset's atoms, clustered by user."""
        return clustered_error(self.values, self.groups)


def local_atoms(coded: Coded, union: CertifiedUnion) -> LocalAtoms:
    """Split the atoms of coded events over the events; each column's mean is its atom."""
    target = np.bincount(coded.target, minlength=coded.sizes[3]) / len(coded.target)
    surprise = -np.log2(target[coded.target])
    first = _local_information(coded.first, coded.target, (coded.sizes[0], coded.sizes[3]))
    second = _local_information(coded.second, coded.target, (coded.sizes[1], coded.sizes[3]))
    dual = (
        union.dual_first[coded.first, coded.target] + union.dual_second[coded.second, coded.target]
    )
    together = dual + surprise
    if coded.log_likelihood is None:
        joint = _local_information(coded.joint, coded.target, (coded.sizes[2], coded.sizes[3]))
    else:
        joint = coded.log_likelihood + surprise
    columns = together - second, together - first, joint - together, first + second - together
    return LocalAtoms(np.stack([*columns, joint], axis=1), coded.groups)


def _local_information(codes: IntArray, target: IntArray, shape: tuple[int, int]) -> FloatArray:
    table = count_pairs(codes, target, shape) / len(target)
    ratio = table[codes, target] / (table.sum(1)[codes] * table.sum(0)[target])
    return np.log2(ratio)


def clustered_error(values: FloatArray, groups: NDArray[Any]) -> FloatArray:
    """Standard error of the column means of ``(n, q)`` values whose rows depend within users."""
    names, index = np.unique(groups, return_inverse=True)
    deviations = values - values.mean(0)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, index, deviations)
    correction = len(names) / max(len(names) - 1, 1)
    return np.sqrt(correction * (sums**2).sum(0)) / len(values)


def group_atoms(
    local: LocalAtoms, labels: NDArray[Any], correction: FloatArray | None = None
) -> pd.DataFrame:
    """Mean local atoms of groups of events, with user-clustered errors.

    Parameters
    ----------
    local
        Local atoms of ``n`` events.
    labels
        ``(n,)`` group of each event, e.g. a history-length band.
    correction
        ``(5,)`` bits added to every group: the dataset's bias correction.

    Returns
    -------
    frame
        Columns group, events, users, atom, value, standard_error, low, high; groups with fewer
        than `MIN_GROUP` events are left out.
    """
    shift = np.zeros(len(QUANTITIES)) if correction is None else correction
    rows = []
    for label in pd.unique(pd.Series(labels)):
        chosen = labels == label
        if chosen.sum() >= MIN_GROUP:
            rows += _group_rows(str(label), local.values[chosen], local.groups[chosen], shift)
    columns = ["group", "events", "users", "atom", "value", "standard_error", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _group_rows(
    label: str, values: FloatArray, users: NDArray[Any], shift: FloatArray
) -> list[tuple]:
    means, errors = values.mean(0) + shift, clustered_error(values, users)
    count, num_users = len(values), len(np.unique(users))
    return [
        (label, count, num_users, atom, mean, error, mean - 1.96 * error, mean + 1.96 * error)
        for atom, mean, error in zip(ATOMS, means, errors, strict=False)
    ]
