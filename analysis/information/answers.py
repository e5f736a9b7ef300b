"""The answer to a question as rows of one table, one kind after another."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.information.decomposition import ATOMS, entropy
from analysis.information.definitions import around, compare_definitions
from analysis.information.estimate import estimate
from analysis.information.lattice import LatticeEstimate, estimate_lattice
from analysis.information.library import CANDIDATES, Material
from analysis.information.local import MIN_GROUP, group_atoms
from analysis.information.questions import Question, Settings
from analysis.information.result import Estimate
from analysis.timing import Progress
from analysis.unfinished import Unfinished
from prism_core.errors import DataError

KINDS: Final = (
    "estimate",
    "resolution",
    "samples",
    "group",
    "definition",
    "lattice",
    "refused",
)
"""Row kinds: the answer itself; its atoms at other resolutions and sample sizes; local atoms of
groups of events; other definitions; the atoms of three or four sources; why there are none."""

_ALWAYS: Final = ("kind", "atom", "value", "low", "high", "null_95")


def answer(
    material: Material,
    question: Question,
    settings: Settings,
    progress: Progress,
    definitions: bool,
    unfinished: Unfinished | None = None,
) -> pd.DataFrame:
    """Estimate one question and lay everything out as rows.

    Raises
    ------
    PrismError
        When the question has no answer that can be trusted; the text says why.
    """
    _require_group(material, question)
    if question.scope == "lattice":
        return _lattice_rows(material, settings, progress)
    first, second = material.sources.values()
    found = estimate(
        first,
        second,
        material.target,
        groups=material.users,
        coding=settings.coding or question.suggested_coding,
        permutations=settings.permutations,
        seed=settings.seed,
        on_step=progress.step,
        unfinished=unfinished,
    )
    frames = [
        found.frame().assign(kind="estimate"),
        _varied(found.resolutions, "bins", "resolution"),
        _varied(found.sample_sizes, "samples", "samples"),
        *_groups(found, material),
    ]
    if definitions:
        corrected = {atom.name: atom.value for atom in found.atoms}
        panel = around(compare_definitions(found.panel_table), corrected)
        frames.append(panel.assign(kind="definition"))
    rows = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    return _ordered(rows.assign(**_circumstances(found), classes=", ".join(material.classes)))


def _require_group(material: Material, question: Question) -> None:
    """Refuse a slice that is smaller than any group local atoms are averaged for."""
    pairs = 2 if question.target == CANDIDATES else 1
    count = len(material.target) // pairs
    if question.slice and count < MIN_GROUP:
        raise DataError(
            f"The slice {question.slice!r} holds {count:,} choices with this target; bits are "
            f"given for groups of {MIN_GROUP} or more."
        )


def refusal(reason: str) -> pd.DataFrame:
    """One row that says why there is no number."""
    nothing = float("nan")
    row = {"kind": "refused", "atom": "", "value": nothing, "low": nothing, "high": nothing}
    return pd.DataFrame([row | {"null_95": nothing, "warnings": reason}])


def _groups(found: Estimate, material: Material) -> list[pd.DataFrame]:
    """Local atoms of every group, one frame for each way to group the events."""
    frames = []
    for name, labels in material.groupings.items():
        groups = group_atoms(found.local, labels, found.local_correction)
        frames.append(groups.assign(kind="group", grouping=name))
    return frames


def _lattice_rows(material: Material, settings: Settings, progress: Progress) -> pd.DataFrame:
    found = estimate_lattice(
        material.sources,
        material.target,
        groups=material.users,
        seed=settings.seed,
        on_step=progress.step,
    )
    rows = found.atoms.rename(columns={"node": "atom"}).assign(
        kind="lattice", low=np.nan, high=np.nan, classes=", ".join(material.classes)
    )
    return _ordered(rows.assign(**_lattice_circumstances(found, material)))


def _varied(frame: pd.DataFrame, column: str, kind: str) -> pd.DataFrame:
    long = frame.melt(id_vars=column, value_vars=list(ATOMS), var_name="atom", value_name="value")
    return long.rename(columns={column: "x"}).assign(kind=kind)


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reindex(columns=list(dict.fromkeys([*_ALWAYS, *rows.columns])))


def _lattice_circumstances(found: LatticeEstimate, material: Material) -> dict[str, Any]:
    return {
        "target_entropy": entropy(np.bincount(material.target) / len(material.target)),
        "samples": len(material.target),
        "num_users": len(np.unique(material.users)),
        "bins": found.bins,
        "samples_per_cell": found.occupancy.samples_per_cell,
        "predicted_bias": found.occupancy.predicted_bias,
        "retention_joint": found.retention,
        "information_joint": found.total,
        "warnings": "",
    }


def _circumstances(found: Estimate) -> dict[str, Any]:
    """What must stand beside every number of an answer."""
    retention = found.retention or {}
    nothing = float("nan")
    return {
        "target_entropy": found.target_entropy,
        "samples": found.samples,
        "num_users": found.users,
        "bins": found.bins,
        "samples_per_cell": found.occupancy.samples_per_cell,
        "predicted_bias": found.occupancy.predicted_bias,
        "correction": found.correction,
        "retention_first": retention.get("first", nothing),
        "retention_second": retention.get("second", nothing),
        "retention_joint": retention.get("joint", nothing),
        "synergy_null_95": found.synergy_null_95,
        "synergy_p_value": found.synergy_p_value,
        "stable": found.stable,
        "gap": found.gap,
        "residual": found.residual,
        "method": found.method,
        "warnings": "\n".join(found.warnings),
    }
