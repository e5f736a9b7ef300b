"""Synthetic events with planted information, to see whether an estimator finds it.

Each source is a 16-dimensional embedding: its latents, and three nuisance latents of the same
size, through random orthonormal directions, plus noise. The true atoms were computed on fine
quantile tables of the latents with four million events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.information.table import FloatArray, IntArray

DIMENSIONS: Final = 16
NUISANCES: Final = 3
NOISE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One planted case: how latents make the target, and what is then true.

    Attributes
    ----------
    name, meaning
        For tables and pages.
    unique_first, unique_second, synergy, redundancy
        True atoms in bits.
    """

    name: str
    meaning: str
    unique_first: float
    unique_second: float
    synergy: float
    redundancy: float

    @property
    def atoms(self) -> dict[str, float]:
        """The planted atoms by name."""
        names = ("unique_first", "unique_second", "synergy", "redundancy")
        return {name: getattr(self, name) for name in names}

    def sample(self, num_events: int, seed: int) -> tuple[FloatArray, FloatArray, IntArray]:
        """Draw events: two sources ``(n, 16)`` and the target ``(n,)``."""
        rng = np.random.default_rng(seed)
        shared, own, left, right = rng.standard_normal((4, num_events))
        target = _TARGETS[self.name](rng, shared, own, left, right)
        first = _embed(rng, [shared, own, left])
        return first, _embed(rng, [shared, right]), target.astype(np.int64)


def _embed(rng: np.random.Generator, latents: list[FloatArray]) -> FloatArray:
    count = len(latents[0])
    columns = np.column_stack([*latents, rng.standard_normal((count, NUISANCES))])
    directions = np.linalg.qr(rng.standard_normal((DIMENSIONS, columns.shape[1])))[0].T
    return columns @ directions + NOISE * rng.standard_normal((count, DIMENSIONS))


def _soft(
    rng: np.random.Generator, s: FloatArray, a: FloatArray, c1: FloatArray, c2: FloatArray
) -> NDArray[np.bool_]:
    return rng.random(len(s)) < 1 / (1 + np.exp(-(1.5 * s + a + 2 * c1 * c2)))


_TARGETS: Final[dict[str, Callable[..., NDArray[np.bool_]]]] = {
    "redundancy": lambda rng, s, a, c1, c2: s > 0,
    "unique": lambda rng, s, a, c1, c2: a > 0,
    "synergy": lambda rng, s, a, c1, c2: c1 * c2 > 0,
    "mixed": _soft,
    "nothing": lambda rng, s, a, c1, c2: rng.random(len(s)) < 0.5,
}

WORLDS: Final = (
    World(
        name="redundancy",
        meaning="Both sources show the cause.",
        unique_first=0.001,
        unique_second=0.0,
        synergy=0.058,
        redundancy=0.796,
    ),
    World(
        name="unique",
        meaning="Only the first source shows the cause.",
        unique_first=0.796,
        unique_second=0.0,
        synergy=0.0,
        redundancy=0.0,
    ),
    World(
        name="synergy",
        meaning="The cause is the product of one hidden number of each source.",
        unique_first=0.0,
        unique_second=0.0,
        synergy=0.635,
        redundancy=0.0,
    ),
    World(
        name="mixed",
        meaning="A soft mixture of all three.",
        unique_first=0.063,
        unique_second=0.0,
        synergy=0.19,
        redundancy=0.123,
    ),
    World(
        name="nothing",
        meaning="The target is a fair coin.",
        unique_first=0.0,
        unique_second=0.0,
        synergy=0.0,
        redundancy=0.0,
    ),
)
