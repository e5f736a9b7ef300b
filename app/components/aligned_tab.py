"""The same items under several runs: a slider between aligned maps, and what really moved."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from analysis import maps
from analysis.alignment import NEIGHBOURS, aligned_maps, mean_overlaps, movers
from analysis.map_points import color_columns, column_label
from analysis.plots.maps import grouping_of, silhouette_text, space_label
from analysis.plots.morph import morphing_map
from analysis.plots.theme import label_of
from analysis.recipes import Recipe
from analysis.spaces import ITEMS
from app import loaders
from app.components import aligned_computing, figure_card, table_card
from app.components.map_neighbours import names_of
from app.state import Widget, is_dark, select
from prism_core.store.reader import Run

RINGED = 10
LISTED = 100
EXPLANATION = (
    "The runs are placed so that a point stays where it is as far as its neighbours let it. "
    "**Motion on the picture is not evidence.** What counts is the table below: how many of the "
    f"{NEIGHBOURS} nearest points, in the space itself, a point shares between two runs."
)


def draw(run: Run) -> None:
    """Draw the tab."""
    st.markdown(EXPLANATION)
    groups = {name: known for name, ids in aligned_maps(run).items() if (known := _open(name, ids))}
    if groups:
        _draw_group(run, groups)
    else:
        st.info("This run has no map that is aligned with other runs yet. Compute one below.")
    aligned_computing.draw(run, is_first=not groups)


def run_label(run: Run) -> str:
    """Name a run with its seed."""
    return f"{run.name} · seed {run.manifest['seed']}"


def _open(name: str, ids: list[str]) -> dict[str, Run]:
    """Open the runs of a group that are here and have the map, in order; none if only one is."""
    entries = {e.run_id: e for e in loaders.run_entries() if e.status == "complete"}
    runs = {run_id: loaders.open_run(entries[run_id]) for run_id in ids if run_id in entries}
    known = {run_id: one for run_id, one in runs.items() if one.has(name)}
    return known if len(known) > 1 else {}


def _draw_group(run: Run, groups: dict[str, dict[str, Run]]) -> None:
    row = st.grid(4, min_column_width=170)
    name = row.selectbox(
        "Aligned map", list(groups), format_func=lambda one: _group_label(one, groups[one]),
        key=Widget.ALIGNED,
    )  # fmt: skip
    runs, (_, scope, *_) = groups[name], name.replace("/", "-").split("-")
    points = loaders.points_of(run, scope)
    ids = list(runs)
    first = row.selectbox(
        "From", ids, format_func=lambda i: run_label(runs[i]), key=Widget.ALIGNED_FROM
    )
    others = [run_id for run_id in ids if run_id != first]
    second = row.selectbox(
        "To", others, index=len(others) - 1, format_func=lambda i: run_label(runs[i]),
        key=f"{Widget.ALIGNED_TO}-{first}",
    )  # fmt: skip
    color = row.selectbox(
        "Colour", color_columns(points), format_func=column_label, key=Widget.ALIGNED_COLOR
    )
    frames = {run_id: loaders.table(one, name) for run_id, one in runs.items()}
    ranked = movers(frames[first], second)
    _draw_morph(name, scope, runs, frames, points, str(color), ranked)
    _draw_overlaps(name, runs, frames)
    _draw_movers(scope, points, ranked, f"{run_label(runs[first])} and {run_label(runs[second])}")


def _draw_morph(
    name: str,
    scope: str,
    runs: dict[str, Run],
    frames: dict[str, pd.DataFrame],
    points: pd.DataFrame,
    color: str,
    ranked: pd.DataFrame,
) -> None:
    ringed = ranked["row"].head(RINGED).tolist()
    figure = morphing_map(
        planes={run_label(one): frames[run_id] for run_id, one in runs.items()},
        points=points, color=color, highlighted=ringed, dark=is_dark(),
    )  # fmt: skip
    figure_card.draw(
        figure,
        title=f"{space_label(_space_of(name))} of the {scope}, from run to run",
        name=Widget.ALIGNED_CHART,
        data=pd.concat([f.assign(run_id=run_id) for run_id, f in frames.items()]),
        caption=f"Move the slider to go from one run to the next. Ringed: the {RINGED} points "
        "whose true neighbourhood changed most between the two runs chosen above.",
        recipe=Recipe(figure="aligned", runs=tuple(runs), options={"map": name, "color": color}),
    )


def _draw_overlaps(name: str, runs: dict[str, Run], frames: dict[str, pd.DataFrame]) -> None:
    """Draw how much any two runs share, and how far each map can be trusted."""
    labels = {run_id: run_label(one) for run_id, one in runs.items()}
    shared = mean_overlaps(frames).rename(index=labels, columns=labels).round(3)
    st.markdown("**Mean overlap of true neighbourhoods** (1: the same, 0: nothing in common)")
    table_card.draw(
        shared.rename_axis("Run").reset_index(),
        title="Mean overlap of true neighbourhoods",
        name="aligned-overlaps",
    )
    said = "; ".join(
        f"{label}: {_quality_text(maps.quality_of(loaders.table(runs[run_id], f'{name}-about')))}"
        for run_id, label in labels.items()
    )
    st.caption(f"How far each picture can be trusted: {said}. {_seeds(runs, frames)}")


def _quality_text(quality: Mapping[str, float]) -> str:
    trust, kept = (quality[k] for k in ("trustworthiness", "neighbourhood_preservation"))
    said = f"trustworthiness {trust:.2f}, neighbours kept {kept:.2f}"
    if separation := silhouette_text(quality, ""):
        said += f", silhouette by {column_label(grouping_of(quality, '')).lower()} {separation}"
    return said


def _seeds(runs: dict[str, Run], frames: dict[str, pd.DataFrame]) -> str:
    """Say what chance alone does, where the group has two seeds of one recipe."""
    means = mean_overlaps(frames)
    pairs = [
        (one, other) for place, one in enumerate(runs) for other in list(runs)[place + 1 :]
        if runs[one].name == runs[other].name
        and runs[one].manifest.get("config_hash") == runs[other].manifest.get("config_hash")
    ]  # fmt: skip
    if not pairs:
        return (
            "Align two seeds of one recipe as well to see how much overlap is lost by chance alone."
        )
    value = sum(means.loc[pair] for pair in pairs) / len(pairs)
    return (
        f"Two seeds of one recipe share {value:.2f} here. Only an overlap clearly below that "
        "says something about the recipe."
    )


def _draw_movers(scope: str, points: pd.DataFrame, ranked: pd.DataFrame, pair: str) -> None:
    st.subheader("What moved")
    top = ranked.head(LISTED)
    names = names_of(points, top["row"].tolist())
    said = [c for c in ("category", "popularity", "top_part", "error") if c in points]
    table = pd.DataFrame(
        {"place": range(1, len(top) + 1), "name": names, "overlap": top["overlap"]}
    )
    known = points.loc[top["row"], said].reset_index(drop=True)
    if "top_part" in known:
        known["top_part"] = known["top_part"].map(label_of)
    known = known.round(2).rename(columns=column_label)
    st.dataframe(
        pd.concat([table, known], axis=1),
        hide_index=True,
        placeholder="",
        height=360,
        key=Widget.MOVERS,
        on_select=lambda: _choose(scope, points, top),
        selection_mode="single-row",
        column_config={
            "place": st.column_config.NumberColumn("", width="small"),
            "name": scope[:-1].capitalize(),
            "overlap": st.column_config.ProgressColumn(
                f"Overlap (Jaccard at {NEIGHBOURS})", min_value=0, max_value=1, format="%.2f"
            ),
        },
    )
    table_card.draw_export(
        pd.concat([table, known], axis=1), title=f"What moved between {pair}", name="aligned-movers"
    )
    st.caption(
        f"Least shared neighbourhood between {pair} first; {len(top):,} of {len(ranked):,}. Choose "
        "a row, then see its neighbours in the tab Maps."
    )


def _choose(scope: str, points: pd.DataFrame, top: pd.DataFrame) -> None:
    rows = st.session_state[Widget.MOVERS]["selection"]["rows"]
    if rows and rows[0] < len(top):
        row = int(top["row"].iloc[rows[0]])
        if scope == ITEMS:
            select(item=str(points["item_id"].iloc[row]))
        else:
            select(user=str(points["user_id"].iloc[row]))


def _group_label(name: str, runs: dict[str, Run]) -> str:
    return f"{space_label(_space_of(name))}, {len(runs)} runs"


def _space_of(name: str) -> str:
    return name.split("-")[1]
