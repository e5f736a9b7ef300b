"""The command ``python -m analysis report``: the standard figures and tables of a paper."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from analysis import comparison
from analysis.bundle import Card, write_bundle
from analysis.events import emit
from analysis.explanations import explain_user
from analysis.export import FORMATS
from analysis.printing import PrintOptions
from analysis.recipes import Recipe
from analysis.report_tables import Table
from analysis.venues import VENUES
from prism_core.errors import DataError
from prism_core.store.reader import Run

FULL_MODEL: Final = "PRISM"
"""Name of the variant that ablations are compared with."""
MOST_SIDE_BY_SIDE: Final = 8
"""Variants whose curves and columns can be told apart; of more, the best are drawn."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--venue", choices=list(VENUES), default="acm")
    parser.add_argument("--reference", help="name of the run to compare with; the best floor")
    parser.add_argument("--user", action="append", default=[], help="case study (repeatable)")
    parser.add_argument(
        "--format", action="append", choices=list(FORMATS), help="repeatable; pdf, svg and csv"
    )


def run(args: argparse.Namespace) -> None:
    """Write the report."""
    runs = [Run(path) for path in args.runs]
    folders = {one.run_id: one.path for one in runs}
    if len(folders) < len(runs):
        raise DataError("two of the given folders hold the same run; give each run once.")
    emit("progress", done=0, total=2, what="tables")
    variants = comparison.variants_of(runs)
    reference = args.reference or _default_reference(variants)
    cards = list(standard_cards(runs, variants, reference, args.user, args.venue))
    tables = standard_tables(runs, variants, reference, args.user)
    emit("progress", done=1, total=2, what="figures")
    formats = args.format or ["pdf", "svg", "csv"]
    written = write_bundle(cards, folders, args.out, formats=formats, tables=tables)
    emit("finished", done=2, total=2, files=len(written), out=str(args.out))


def standard_cards(
    runs: Sequence[Run],
    variants: Sequence[comparison.Variant],
    reference: str,
    users: Sequence[str],
    venue: str,
) -> Iterator[Card]:
    """Give the figures of a paper: comparisons, population, maps, and a case study per user."""
    ids = tuple(run.run_id for run in runs)
    column = PrintOptions(venue=venue)
    full = PrintOptions(venue=venue, span="full")
    people, seeds = variants[0].ranks.shape[1], max(len(v.runs) for v in variants)
    sample = f"{people} users, up to {seeds} seed(s); 95 % intervals."
    yield Card(
        name="metrics",
        caption=f"Models and floors. {sample}",
        recipe=Recipe(figure="metrics", runs=ids),
        options=full,
    )
    parted = _parted(runs, users)
    if len(variants) > 1:
        groups_of = {} if parted is None else {"groups_of": parted.run_id}
        size = full if len(variants) > MOST_SIDE_BY_SIDE else column
        yield from _paired_cards(ids, reference, sample, size)
        yield from _side_by_side_cards(variants, reference, size, groups_of)
    if parted is not None:
        yield from _part_cards(parted, column, full)
        for user_id in users:
            yield from _case_study(parted, user_id, column)


def standard_tables(
    runs: Sequence[Run],
    variants: Sequence[comparison.Variant],
    reference: str,
    users: Sequence[str],
) -> list[Table]:
    """Give the LaTeX tables of a paper."""
    tables = [_results("main", variants, "Results", reference)]
    trained = [variant for variant in variants if variant.kind == "model"]
    if len(trained) > 1:
        full = next((v.name for v in trained if v.name == FULL_MODEL), _strongest(trained))
        tables.append(_results("ablation", trained, "Ablation", full))
    parted = _parted(runs, users)
    if parted is not None:
        tables += [
            Table(
                name=f"user-{_safe(user_id)}",
                content="recommendations",
                runs=(parted.run_id,),
                options={"user_id": user_id},
            )
            for user_id in users
        ]
    return tables


def _results(
    name: str, variants: Sequence[comparison.Variant], title: str, reference: str
) -> Table:
    about = {"title": title, "reference": reference}
    return Table(name=name, content="results", runs=_ids(variants), options=about)


def _parted(runs: Sequence[Run], users: Sequence[str]) -> Run | None:
    """Give the run whose parts are shown: of those with recommendations the one that keeps most."""
    detailed = [run for run in runs if run.parts and run.has("recommendations")]
    if users and not detailed:
        raise DataError(
            f"no case study of user {users[0]!r}: none of the given runs has parts and kept its "
            "recommendations; give one that has, or train it again."
        )
    return max(detailed, key=_kept, default=None)


def _kept(run: Run) -> int:
    return sum([run.has("users"), run.has("information"), run.has_vectors, _has_maps(run)])


def _has_maps(run: Run) -> bool:
    return any(name.startswith("maps/items") for name in run.manifest["files"])


def _paired_cards(
    ids: tuple[str, ...], reference: str, sample: str, size: PrintOptions
) -> Iterator[Card]:
    captions = {
        "differences": f"NDCG@10 against {reference}, paired over users. {sample}",
        "wins": f"Users for whom NDCG@10 is above, equal to or below {reference}.",
    }
    for figure, caption in captions.items():
        recipe = Recipe(figure=figure, runs=ids, options={"reference": reference})
        yield Card(name=figure, caption=caption, recipe=recipe, options=size)


def _side_by_side_cards(
    variants: Sequence[comparison.Variant],
    reference: str,
    size: PrintOptions,
    groups_of: Mapping[str, str],
) -> Iterator[Card]:
    """Give the figures in which every variant is a column or a curve."""
    grouping = {v.name for v in variants if groups_of.get("groups_of") in _ids([v])}
    others = [v for v in variants if v.name != reference]
    columns = _leading(others, grouping)
    kept = {reference, *(v.name for v in columns)}
    uncertain = "within groups of users; grey cells are uncertain."
    yield Card(
        name="slices",
        caption=f"NDCG@10 against {reference} {uncertain}{_share(columns, others)}",
        recipe=Recipe(
            figure="slices",
            runs=_ids([v for v in variants if v.name in kept]),
            options={"reference": reference, **groups_of},
        ),
        options=size,
    )
    trained = [v for v in variants if v.kind == "model"] or list(variants)
    curves = _leading(trained)
    bands = "bands are the range over seeds."
    yield Card(
        name="learning_curves",
        caption=f"Validation NDCG@10 over epochs; {bands}{_share(curves, trained)}",
        recipe=Recipe(figure="learning_curves", runs=_ids(curves)),
        options=size,
    )


def _leading(
    variants: Sequence[comparison.Variant], needed: Iterable[str] = ()
) -> list[comparison.Variant]:
    """Keep the best variants, and the full model and those needed whatever their place."""
    first = {FULL_MODEL, *needed}
    ranked = sorted(variants, key=lambda one: (one.name not in first, -_mean(one)))
    kept = {one.name for one in ranked[:MOST_SIDE_BY_SIDE]}
    return [one for one in variants if one.name in kept]


def _share(kept: Sequence[comparison.Variant], variants: Sequence[comparison.Variant]) -> str:
    if len(kept) == len(variants):
        return ""
    has_full = any(one.name == FULL_MODEL for one in kept)
    chosen = f"{FULL_MODEL} and the best others" if has_full else "the best"
    return f" Shown are {chosen}, {len(kept)} of {len(variants)}."


def _ids(variants: Sequence[comparison.Variant]) -> tuple[str, ...]:
    return tuple(run.run_id for variant in variants for run in variant.runs)


def _part_cards(run: Run, column: PrintOptions, full: PrintOptions) -> Iterator[Card]:
    captions = {
        "weights": "Fusion weights over all users; bars are quartiles.",
        "contributions": "Mean contribution (Shapley value) of each part to the listed items.",
        "triangle": "Users by the share of each part in their contributions.",
    }
    for figure, caption in captions.items():
        recipe = Recipe(figure=figure, runs=(run.run_id,))
        yield Card(name=figure, caption=caption, recipe=recipe, options=column)
    if run.has("information"):
        caption = "What image and text tell about the next item's category, in bits."
        recipe = Recipe(figure="information", runs=(run.run_id,))
        yield Card(name="information", caption=caption, recipe=recipe, options=column)
    if run.has_vectors:
        yield Card(
            name="maps",
            caption="Items in the space of each part.",
            recipe=Recipe(figure="maps", runs=(run.run_id,)),
            options=full,
        )


def _case_study(run: Run, user_id: str, column: PrintOptions) -> Iterator[Card]:
    first = explain_user(run, user_id).recommendations.iloc[0]
    about = {"user_id": user_id}
    captions = {
        "user": f"Contributions of the parts to the items recommended to user {user_id}.",
        "weights": f"Fusion weights of user {user_id} among all users.",
        "waterfall": f"From the score with everything off to the score of {first['title']}.",
    }
    for figure, caption in captions.items():
        options = about | ({"item_id": first["item_id"]} if figure == "waterfall" else {})
        recipe = Recipe(figure=figure, runs=(run.run_id,), options=options)
        name = f"user-{_safe(user_id)}-{figure}"
        yield Card(name=name, caption=caption, recipe=recipe, options=column)


def _default_reference(variants: Sequence[comparison.Variant]) -> str:
    """Name the best floor, or the weakest model where there is no floor."""
    floors = [v for v in variants if v.kind == "floor"]
    return _strongest(floors) if floors else min(variants, key=_mean).name


def _strongest(variants: Sequence[comparison.Variant]) -> str:
    return max(variants, key=_mean).name


def _mean(variant: comparison.Variant) -> float:
    return float(variant.values("ndcg@10").mean())


def _safe(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text)
