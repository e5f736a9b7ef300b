"""LaTeX: escaped text, and tables with booktabs, best values in bold, marks of significance."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from analysis.tables import printed_cells
from prism_core.errors import ConfigError

MOST_ROWS: Final = 60
"""Rows that fit a page."""

_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "≈": r"$\approx$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "★": r"$\star$",
    "✓": r"$\surd$",
    "Δ": r"$\Delta$",
    "−": "$-$",
    "…": r"\ldots{}",
    "·": r"\textperiodcentered{}",
    "\u00a0": "~",
    "\u2002": r"\enspace{}",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
}


def latex_escaped(text: str) -> str:
    """Escape a text for LaTeX."""
    return "".join(_LATEX.get(character, character) for character in str(text))


def latex_results(
    summary: pd.DataFrame,
    *,
    differences: Mapping[str, pd.DataFrame] | None = None,
    caption: str = "",
    label: str = "tab:results",
    level: float = 0.05,
    wide: bool = False,
) -> str:
    """Write a table of results: variants by metrics, best in bold, second underlined.

    Parameters
    ----------
    summary
        ``name``, ``metric``, ``value``, ``low``, ``high`` as of
        :func:`analysis.comparison.summary`.
    differences
        Per metric the frame of :func:`analysis.comparison.differences`; a dagger marks variants
        that differ from the reference after Holm's correction.
    caption, label
        Of the table.
    level
        Level of significance.
    wide
        Whether the table spans the whole text.

    Returns
    -------
    str
        A ``table`` environment that needs the package booktabs.
    """
    metrics = list(dict.fromkeys(summary["metric"]))
    names = list(dict.fromkeys(summary["name"]))
    cells = {
        metric: _metric_cells(summary[summary["metric"] == metric], (differences or {}).get(metric))
        | {"level": level}
        for metric in metrics
    }
    lines = [
        " & ".join([latex_escaped(name), *(_cell(cells[m], name) for m in metrics)]) + r" \\"
        for name in names
    ]
    head = " & ".join(["Model", *(latex_escaped(_metric_head(m)) for m in metrics)]) + r" \\"
    note = _note(summary, differences is not None)
    about = f"{latex_escaped(caption)} {note}".strip()
    return _environment("l" + "c" * len(metrics), head, lines, about, label, wide=wide)


def latex_frame(
    frame: pd.DataFrame, *, caption: str = "", label: str = "tab:data", wide: bool = False
) -> str:
    """Write any frame as a booktabs table, numbers to four digits; ``wide`` spans the text.

    Raises
    ------
    ConfigError
        The frame has more rows than a page.
    """
    if len(frame) > MOST_ROWS:
        raise ConfigError(
            f"{len(frame):,} rows do not fit a page: a LaTeX table takes at most {MOST_ROWS}; "
            "choose CSV."
        )
    align = "".join("r" if pd.api.types.is_numeric_dtype(t) else "l" for t in frame.dtypes)
    rows = [" & ".join(map(latex_escaped, row)) + r" \\" for row in printed_cells(frame).to_numpy()]
    head = " & ".join(latex_escaped(str(c).replace("_", " ")) for c in frame.columns) + r" \\"
    return _environment(align, head, rows, latex_escaped(caption), label, wide=wide)


def _environment(
    align: str, head: str, rows: Sequence[str], caption: str, label: str, *, wide: bool
) -> str:
    name = "table*" if wide else "table"
    return "\n".join(
        [
            rf"\begin{{{name}}}[t]",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{{align}}}",
            r"\toprule",
            head,
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\end{{{name}}}",
            "",
        ]
    )


def _metric_cells(rows: pd.DataFrame, differences: pd.DataFrame | None) -> dict[str, Any]:
    """Give what a column needs; values that print alike share their place."""
    printed = [f"{value:.4f}" for value in sorted(rows["value"], reverse=True)]
    p = {} if differences is None else differences.set_index("name")["p_holm"].to_dict()
    return {"rows": rows.set_index("name"), "best": list(dict.fromkeys(printed)), "p": p}


def _cell(column: Mapping[str, Any], name: str) -> str:
    if name not in column["rows"].index:
        return "--"
    row = column["rows"].loc[name]
    text = f"{row['value']:.4f}"
    if text == column["best"][0]:
        text = rf"\textbf{{{text}}}"
    elif text in column["best"][1:2]:
        text = rf"\underline{{{text}}}"
    mark = r"$^{\dagger}$" if column["p"].get(name, 1.0) < column["level"] else ""
    half = (row["high"] - row["low"]) / 2
    return rf"{text}{mark} {{\scriptsize$\pm${half:.4f}}}"


def _metric_head(metric: str) -> str:
    names = {"ndcg": "NDCG", "recall": "Recall", "hr": "HR", "mrr": "MRR"}
    name, _, cutoff = metric.partition("@")
    return f"{names.get(name, name)}@{cutoff}"


def _note(summary: pd.DataFrame, tested: bool) -> str:
    users, seeds = summary["num_users"].max(), summary["num_seeds"].max()
    text = rf"Mean $\pm$ half of the 95\% interval over {users} users and up to {seeds} seed(s)."
    dagger = r" $\dagger$: differs from the reference (Holm-corrected $p < .05$)."
    return text + (dagger if tested else "")
