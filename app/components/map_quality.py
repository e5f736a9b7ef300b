"""How far the maps can be trusted: the numbers beside the pictures."""

import pandas as pd
import streamlit as st

from analysis import maps
from analysis.plots.maps import space_label
from app import loaders
from app.components import table_card
from app.components.map_figure import quality
from app.map_view import MapView
from prism_core.store.reader import Run

COLUMNS = {
    "trustworthiness": "Trustworthiness",
    "neighbourhood_preservation": "Neighbours kept",
    "silhouette_category": "Silhouette by category",
    "silhouette_top_part": "Silhouette by top part",
}
HELP = """
- **Trustworthiness**: 1 if neighbours on the map are neighbours in the space, about .5 for a random
  picture.
- **Neighbours kept**: share of the 15 true nearest points that are among the 15 nearest on the map.
- **Silhouette**: how well groups separate in the space itself, from −1 to 1; about 0 means that
  they do not. A cluster that is seen on the map but has a silhouette of 0 is no finding.
"""


def draw(run: Run, view: MapView) -> None:
    """Draw the quality of every drawn map, and how the maps were made."""
    rows = {space_label(space): quality(run, view, space) for space in view.spaces}
    table = pd.DataFrame(rows).T.reindex(columns=list(COLUMNS)).dropna(axis=1, how="all")
    with st.expander("How far can these maps be trusted?", icon=":material/verified:"):
        if not table.empty:
            named = table.rename(columns=COLUMNS).round(3).rename_axis("Space").reset_index()
            table_card.draw(named, title="Quality of the maps", name="map-quality")
        st.markdown(HELP)
        st.caption(_made(run, view))


def _made(run: Run, view: MapView) -> str:
    """Say how the first map was made."""
    table = f"maps/{maps.map_name(view.scope, view.spaces[0], view.method)}-about"
    if not run.has(table):
        return ""
    facts = loaders.table(run, table)
    facts = facts[facts["kind"].isin(["setting", "version", "input"])]
    listed = [f"{n} {str(v)[:12]}" for n, v in zip(facts["name"], facts["value"], strict=True)]
    return "Made with " + ", ".join(listed).replace("_", " ") + "."
