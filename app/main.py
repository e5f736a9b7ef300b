"""Entry of the app: ``streamlit run app/main.py``."""

import os
from pathlib import Path

import streamlit as st

from app import collector, state
from app.components import run_picker
from app.components.text import markdown
from app.loaders import PICTURES_VARIABLE
from prism_core.errors import NotFittedError, PrismError

HERE = Path(__file__).resolve().parent
LOGO = HERE.parent / "assets" / "logo.svg"
PAGES = {
    "overview": ("Overview", ":material/insights:"),
    "users": ("Users", ":material/person_search:"),
    "maps": ("Maps", ":material/scatter_plot:"),
    "information": ("Information", ":material/hub:"),
    "ablations": ("Ablations", ":material/compare_arrows:"),
    "train": ("Train", ":material/model_training:"),
    "data": ("Data", ":material/database:"),
    "board": ("Board", ":material/dashboard:"),
}


def main() -> None:
    """Draw the frame that all pages share, then the chosen page."""
    st.set_page_config(page_title="PRISM", page_icon=str(LOGO), layout="wide")
    st.logo(str(LOGO), size="large")
    st.html(HERE / "components" / "style.css")
    st.session_state.setdefault(state.PICTURES, os.environ.get(PICTURES_VARIABLE, ""))
    state.restore()
    page = st.navigation(
        [
            st.Page(f"app_pages/{name}.py", title=title, icon=icon, default=name == "overview")
            for name, (title, icon) in PAGES.items()
        ]
    )
    try:
        with st.sidebar:
            run_picker.draw()
        page.run()
    except NotFittedError as error:
        st.info(markdown(error), icon=":material/info:")
    except PrismError as error:
        st.error(markdown(error), icon=":material/error:")
    state.publish()
    collector.set_aside()


main()
