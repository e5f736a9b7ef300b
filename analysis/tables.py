"""Tables leaving the program: CSV that a spreadsheet cannot run, LaTeX that a paper can print."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell of text that starts so is run as a formula by spreadsheets."""

DIGITS: Final = "%.10g"
"""Numbers of a CSV: what matters, without the last bits that differ between processors."""

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
}


def safe_csv(frame: pd.DataFrame) -> str:
    """Write a frame as CSV; text that a spreadsheet would run as a formula gets a leading quote.

    References
    ----------
    OWASP, CSV injection.
    """
    safe = frame.map(_safe_cell).rename(columns=_safe_cell)
    options: dict[str, Any] = {"index": False, "lineterminator": "\n", "float_format": DIGITS}
    return safe.to_csv(quoting=csv.QUOTE_NONNUMERIC, **options)


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
    return "\n".join(
        [
            r"\begin{table}[t]",
            r"\centering",
            rf"\caption{{{latex_escaped(caption)} {note}}}".replace("{ ", "{"),
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{l{'c' * len(metrics)}}}",
            r"\toprule",
            head,
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def latex_frame(frame: pd.DataFrame, *, caption: str = "", label: str = "tab:data") -> str:
    """Write any frame as a booktabs table, numbers to four digits."""
    body = frame.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
    align = "".join("r" if pd.api.types.is_numeric_dtype(t) else "l" for t in frame.dtypes)
    rows = [" & ".join(map(latex_escaped, row)) + r" \\" for row in body.to_numpy()]
    head = " & ".join(latex_escaped(str(c).replace("_", " ")) for c in frame.columns) + r" \\"
    top = [r"\begin{table}[t]", r"\centering", rf"\caption{{{latex_escaped(caption)}}}"]
    table = [rf"\label{{{label}}}", rf"\begin{{tabular}}{{{align}}}", r"\toprule", head]
    end = [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join([*top, *table, r"\midrule", *rows, *end])


def _metric_cells(rows: pd.DataFrame, differences: pd.DataFrame | None) -> dict[str, Any]:
    ordered = rows.sort_values("value", ascending=False)["name"].to_list()
    p = {} if differences is None else differences.set_index("name")["p_holm"].to_dict()
    return {"rows": rows.set_index("name"), "order": ordered, "p": p}


def _cell(column: Mapping[str, Any], name: str) -> str:
    if name not in column["rows"].index:
        return "--"
    row = column["rows"].loc[name]
    text = f"{row['value']:.4f}"
    if column["order"][0] == name:
        text = rf"\textbf{{{text}}}"
    elif len(column["order"]) > 1 and column["order"][1] == name:
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


def _safe_cell(value: Any) -> Any:
    if isinstance(value, np.ndarray | Sequence) and not isinstance(value, str | bytes):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
