"""Items that one part of the model sees as most alike: by picture, by text, only jointly."""

from typing import Final

import streamlit as st

from analysis.plots.theme import label_of
from app import loaders
from app.catalogue import Catalogue
from app.components.cards import Card, draw_strip
from app.state import Widget
from prism_core.store.reader import Run

COUNT: Final = 8
HEADINGS: Final = {
    "unique_image": "Similar by what only the picture tells",
    "unique_text": "Similar by what only the text tells",
    "synergy": "Similar only by picture and text together",
    "redundancy": "Similar by what picture and text both tell",
}


def draw(run: Run, catalogue: Catalogue, item_id: str) -> None:
    """Draw the nearest items in each part's own space, once the reader asks for them."""
    wanted = run.has_vectors and st.toggle(
        "Show similar items in each part's space", key=Widget.SIMILAR, persist_state="session"
    )
    if not wanted:
        return
    near = loaders.nearest_items(run, item_id, COUNT)
    for part, rows in near.groupby("part", sort=False):
        st.markdown(f"**{HEADINGS.get(str(part), f'Similar by {label_of(str(part)).lower()}')}**")
        cards = [
            Card(catalogue.get(item), note=f"cosine {similarity:.2f}")
            for item, similarity in rows[["item_id", "similarity"]].itertuples(index=False)
        ]
        draw_strip(cards, catalogue, label=HEADINGS.get(str(part), str(part)))
