"""Partial information decomposition of two modalities and a target, in bits.

`decompose` takes a known distribution, `estimate` takes vectors.
"""

from analysis.information.decomposition import ATOMS, Decomposition, decompose
from analysis.information.estimate import estimate
from analysis.information.result import Estimate

__all__ = ["ATOMS", "Decomposition", "Estimate", "decompose", "estimate"]
