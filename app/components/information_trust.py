"""How far an answer about information can be trusted: its circumstances, its stability."""

import math

import pandas as pd
import streamlit as st

from analysis.information.resampling import TOTAL
from analysis.plots.atom_panels import definition_panel
from analysis.plots.atoms import atom_label
from analysis.plots.information import atoms_against
from analysis.plots.theme import label_of
from app.components import figure_card, table_card
from app.components.information_answer import ENOUGH, Answer
from app.components.text import markdown
from app.state import is_dark

SMALLEST_GAP = 1e-12
"""Bits below which a proof is one of rounding alone."""

RETENTION = (
    "Share of the information a probe reads from the vectors that their codes keep. Below 80 % the "
    "atoms describe the codes more than the vectors; above 100 % is chance."
)
CELLS = "Choices for each cell of the counted table. Below 2 no estimate is given."


def draw_facts(answer: Answer) -> None:
    """Draw retention, samples per cell and stability, then every warning."""
    facts = answer.facts
    names = dict(zip(("first", "second", "joint"), (*answer.sources, "both"), strict=True))
    with st.grid(5, min_column_width=160):
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
    """Draw the tests, the atoms against resolution and sample size, and other definitions."""
    st.subheader("How far can these numbers be trusted?")
    _draw_tests(answer)
    _draw_numbers(answer)
    with st.grid(2, min_column_width=440):
        for kind, title, caption in (
            ("resolution", "Codes per source", "Coarser and finer coding of the features."),
            (
                "samples",
                "Choices used",
                "Solid: uncorrected, from all, half and a quarter of the choices. Dashed: the "
                "limit for endless data, which is the corrected number.",
            ),
        ):
            frame = answer.varied(kind)
            figure_card.draw(
                atoms_against(
                    frame=frame,
                    x="x",
                    title=title,
                    target=answer.target,
                    sources=answer.sources,
                    dark=is_dark(),
                ),
                title=f"Against {title.lower()}",
                name=f"information-{kind}",
                data=frame,
                recipe=answer.recipe(f"information_{kind}"),
                caption=f"{caption} {answer.circumstances}",
            )
    _draw_definitions(answer, answer.kind("definition"))


def _draw_tests(answer: Answer) -> None:
    """Say what both nulls say, and what is proved of the solution."""
    facts, atoms = answer.facts, answer.kind("estimate").set_index("atom")
    total, synergy = atoms.loc[TOTAL], atoms.loc["synergy"]
    st.markdown(
        f"- **Is there information?** {_verdict(total)}: {total['value']:.3f} bit in all. With the "
        f"target shuffled between users, 95 % stay within {total['null_95']:.3f} bit of their mean "
        f"(p = {total['p_value']:.3f}).\n"
        f"- **Is there synergy?** {_verdict(synergy)}: {synergy['value']:.3f} bit. With one source "
        "shuffled among choices of the same target, which keeps everything but synergy, 95 % stay "
        f"below {facts['synergy_null_95']:.3f} bit (p = {facts['synergy_p_value']:.3f}).\n"
        f"- **Is the decomposition exact?** Solved by {markdown(facts['method'])}, proved to "
        f"within {max(abs(facts['gap']), SMALLEST_GAP):.0e} bit; the pairs' tables are kept to "
        f"{max(facts['residual'], SMALLEST_GAP):.0e}."
    )


def _verdict(atom: pd.Series) -> str:
    return "Yes" if atom["distinguishable"] else "Not distinguishable from zero"


def _draw_numbers(answer: Answer) -> None:
    rows = answer.kind("estimate")
    table = pd.DataFrame(
        {
            "Information": [
                "Total" if atom == TOTAL else atom_label(atom, answer.sources)
                for atom in rows["atom"]
            ],
            "Bits": rows["value"],
            "Low": rows["low"],
            "High": rows["high"],
            "Verdict": rows["distinguishable"].map(
                {True: "above zero", False: "not distinguishable from zero"}
            ),
            "Uncorrected": rows["plug_in"],
            "Standard error": rows["standard_error"],
            "95 % of null": rows["null_95"],
            "p": rows["p_value"],
        }
    )
    bits = st.column_config.NumberColumn(format="%.4f")
    with st.expander("All numbers of this answer, in bits"):
        table_card.draw(
            table,
            title=f"Information about {answer.target} in bits",
            name="information-numbers",
            columns=dict.fromkeys(table.select_dtypes("number").columns, bits),
        )


def _draw_definitions(answer: Answer, definitions: pd.DataFrame) -> None:
    st.subheader("Does the definition matter?")
    if definitions.empty:
        st.info("The other definitions were not computed with this answer.")
        return
    figure_card.draw(
        definition_panel(
            definitions=definitions, target=answer.target, sources=answer.sources, dark=is_dark()
        ),
        title="The same information under other definitions",
        name="information-definitions",
        data=definitions.dropna(axis=1, how="all"),
        recipe=answer.recipe("information_definitions"),
        caption="What differs between rows depends on the definition, not on the data. All rows "
        "agree on what each source and both together tell; they differ in how much of it they call "
        "redundant. That difference is counted on coarse codes. " + answer.circumstances,
    )
    meanings = definitions.drop_duplicates("definition")[["definition", "meaning"]]
    st.markdown(
        "\n".join(
            f"- **{markdown(name)}**: {markdown(meaning)}"
            for name, meaning in meanings.itertuples(index=False)
        )
    )
