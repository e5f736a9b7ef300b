"""LaTeX that compiles: escaped text, best in bold, significance marked."""

import pandas as pd

from analysis.latex import latex_escaped, latex_frame, latex_results

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
