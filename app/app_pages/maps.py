"""Maps: which items and users lie near each other in each space, and what moves between runs?"""

from functools import partial

import streamlit as st

from app.components import aligned_tab, map_tab, tab_choice
from app.components.run_picker import chosen_run
from app.components.text import markdown
from app.state import Widget


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    st.title("Maps")
    st.markdown(
        "Each dot is an item or a user. In every panel, dots lie close together that are alike in "
        f"that space; what is marked in one is marked in all. Run: {markdown(run.name)}."
    )
    tabs = {"Maps": partial(map_tab.draw, run), "Across runs": partial(aligned_tab.draw, run)}
    tab_choice.draw(tabs, key=Widget.MAPS_TAB)


page()
