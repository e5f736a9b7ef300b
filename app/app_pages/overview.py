"""Overview: what the chosen run is, and whether it is any good."""

import streamlit as st

from analysis.plots.comparison import metric_forest, metric_name
from analysis.recipes import Recipe
from app import comparables, loaders
from app.components import figure_card, verdict
from app.components.run_picker import chosen_run
from app.components.text import duration, markdown, plural
from app.state import is_dark
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

HEADLINE = "ndcg@10"
MEANING = {
    "ndcg": "1 if the true next item is ranked first, less the further down it is, 0 below the cut",
    "recall": "share of users whose true next item is in the list; with one true item per user "
    "this is the hit rate too",
    "mrr": "mean of 1 / rank of the true next item, 0 below the cut",
}


def page() -> None:
    """Draw the page."""
    run = chosen_run()
    dataset = loaders.find_dataset(run)
    st.title(markdown(run.name))
    st.markdown(describe(run, dataset))
    draw_results(run)
    draw_data(run, dataset)


def describe(run: Run, dataset: Dataset | None) -> str:
    """Say in plain words what the run is and how it was tested. Markdown."""
    data = markdown(dataset.description.get("title", dataset.name) if dataset else _data_name(run))
    users = len(loaders.table(run, "user_metrics"))
    items = len(loaders.table(run, "items"))
    return (
        f"{_what(run)} {_training(run)}\n\nTested on *{data}*: for each of "
        f"{plural(users, 'user')} the last item chosen is hidden, and the run ranks all items "
        f"(of {items:,}) that the user has not seen. The nearer to the top the hidden "
        "item lands, the better."
    )


def draw_results(run: Run) -> None:
    """Draw the metrics with intervals, the verdict against the floors, and the figure."""
    runs = comparables.floors_beside(run)
    table = comparables.summary(runs, comparables.METRICS)
    own = table[table["name"] == run.name].set_index("metric")
    with st.grid(len(comparables.METRICS), min_column_width=190):
        for metric in comparables.METRICS:
            row = own.loc[metric]
            st.metric(
                metric_name(metric),
                f"{row['value']:.4f}",
                delta=f"{row['low']:.4f} to {row['high']:.4f}",
                delta_color="off",
                delta_arrow="off",
                help=f"{MEANING[metric.split('@')[0]]}. Below: 95 % interval over users.",
                border=True,
            )
    draw_verdict(run, runs)
    figure_card.draw(
        metric_forest(
            table=table[table["metric"].isin(comparables.METRICS[:2])],
            highlight=run.name,
            dark=is_dark(),
        ),
        title="This run beside the floors",
        help="**Floors** are simple rules without training: whatever is worth training beats them.",
        name="overview-floors",
        data=table,
        recipe=Recipe(
            figure="metrics",
            runs=tuple(one.run_id for one in runs),
            options={"metrics": list(comparables.METRICS[:2]), "highlight": run.name},
        ),
        caption="Lines: 95 % intervals over users (bootstrap).",
    )


def draw_verdict(run: Run, runs: list[Run]) -> None:
    """Say whether the run beats the floors."""
    if run.manifest["kind"] == "floor":
        st.info("This is a floor: a simple rule that a trained model has to beat.")
    elif len(runs) == 1:
        st.info("There are no floors on the same data to compare this run with.")
    else:
        judged = verdict.against_floors(run.name, comparables.differences(runs, run.name, HEADLINE))
        draw = {"beats": st.success, "ahead": st.warning, "behind": st.error}[judged.outcome]
        draw(markdown(judged.text))


def draw_data(run: Run, dataset: Dataset | None) -> None:
    """Say what the data are, what the features are truly named, and whom to cite."""
    st.subheader("The data")
    if dataset is None:
        st.info(
            f"The data set *{markdown(_data_name(run))}* is not here, so its histories are not "
            f"shown. Point ${loaders.DATA_VARIABLE} to the folder that holds it."
        )
        return
    facts = dataset.description
    st.markdown(markdown(facts.get("sequence", "")))
    encoders = facts.get("encoders", {})
    lines = [f"- {markdown(m.capitalize())}: {markdown(name)}" for m, name in encoders.items()]
    lines += [
        f"- {label}: {markdown(facts[key])}"
        for key, label in (("source", "Source"), ("licence", "Licence"), ("citation", "Cite"))
        if facts.get(key)
    ]
    with st.expander("Features, source, licence"):
        st.markdown("\n".join(lines))


def _what(run: Run) -> str:
    name = f"**{markdown(run.name)}**"
    if run.manifest["kind"] == "floor":
        return f"{name} is a floor: a simple rule, without training."
    sources = ["the item's id", *(f"its {m}" for m in run.modalities)]
    if not run.parts:
        return f"{name} is a sequence model without PRISM's four parts."
    return (
        f"{name} recommends the next item from what a user chose before. It scores each item by "
        f"{', '.join(sources[:-1])} and {sources[-1]}, and splits the content into parts: what "
        "only one of image and text tells, what both tell (redundancy), and what they tell only "
        "together (synergy)."
    )


def _training(run: Run) -> str:
    facts = run.manifest.get("training") or {}
    if "best_epoch" not in facts:
        return ""
    return (
        f"Seed {run.manifest['seed']}; trained in {duration(facts.get('seconds', 0))}, best after "
        f"{plural(facts['best_epoch'], 'epoch')}; {plural(facts['num_parameters'], 'parameter')}."
    )


def _data_name(run: Run) -> str:
    return str(run.manifest["dataset"].get("name", "unnamed"))


page()
