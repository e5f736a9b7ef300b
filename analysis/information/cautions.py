"""Sentences that must stand beside an estimate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from analysis.information.coding import RETENTION_WARNING
from analysis.information.decomposition import ATOMS
from analysis.information.intervals import ONE_SIDED_Z
from analysis.information.result import AtomEstimate
from analysis.information.table import Occupancy

FEW_EVENTS: Final = 2_000
"""Below this many events probes recover planted atoms to about .15 bit only."""

FEW_PER_CELL: Final = 10.0


def cautions(
    retention: dict[str, float] | None,
    occupancy: Occupancy,
    atoms: Sequence[AtomEstimate],
    stable: bool,
    coding: str,
) -> list[str]:
    """Give every sentence that applies to an estimate."""
    return [
        *_about_retention(retention or {}),
        *_about_samples(occupancy, coding),
        *_about_atoms(atoms, stable),
    ]


def _about_retention(retention: dict[str, float]) -> Iterator[str]:
    for source, share in retention.items():
        if share < RETENTION_WARNING:
            read = "both sources" if source == "joint" else f"the {source} source"
            yield (
                f"The codes keep {share:.0%} of what a probe reads from {read}: the atoms describe "
                "the codes more than the vectors."
            )


def _about_samples(occupancy: Occupancy, coding: str) -> Iterator[str]:
    if coding == "posterior" and occupancy.samples < FEW_EVENTS:
        yield (
            f"Probes learn little from fewer than {FEW_EVENTS:,} events: redundancy and synergy "
            "are probably low."
        )
    if occupancy.samples_per_cell < FEW_PER_CELL:
        yield (
            f"{occupancy.samples_per_cell:.1f} samples a cell: the correction takes off about "
            f"{occupancy.predicted_bias:.3f} bit."
        )


def _about_atoms(atoms: Sequence[AtomEstimate], stable: bool) -> Iterator[str]:
    synergy = atoms[ATOMS.index("synergy")]
    if synergy.value < -ONE_SIDED_Z * synergy.standard_error:
        yield "Synergy is not resolved: the joint probe reads less than the sources apart."
    if not stable:
        yield "The atoms change with the resolution by more than their intervals."
