"""LaTeX that compiles: escaped text, best in bold, significance marked."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from analysis.exhibits import TableExhibit
from analysis.latex import latex_escaped, latex_frame, latex_results
from analysis.printing import PrintOptions
from analysis.tables import with_intervals
from prism_core.errors import ConfigError

SUMMARY = pd.DataFrame(
    {
        "name": ["PRISM", "A_B & C"] * 2,
        "metric": ["ndcg@10", "ndcg@10", "hr@10", "hr@10"],
        "value": [0.3, 0.2, 0.4, 0.5],
        "low": [0.28, 0.18, 0.36, 0.46],
        "high": [0.32, 0.22, 0.44, 0.54],
        "num_users": 610,
        "num_seeds": 3,
    }
)


def test_the_best_of_each_metric_is_bold() -> None:
    lines = latex_results(SUMMARY, caption="Results.").splitlines()
    row = next(line for line in lines if line.startswith("PRISM"))
    assert row == (
        r"PRISM & \textbf{0.3000} {\scriptsize$\pm$0.0200} & "
        r"\underline{0.4000} {\scriptsize$\pm$0.0400} \\"
    )
    assert r"Model & NDCG@10 & HR@10 \\" in lines
    assert r"\toprule" in lines
    assert any("610 users" in line for line in lines)


def test_values_that_print_alike_are_marked_alike() -> None:
    same = SUMMARY.assign(value=[0.3, 0.3, 0.50001, 0.50002])
    text = latex_results(same)
    assert text.count(r"\textbf{0.3000}") == 2
    assert text.count(r"\textbf{0.5000}") == 2
    assert r"\underline" not in text


def test_only_significant_differences_are_marked() -> None:
    gaps = pd.DataFrame({"name": ["A_B & C"], "p_holm": [0.01]})
    text = latex_results(SUMMARY, differences={"ndcg@10": gaps})
    row = next(line for line in text.splitlines() if line.startswith(r"A\_B \& C"))
    assert row.count(r"\dagger") == 1
    assert row.index(r"\dagger") < row.index("0.5000")
    none = latex_results(SUMMARY, differences={"ndcg@10": gaps.assign(p_holm=0.2)})
    assert r"}$^{\dagger}$" not in none


def test_special_characters_are_escaped() -> None:
    assert latex_escaped("50% of A_B & {x} $5 #1 ~ ^ \\") == (
        r"50\% of A\_B \& \{x\} \$5 \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )


def test_braces_and_environments_are_balanced() -> None:
    for text in (latex_results(SUMMARY), latex_frame(SUMMARY)):
        assert text.count(r"\begin{") == text.count(r"\end{")
        plain = text.replace(r"\{", "").replace(r"\}", "")
        assert plain.count("{") == plain.count("}")
        columns = text.split(r"\begin{tabular}{")[1].split("}")[0]
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert {line.replace(r"\&", "").count("&") + 1 for line in rows} == {len(columns)}


def test_an_interval_stands_behind_its_value() -> None:
    drawn = pd.DataFrame(
        {"panel": "x", "series": "Model", "x": [0.3, 0.25], "y": ["A", "B"],
         "low": [0.2, None], "high": [0.4, None]}
    )  # fmt: skip
    told = with_intervals(drawn)
    assert told.to_dict("list") == {"x": ["0.3 [0.2, 0.4]", "0.25"], "y": ["A", "B"]}


def test_a_wide_table_spans_the_text_and_a_long_one_is_refused() -> None:
    wide = latex_frame(SUMMARY, wide=True)
    assert wide.startswith(r"\begin{table*}[t]")
    assert r"\end{table*}" in wide
    with pytest.raises(ConfigError, match="61 rows do not fit a page"):
        latex_frame(pd.DataFrame({"x": range(61)}))


def test_a_table_is_a_figure_that_fits_its_width() -> None:
    frame = pd.DataFrame({"Model": ["A model with a rather long name"], "NDCG": [0.123456]})
    exhibit = TableExhibit(frame=frame, title="<b>")
    printed = exhibit.printed(PrintOptions(venue="icml"))
    assert printed.layout.width == 312
    assert "0.1235" in [note.text for note in printed.layout.annotations]
    assert b"&lt;b&gt;" in exhibit.export("html", PrintOptions())
    assert exhibit.export("csv", PrintOptions()).splitlines()[1].endswith(b',"0.123456"')
    many = pd.DataFrame({f"column {n}": [0.123456] for n in range(30)})
    with pytest.raises(ConfigError, match="choose the full width"):
        TableExhibit(frame=many).printed(PrintOptions(venue="icml"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex with booktabs found")
def test_latex_compiles_the_tables(tmp_path: Path) -> None:
    gaps = {"ndcg@10": pd.DataFrame({"name": ["A_B & C"], "p_holm": [0.01]})}
    hostile = pd.DataFrame({"50 % & more": ["a_b ~ ^ \\ {x} #1 $5 < > ≥ ★ … é “q”"]})
    body = latex_results(SUMMARY, differences=gaps, caption="A & B.") + latex_frame(hostile)
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}"
    document = head + r"\begin{document}" + body + r"\end{document}"
    (tmp_path / "tables.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-800:]
