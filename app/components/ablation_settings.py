"""What was changed, and how much it matters: settings that differ, and those varied by number."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from analysis import comparison, settings
from analysis.information_recipes import QUESTION
from analysis.plots.comparison import metric_name
from analysis.plots.information import atoms_against
from analysis.plots.sensitivity import sensitivity_curves
from analysis.recipes import Recipe
from app import comparables, loaders
from app.components import figure_card, table_card
from app.components.ablation import Comparison
from app.components.text import markdown
from app.state import is_dark
from prism_core.store.reader import Run

MAX_ROWS = 20
INFORMATION = "information"
FIRST_QUESTION = {"scope": "data", "first": "image", "second": "text"}


def draw(compared: Comparison) -> None:
    """Draw the tab."""
    draw_differences(compared)
    draw_sensitivity(compared)
    draw_bins(compared)


def draw_differences(compared: Comparison) -> None:
    """Set the settings that differ beside the numbers."""
    variants = comparables.variants(compared.runs, compared.users)
    if len([v for v in variants if v.kind == "model"]) < 2:
        return
    base = comparison.named(variants, compared.reference)
    if base.kind != "model":
        base = settings.centre_of_variation(variants)
    changed = settings.differing_settings(variants, reference=base)
    values = comparables.summary(compared.runs, (compared.metric,), compared.users)
    gaps = compared.differences
    gaps = gaps[["name", "difference", "p_holm"]] if not gaps.empty else None
    table = changed.merge(values[["name", "value"]], on="name")
    table = table if gaps is None else table.merge(gaps, on="name", how="left")
    numbers = [column for column in ("value", "difference", "p_holm") if column in table]
    st.subheader("What differs")
    st.markdown(
        f"Only settings that differ from {markdown(base.name)}, whose own values are in the first "
        "row; an empty cell is as there."
    )
    shown = table[["name", *numbers, *changed.columns[1:]]]
    st.dataframe(
        shown if gaps is None else table_card.with_signs(shown, {"difference": 4}),
        hide_index=True,
        placeholder="",
        height="content" if len(table) <= MAX_ROWS else "auto",
        column_config={
            "name": st.column_config.Column("Variant", pinned=True),
            "value": st.column_config.NumberColumn(metric_name(compared.metric), format="%.4f"),
            "difference": st.column_config.NumberColumn("Difference"),
            "p_holm": st.column_config.NumberColumn("p (Holm)", format="%.4f"),
            **{key: st.column_config.TextColumn(key) for key in changed.columns[1:]},
        },
    )
    table_card.draw_export(table, title="Settings that differ", name="ablation-settings")


def draw_sensitivity(compared: Comparison) -> None:
    """Draw the metric against every number that was varied alone, with the same backbone."""
    runs = [r for r in compared.comparable if r.manifest["kind"] == "model"]
    same = [r for r in runs if r.backbone == _backbone(compared)]
    table = comparables.sensitivity(same, compared.metric, compared.users)
    st.subheader("Sensitivity")
    if table.empty:
        st.info(
            "No number was varied alone. A study can do that, for example over "
            "`model.temperature`: see `assets/bundled.toml`."
        )
        return
    centre = table.loc[table["is_reference"], "name"].iloc[0]
    figure_card.draw(
        sensitivity_curves(table=table, dark=is_dark()),
        title=f"{metric_name(compared.metric)} of {markdown(centre)} when one setting is varied",
        name="ablation-sensitivity",
        data=table,
        recipe=_recipe(compared, same, table),
        caption="Diamond: the value of all other variants. Lines: 95 % intervals over users and "
        "seeds. Values are equally spaced.",
    )


def draw_bins(compared: Comparison) -> None:
    """Draw how the information depends on the number of codes of each source."""
    found = [r for r in (compared.run, *compared.comparable) if r.has(INFORMATION)]
    rows = resolutions(found[0]) if found else pd.DataFrame()
    if rows.empty:
        return
    target = str(rows["target"].iloc[0])
    frame = rows.pivot(index="x", columns="atom", values="value").reset_index()
    figure_card.draw(
        atoms_against(
            frame=frame, x="x", title="Codes (bins) per source", target=target, dark=is_dark()
        ),
        title=f"Information of image and text about the {markdown(target)}, by number of bins",
        name="ablation-bins",
        data=frame,
        recipe=Recipe(
            figure="information_resolution",
            runs=(found[0].run_id,),
            options={key: str(rows[key].iloc[0]) for key in QUESTION},
        ),
        caption=f"From {markdown(found[0].name)}, seed {found[0].manifest['seed']}; more on the "
        "page Information.",
    )


def resolutions(run: Run) -> pd.DataFrame:
    """Give a run's stored atoms of image and text by number of codes, for its first target."""
    stored = loaders.table(run, INFORMATION)
    rows = stored[stored["kind"] == "resolution"]
    for column, value in FIRST_QUESTION.items():
        rows = rows[rows[column] == value]
    return rows[rows["target"] == rows["target"].iloc[0]] if len(rows) else rows


def _backbone(compared: Comparison) -> str:
    return compared.run.backbone or next((r.backbone for r in compared.trained), "")


def _recipe(compared: Comparison, runs: list[Run], table: pd.DataFrame) -> Recipe:
    names = set(table["name"])
    drawn = [run for v in comparables.variants(runs) if v.name in names for run in v.runs]
    return replace(compared, runs=drawn).recipe("sensitivity")
