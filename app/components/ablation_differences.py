"""Every variant against the reference: the table, and the same as figures."""

import pandas as pd
import streamlit as st

from analysis.plots.comparison import difference_forest, metric_forest, metric_name
from app import comparables
from app.components import figure_card, table_card
from app.components.ablation import Comparison
from app.components.text import markdown, plural
from app.state import is_dark

MAX_ROWS = 20
COLUMNS = {
    "name": "Variant",
    "value": "Mean",
    "low_value": "from",
    "high_value": "to",
    "difference": "Difference",
    "low": "from ",
    "high": "to ",
    "effect_size": "Effect size",
    "p": "p",
    "p_holm": "p (Holm)",
    "num_users": "Users",
    "num_seeds": "Seeds",
}
HELP = {
    "value": "Mean over users and seeds.",
    "low_value": "Lower end of the 95 % interval, over users and seeds (hierarchical bootstrap).",
    "high_value": "Upper end of the 95 % interval, over users and seeds (hierarchical bootstrap).",
    "difference": "To the reference, paired over users.",
    "low": "Lower end of the 95 % interval of the difference.",
    "high": "Upper end of the 95 % interval of the difference.",
    "effect_size": "Mean difference in standard deviations of the users' differences (d_z).",
    "p": "With one seed on both sides a paired randomisation test over users, else the "
    "hierarchical bootstrap over seeds and users.",
    "p_holm": "The same, corrected for the number of variants in this table (Holm).",
}


def draw(compared: Comparison) -> None:
    """Draw the tab."""
    values = comparables.summary(compared.runs, (compared.metric,), compared.users)
    paired = compared.differences
    if paired.empty:
        st.info("Only the reference is shown. Choose more variants above.")
        return
    st.markdown(verdict(paired, compared.reference, compared.metric))
    draw_table(values, paired, compared)
    draw_figures(values, paired, compared)
    draw_all_metrics(compared)


def verdict(paired: pd.DataFrame, reference: str, metric: str) -> str:
    """Say how many variants differ from the reference beyond chance. Markdown."""
    certain = paired[paired["p_holm"] <= 0.05]
    better, worse = certain[certain["difference"] > 0], certain[certain["difference"] < 0]
    users, name = int(paired["num_users"].iloc[0]), metric_name(metric)
    if certain.empty:
        return (
            f"**No variant differs from {markdown(reference)} beyond chance** on {name} "
            f"({plural(users, 'user')}; p corrected for {plural(len(paired), 'comparison')})."
        )
    said = [
        f"{len(rows)} {word} ({', '.join(markdown(n) for n in rows['name'])})"
        for word, rows in (("better", better), ("worse", worse))
        if len(rows)
    ]
    return (
        f"Against {markdown(reference)}, beyond chance on {name}: **{' and '.join(said)}**; "
        f"{len(paired) - len(certain)} cannot be told apart ({plural(users, 'user')})."
    )


def table_of(values: pd.DataFrame, paired: pd.DataFrame) -> pd.DataFrame:
    """Join means and differences: one row per variant, the best first."""
    means = values.rename(columns={"low": "low_value", "high": "high_value"})
    gaps = paired[["name", "difference", "low", "high", "effect_size", "p", "p_holm"]]
    return means.merge(gaps, on="name", how="left")[list(COLUMNS)]


def draw_table(values: pd.DataFrame, paired: pd.DataFrame, compared: Comparison) -> None:
    """Draw the table; the reference has no difference."""
    table = table_of(values, paired)
    signs = {"difference": 4, "low": 4, "high": 4, "effect_size": 2}
    numbers = {
        key: st.column_config.NumberColumn(
            COLUMNS[key], format=None if key in signs else "%.4f", help=text
        )
        for key, text in HELP.items()
    }
    plain = {key: st.column_config.Column(COLUMNS[key]) for key in ("name", "num_users")}
    seeds = {"num_seeds": st.column_config.Column(COLUMNS["num_seeds"])}
    st.dataframe(
        table_card.with_signs(table, signs),
        hide_index=True,
        column_config=plain | numbers | seeds,
        placeholder="",
        height="content" if len(table) <= MAX_ROWS else "auto",
    )
    table_card.draw_export(
        table.rename(columns=COLUMNS),
        title=f"{metric_name(compared.metric)}; the reference is {compared.reference}",
        name="ablation-table",
    )
    seeds_of_base = int(values.loc[values["name"] == compared.reference, "num_seeds"].iloc[0])
    st.caption(
        f"{metric_name(compared.metric)}; reference {markdown(compared.reference)} "
        f"({plural(seeds_of_base, 'seed')}). Intervals and p by hierarchical bootstrap over users "
        f"and seeds. Effect size: d_z over users; .2 counts as small.{fewer_seeds(values)}"
    )


def fewer_seeds(values: pd.DataFrame) -> str:
    """Name the trained variants that have fewer seeds than others; empty if none has. Markdown."""
    trained = values[values["kind"] == "model"]
    few = trained[trained["num_seeds"] < trained["num_seeds"].max()]
    if few.empty:
        return ""
    named = zip(few["name"], few["num_seeds"], strict=True)
    said = ", ".join(f"{markdown(name)} ({count})" for name, count in named)
    return f" Fewer seeds than the others have: {said}."


def draw_figures(values: pd.DataFrame, paired: pd.DataFrame, compared: Comparison) -> None:
    """Draw the differences and the metric."""
    reference, dark = compared.reference, is_dark()
    with st.grid(2, min_column_width=440):
        figure_card.draw(
            difference_forest(table=paired, reference=reference, dark=dark),
            title=f"Difference to {markdown(reference)}",
            help="Paired over users; p values are corrected for their number (Holm).",
            name="ablation-differences",
            data=paired,
            recipe=compared.recipe("differences"),
            caption="Left of zero: worse than the reference. Grey: the interval holds zero.",
        )
        figure_card.draw(
            metric_forest(table=values, highlight=reference, dark=dark),
            title=f"{metric_name(compared.metric)} of all variants",
            name="ablation-metrics",
            data=values,
            recipe=compared.recipe("metrics", metrics=[compared.metric], highlight=reference),
            caption="Lines: 95 % intervals over users and seeds (bootstrap).",
        )


def draw_all_metrics(compared: Comparison) -> None:
    """List the means of the usual metrics on demand."""
    with st.expander("Other metrics"):
        table = comparables.summary(compared.runs, comparables.METRICS, compared.users)
        wide = table.assign(text=_with_interval(table)).pivot(
            index="name", columns="metric", values="text"
        )
        order = table.loc[table["metric"] == comparables.METRICS[0], "name"]
        shown = wide.loc[order, list(comparables.METRICS)].rename(columns=metric_name)
        table_card.draw(
            shown.rename_axis("Variant").reset_index(), title="Metrics", name="ablation-all-metrics"
        )


def _with_interval(table: pd.DataFrame) -> list[str]:
    rows = zip(table["value"], table["low"], table["high"], strict=True)
    return [f"{value:.4f}  ({low:.4f} to {high:.4f})" for value, low, high in rows]
