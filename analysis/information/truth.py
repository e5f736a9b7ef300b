"""Recovered against planted atoms: can the estimator be trusted?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from analysis.information.decomposition import ATOMS, decompose
from analysis.information.estimate import estimate
from analysis.information.gates import Gate, gates
from analysis.information.worlds import WORLDS, World
from prism_core.errors import NotFittedError

RECOVERED: Final = Path(__file__).parents[2] / "assets" / "information" / "recovered.parquet"
"""The bundled table of `recovered`."""


def recovered(
    *,
    worlds: Sequence[World] = WORLDS,
    sample_sizes: Iterable[int] = (1_000, 5_000, 20_000),
    coding: str = "posterior",
    permutations: int = 200,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Estimate worlds with known atoms at several sample sizes.

    Returns
    -------
    frame
        Columns world, samples, coding, atom, planted, value, low, high, null_95, p_value,
        distinguishable, error (value less planted), all in bits; samples_per_cell,
        retention_first, retention_second, retention_joint.
    """
    sizes = list(sample_sizes)
    frames = []
    for world in worlds:
        for size in sizes:
            frames.append(_one(world, size, coding, permutations, seed))
            if on_step:
                on_step(len(frames), len(worlds) * len(sizes))
    return pd.concat(frames, ignore_index=True)


def _one(world: World, size: int, coding: str, permutations: int, seed: int) -> pd.DataFrame:
    first, second, target = world.sample(size, seed)
    found = estimate(first, second, target, coding=coding, permutations=permutations, seed=seed)
    frame = found.frame()
    frame = frame[frame["atom"].isin(ATOMS)].copy()
    frame.insert(0, "world", world.name)
    frame.insert(1, "samples", size)
    frame.insert(2, "coding", coding)
    frame["planted"] = [world.atoms[atom] for atom in frame["atom"]]
    frame["error"] = frame["value"] - frame["planted"]
    retention = {f"retention_{name}": share for name, share in (found.retention or {}).items()}
    return frame.assign(samples_per_cell=found.occupancy.samples_per_cell, **retention)


def recovered_worlds(path: Path = RECOVERED) -> pd.DataFrame:
    """Read the stored table of `recovered`.

    Raises
    ------
    NotFittedError
        There is none.
    """
    if not path.is_file():
        raise NotFittedError(f"{path}: compute 'python -m analysis worlds' first.")
    return pd.read_parquet(path)


def computed_gates(chosen: Sequence[Gate] | None = None) -> pd.DataFrame:
    """Decompose the canonical gates and put the results beside their known atoms.

    Returns
    -------
    frame
        Columns gate, meaning, atom, known, computed, error, gap (bits) and method.
    """
    rows = []
    for one in chosen or gates():
        found = decompose(one.probabilities)
        for atom in ATOMS:
            known, value = one.atoms[atom], found.atoms[atom]
            row = one.name, one.meaning, atom, known, value, value - known, found.gap, found.method
            rows.append(row)
    columns = ["gate", "meaning", "atom", "known", "computed", "error", "gap", "method"]
    return pd.DataFrame(rows, columns=columns)


def markdown_table(frame: pd.DataFrame) -> str:
    """Render recovered against planted atoms as a Markdown table, one row for each estimate."""
    heads = [f"{atom.replace('_', ' ')} (planted)" for atom in ATOMS]
    lines = [
        "| world | events | " + " | ".join(heads) + " |",
        "|---|---:|" + "---:|" * len(ATOMS),
    ]
    for (world, samples), part in frame.groupby(["world", "samples"], sort=False):
        pairs = zip(part["value"], part["planted"], strict=True)
        cells = [f"{value:+.3f} ({planted:.3f})" for value, planted in pairs]
        lines.append(f"| {world!s} | {samples:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
