"""Cached access to what is known beforehand: canonical gates, and worlds with planted atoms."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from analysis.information import gates as canonical
from analysis.information.truth import RECOVERED, computed_gates
from app import loaders

OUTCOME: Final = ("First source", "Second source", "Target", "Probability")


@st.cache_resource(max_entries=1, show_spinner="Decomposing the gates …")
def gates() -> pd.DataFrame:
    """Decompose every canonical gate; see :func:`analysis.information.truth.computed_gates`."""
    return computed_gates()


def distribution(name: str) -> pd.DataFrame:
    """Give a gate's outcomes with their probabilities, one row for each possible one."""
    table = canonical.gate(name).probabilities
    cells = np.argwhere(table > 0)
    rows = [(*map(str, cell), float(table[tuple(cell)])) for cell in cells]
    return pd.DataFrame(rows, columns=list(OUTCOME))


def worlds(path: Path = RECOVERED) -> pd.DataFrame | None:
    """Read the stored table of recovered against planted atoms; None where there is none."""
    return _worlds(path, loaders.stamp(path)) if path.is_file() else None


@st.cache_resource(max_entries=1, show_spinner=False)
def _worlds(path: Path, stamp: int) -> pd.DataFrame:
    return pd.read_parquet(path)
