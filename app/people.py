"""The users of a run as one table, read once: who they are and how the run does for them."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from app import loaders
from prism_core.store import schema
from prism_core.store.reader import Run


def people_of(run: Run) -> pd.DataFrame:
    """List a run's users; the frame is shared between sessions, so never change it.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``history_length``, ``rank`` (of the true next item), ``top_part`` (of the
        largest fusion weight, or "") and ``gate_entropy`` (missing without parts).
    """
    return _people(run.path, loaders.stamp(run.path / schema.MANIFEST))


@st.cache_resource(max_entries=8, show_spinner=False)
def _people(path: Path, stamp: int) -> pd.DataFrame:
    run = Run(path)
    outcome = run.table("user_metrics")[["user_id", "rank", "history_length"]]
    if not run.parts or not run.has("users"):
        return outcome.assign(top_part="", gate_entropy=np.nan)
    users = run.table("users").set_index("user_id")
    weights = users[[f"weight_{part}" for part in run.parts]].to_numpy()
    top = pd.Categorical.from_codes(weights.argmax(axis=1), list(run.parts))
    gate = pd.DataFrame({"top_part": top, "gate_entropy": users["gate_entropy"].to_numpy()})
    return outcome.join(gate.set_index(users.index), on="user_id")
