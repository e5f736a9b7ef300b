"""Information: what do image and text tell about the next item, and can the numbers be trusted?"""

from functools import partial

import streamlit as st

from app.components import gates_tab, health_tab, information_tab, tab_choice
from app.components.run_picker import chosen_run
from app.state import Widget


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    st.title("Information")
    tab_choice.draw(
        {
            "Data and model": partial(information_tab.draw, run),
            "Gates": partial(gates_tab.draw, run),
            "Health": partial(health_tab.draw, run),
        },
        key=Widget.INFORMATION_TAB,
    )


page()
