"""Partial information decomposition of two modalities and a target, in bits.

`decompose` takes a known distribution, `estimate` takes vectors.
"""

from analysis.information.decomposition import ATOMS, Decomposition, decompose

__all__ = ["ATOMS", "Decomposition", "decompose"]
