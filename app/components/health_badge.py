"""Badges with the verdict on each part, for wherever the part's weight is shown."""

from typing import Final, Literal

import pandas as pd
import streamlit as st

from analysis.health.freshness import ARTIFACT
from analysis.plots.health import VERDICT_TEXT
from analysis.plots.theme import label_of
from app import loaders
from app.components.text import markdown
from prism_core.store.reader import Run

Color = Literal["green", "red", "orange", "grey"]
LOOKS: Final[dict[str, tuple[str, Color]]] = {
    "alive": (":material/check_circle:", "green"),
    "dead": (":material/cancel:", "red"),
    "leaks": (":material/water_drop:", "orange"),
    "constant": (":material/horizontal_rule:", "grey"),
}
"""Icon and colour by verdict; the word always stands beside them."""

SIGNS: Final = {"alive": "✓", "dead": "✕", "leaks": "≈", "constant": "–"}
"""Stand for the icons in HTML."""


def verdicts(run: Run) -> pd.DataFrame:
    """Give ``part``, ``verdict`` and ``evidence``; no rows where the health is not stored."""
    if not run.has(ARTIFACT):
        return pd.DataFrame(columns=["part", "verdict", "evidence"])
    return loaders.part_verdicts(run)


def draw(run: Run, *, of: str = "") -> None:
    """Draw a badge for each part of a run whose health is stored.

    Parameters
    ----------
    of
        Whose parts they are, where parts of more than one run are shown.
    """
    found = verdicts(run)
    if found.empty:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        if of:
            st.caption(markdown(of), width="content")
        for part, verdict, evidence in found.itertuples(index=False):
            draw_one(str(verdict), f"{label_of(str(part))}: {verdict}", str(evidence))


def as_html(run: Run) -> dict[str, str]:
    """Give the badge of each part as HTML, for cards; none where the health is not stored."""
    found = verdicts(run)
    return {
        str(part): f'<em class="{LOOKS[str(verdict)][1]}">{SIGNS[str(verdict)]} {verdict}</em>'
        for part, verdict in zip(found["part"], found["verdict"], strict=True)
    }


def draw_one(verdict: str, label: str, evidence: str) -> None:
    """Draw one badge; the evidence shows on hover."""
    icon, color = LOOKS[verdict]
    st.badge(label, icon=icon, color=color, help=f"{VERDICT_TEXT[verdict]} {evidence}")
