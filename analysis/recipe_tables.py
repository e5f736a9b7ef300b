"""LaTeX tables of figures by name, where a table says more than the numbers drawn."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from analysis import comparison
from analysis.exhibits import WriteLatex
from analysis.latex import latex_frame, latex_results
from analysis.printing import PrintOptions
from analysis.recipes import Recipe, chosen_variants
from prism_core.store.reader import Run

METRICS: Final = ("ndcg@10", "hr@10")


def write_latex(recipe: Recipe, folders: Mapping[str, Path], caption: str) -> WriteLatex | None:
    """Give what writes a figure's table; None where it is the list of what is drawn."""
    if recipe.figure not in TABLES:
        return None

    def write(options: PrintOptions) -> str:
        runs = [Run(folders[run_id]) for run_id in recipe.runs]
        wide = options.span == "full"
        return TABLES[recipe.figure](runs, recipe.options, caption, wide)

    return write


def _results(runs: Sequence[Run], options: Mapping[str, Any], caption: str, wide: bool) -> str:
    """Metrics with intervals, the best in bold, daggers against the highlighted variant."""
    metrics = list(options.get("metrics", METRICS))
    variants = chosen_variants(runs, options)
    reference = options.get("highlight")
    is_tested = len(variants) > 1 and reference in {v.name for v in variants}
    gaps = {
        metric: comparison.differences(variants, reference=str(reference), metric=metric)
        for metric in (metrics if is_tested else ())
    }
    return latex_results(
        comparison.summary(variants, metrics=metrics),
        differences=gaps if is_tested else None,
        caption=f"{caption} The reference is {reference}." if is_tested else caption,
        wide=wide,
    )


def _gaps(runs: Sequence[Run], options: Mapping[str, Any], caption: str, wide: bool) -> str:
    """Paired differences with intervals, effect sizes and corrected p values."""
    variants = chosen_variants(runs, options)
    metric = options.get("metric", "ndcg@10")
    table = comparison.differences(variants, reference=options["reference"], metric=metric)
    ends = zip(table["low"], table["high"], strict=True)
    shown = table[["name", "value", "difference", "effect_size", "p_holm"]]
    shown.insert(3, "95 % interval", [f"[{low:.4g}, {high:.4g}]" for low, high in ends])
    names = {"name": "Model", "value": metric, "effect_size": "d_z", "p_holm": "p (Holm)"}
    return latex_frame(shown.rename(columns=names), caption=caption, wide=wide)


TABLES: Final[Mapping[str, Callable[[Sequence[Run], Mapping[str, Any], str, bool], str]]] = {
    "metrics": _results,
    "differences": _gaps,
    "wins": _gaps,
}
