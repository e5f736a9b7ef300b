"""Three quantities that are never mixed, each with a name and a definition on hover."""

from typing import Final

import streamlit as st

WEIGHT: Final = (
    "**Fusion weight**: the share of a part in the content mixed into this user's history. The "
    "weights of a user sum to 1. A large weight alone does not say that the part moved a score."
)
CONTRIBUTION: Final = (
    "**Contribution**: the part's exact Shapley value in an item's score, from the scores with "
    "every combination of parts switched off."
)
INFORMATION: Final = (
    "**Information**: the bits that image and text tell about the next choice, alone and together. "
    "A property of the data, on the page Information."
)


def draw() -> None:
    """Draw the three names in a row."""
    with st.container(horizontal=True):
        st.caption("Never the same thing:", width="content")
        st.caption("fusion weight", help=WEIGHT, width="content")
        st.caption("contribution", help=CONTRIBUTION, width="content")
        st.caption("information", help=INFORMATION, width="content")
