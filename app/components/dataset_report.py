"""What is in a prepared data set, and what in it should make a reader cautious."""

from functools import partial

import pandas as pd
import streamlit as st

from analysis import data_page
from analysis.plots import data as plots
from analysis.recipes import Recipe
from app import loaders
from app.components import figure_card, table_card
from app.components.text import markdown, plural
from app.loaders import DataReport
from app.state import is_dark
from prism_core.store.datasets import Dataset

HEADLINES = {
    "users": "Users",
    "items": "Items",
    "interactions": "Interactions",
    "median length": "Median length",
    "sparsity": "Sparsity",
}
FACTS = {"source": "Source", "licence": "Licence", "citation": "Cite", "fingerprint": "Fingerprint"}


def draw(dataset: Dataset) -> None:
    """Draw the report."""
    report = loaders.data_report(dataset)
    st.markdown(markdown(dataset.description.get("sequence", "")))
    _draw_counts(report.overview)
    _draw_cautions(report.cautions)
    _draw_figures(report, dataset.fingerprint)
    _draw_missing(report.missing)
    _draw_facts(dataset, report.overview)


def _draw_counts(overview: pd.DataFrame) -> None:
    values = overview.set_index("quantity")["value"]
    with st.grid(len(HEADLINES), min_column_width=150):
        for quantity, label in HEADLINES.items():
            st.metric(label, _number(quantity, values[quantity]), border=True)


def _number(quantity: str, value: float) -> str:
    if quantity == "sparsity":
        return f"{value:.2%}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _draw_cautions(cautions: pd.DataFrame) -> None:
    st.subheader("Read with caution")
    if cautions.empty:
        st.success("None of the checks for leaks and doubtful order found anything.")
    for row in cautions.itertuples(index=False):
        said = markdown(str(row.caution).capitalize())
        st.warning(
            f"**{said}: {row.share:.1%} of {markdown(row.among)}.** "
            f"{markdown(str(row.meaning).capitalize())}."
        )


def _draw_figures(report: DataReport, fingerprint: str) -> None:
    with st.grid(2, min_column_width=440):
        figure_card.draw(
            plots.length_histogram(lengths=report.lengths, dark=is_dark()),
            title="Length of sequences",
            name="data-lengths",
            data=report.lengths,
            recipe=Recipe(figure="data_lengths", runs=(fingerprint,)),
            caption="Events kept per user, the two held out for validation and test among them.",
        )
        figure_card.draw(
            plots.popularity_curve(popularity=report.popularity, dark=is_dark()),
            title="Popularity",
            name="data-popularity",
            data=report.popularity,
            recipe=Recipe(figure="data_popularity", runs=(fingerprint,)),
            caption="The further from the diagonal, the more a few items have most events.",
        )
        figure_card.draw(
            plots.gap_bars(gaps=report.gaps, dark=is_dark()),
            title="Time between two events of a user",
            name="data-gaps",
            data=report.gaps,
            recipe=Recipe(figure="data_gaps", runs=(fingerprint,)),
            caption="Events of one second have no order of their own.",
        )
        figure_card.draw(
            plots.span_histogram(spans=report.spans, dark=is_dark()),
            title="Time between a user's first and last event",
            name="data-spans",
            data=report.spans,
            recipe=Recipe(figure="data_spans", runs=(fingerprint,)),
            caption="A short span is one sitting, not a history.",
        )


def _draw_missing(missing: pd.DataFrame) -> None:
    st.subheader("Missing text or image")
    if missing.empty:
        st.info("The data set has no vectors: only models of item ids can be trained on it.")
    for row in missing.to_dict("records"):
        name = markdown(str(row["modality"]).capitalize())
        st.markdown(
            f"- {name}: {plural(int(row['items']), 'item')} without "
            f"({row['item_share']:.1%}), {row['event_share']:.1%} of all events."
        )


def _draw_facts(dataset: Dataset, overview: pd.DataFrame) -> None:
    about = dataset.description
    lines = [
        f"- {markdown(m.capitalize())}: {markdown(name)}"
        for m, name in about.get("encoders", {}).items()
    ]
    lines += [
        f"- {label}: {markdown(about[key])}" for key, label in FACTS.items() if about.get(key)
    ]
    st.download_button(
        "This report as one HTML page", partial(data_page.page, dataset),
        file_name=f"{dataset.path.name}.html", mime="text/html", icon=":material/download:",
        key="data-report-html", on_click="ignore",
    )  # fmt: skip
    with st.expander("All counts, features, source, licence"):
        st.markdown("\n".join(lines))
        number = st.column_config.NumberColumn(format="localized")
        table_card.draw(
            overview,
            title=f"Counts of {dataset.description.get('title', dataset.name)}",
            name="data-counts",
            columns={"value": number},
        )
