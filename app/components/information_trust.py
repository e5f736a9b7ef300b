"""How far an answer about information can be trusted: its circumstances, its stability."""

import math

import pandas as pd
import streamlit as st

from analysis.plots.information import atoms_against, definition_panel
from analysis.plots.theme import label_of
from app.components import figure_card
from app.components.information_answer import ENOUGH, Answer
from app.components.text import markdown
from app.state import is_dark

RETENTION = (
    "Share of the information a probe reads from the vectors that their codes keep. Below 80 % the "
    "atoms describe the codes more than the vectors; above 100 % is chance."
)
CELLS = "Choices for each cell of the counted table. Below 2 no estimate is given."


def draw_facts(answer: Answer) -> None:
    """Draw retention, samples per cell and stability, then every warning."""
    facts = answer.facts
    names = dict(zip(("first", "second", "joint"), (*answer.sources, "both"), strict=True))
    with st.grid(5, min_column_width=130):
        for key, name in names.items():
            title = "the rest" if name == "rest" else label_of(name).lower()
            _draw_retention(title, float(facts[f"retention_{key}"]))
        cells = float(facts["samples_per_cell"])
        st.metric("Samples per cell", f"{cells:,.1f}", help=CELLS, border=True)
        st.metric(
            "Three resolutions", "agree" if facts["stable"] else "differ", border=True,
            help="Whether coarser and finer codes give the same atoms within their intervals.",
        )  # fmt: skip
    for warning in filter(None, str(facts["warnings"]).split("\n")):
        st.warning(markdown(warning))


def _draw_retention(source: str, share: float) -> None:
    """Draw a retention; there is none where the probe reads nothing at all."""
    is_low = share < ENOUGH
    st.metric(
        f"Retention, {source}",
        "n/a" if math.isnan(share) else f"{share:.0%}",
        delta="low" if is_low else None,
        delta_arrow="off",
        delta_color="inverse",
        help=RETENTION,
        border=True,
    )


def draw(answer: Answer) -> None:
    """Draw the atoms against resolution and sample size, and under other definitions."""
    st.subheader("How far can these numbers be trusted?")
    with st.grid(2, min_column_width=440):
        for kind, title, caption in (
            ("resolution", "Codes per source", "Coarser and finer coding of the features."),
            ("samples", "Choices used", "Dashed: the corrected limit."),
        ):
            frame = answer.varied(kind)
            figure_card.draw(
                atoms_against(
                    frame=frame, x="x", title=title, sources=answer.sources, dark=is_dark()
                ),
                title=f"Against {title.lower()}",
                name=f"information-{kind}",
                data=frame,
                recipe=answer.recipe(f"information_{kind}"),
                caption=f"{caption} {answer.circumstances}",
            )
    _draw_definitions(answer, answer.kind("definition"))


def _draw_definitions(answer: Answer, definitions: pd.DataFrame) -> None:
    st.subheader("Does the definition matter?")
    if definitions.empty:
        st.info("The other definitions were not computed with this answer.")
        return
    figure_card.draw(
        definition_panel(definitions=definitions, sources=answer.sources, dark=is_dark()),
        title="The same table under other definitions",
        name="information-definitions",
        data=definitions.dropna(axis=1, how="all"),
        recipe=answer.recipe("information_definitions"),
        caption="What differs between rows depends on the definition, not on the data. Compare the "
        "rows with each other: this table is not corrected for the bias of small samples. "
        + answer.circumstances,
    )
    meanings = definitions.drop_duplicates("definition")[["definition", "meaning"]]
    st.markdown(
        "\n".join(
            f"- **{markdown(name)}**: {markdown(meaning)}"
            for name, meaning in meanings.itertuples(index=False)
        )
    )
