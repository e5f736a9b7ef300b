"""PGFPlots source: every figure has one, it holds the numbers, and LaTeX compiles it."""

import re
import shutil
import subprocess
from pathlib import Path

import plotly.graph_objects as go
import pytest

from analysis.palettes import PALETTES, recoloured
from analysis.pgf.figure import document, to_pgfplots
from analysis.pgf.text import escape, pgf_color, plain_number
from analysis.printing import PrintOptions
from prism_core.errors import ConfigError
from tests.figures import all_figures

TEXT_BESIDE = {"entropy_histogram", "weight_against_information"}
"""Figures whose marks carry texts that may reach beyond the axes."""


@pytest.fixture(scope="module")
def figures(tiny_runs: Path) -> dict[str, go.Figure]:
    drawn = all_figures(tiny_runs)
    del drawn["table_figure"]  # a table in LaTeX is a table
    return drawn


def test_every_figure_has_balanced_source_at_its_width(figures: dict[str, go.Figure]) -> None:
    for name, figure in figures.items():
        source = to_pgfplots(figure, PrintOptions(venue="ieee"))
        plain = source.replace(r"\{", "").replace(r"\}", "")
        assert plain.count("{") == plain.count("}"), name
        assert source.count(r"\begin{axis}") == source.count(r"\end{axis}") > 0, name
        assert "nan" not in source, name


def test_the_source_holds_every_number_of_a_forest(figures: dict[str, go.Figure]) -> None:
    figure = figures["difference_forest"]
    source = to_pgfplots(figure)
    trace = figure.data[0]
    for place, value in enumerate(trace.x):
        high = plain_number(trace.error_x.array[place])
        low = plain_number(trace.error_x.arrayminus[place])
        assert f"({plain_number(value)},{place}) += ({high},0) -= ({low},0)" in source
    written = [note.text for note in figure.layout.annotations if note.text.startswith("p ")]
    assert written
    assert all(text in source for text in written)


def test_stacked_bars_start_where_the_last_one_ended() -> None:
    figure = go.Figure(
        [
            go.Bar(x=[2, -1], y=["a", "b"], orientation="h", marker_color="#C0252D"),
            go.Bar(x=[3, -4], y=["a", "b"], orientation="h", marker_color="#1162F9"),
        ],
        layout={"barmode": "relative"},
    )
    found = re.findall(
        r"\(axis cs:(-?\d+),[^)]*\) rectangle \(axis cs:(-?\d+),", to_pgfplots(figure)
    )
    assert found == [("0", "2"), ("0", "-1"), ("2", "5"), ("-1", "-5")]


def test_upright_bars_stand_side_by_side() -> None:
    figure = go.Figure([go.Bar(x=["a"], y=[2]), go.Bar(x=["a"], y=[3])])
    found = re.findall(r"\(axis cs:([^)]*)\) rectangle \(axis cs:([^)]*)\)", to_pgfplots(figure))
    assert found == [("-0.36,0", "0,2"), ("0,0", "0.36,3")]


def test_texts_colours_and_numbers() -> None:
    assert escape("<b>A_1</b><br>50 % &lt; x") == r"\textbf{A\_1}\\50 \% \textless{} x"
    assert escape("0.2 (≥ 3)") == r"0.2 ($\geq$ 3)"
    assert pgf_color("#C0252D") == "{rgb,255:red,192;green,37;blue,45}"
    assert [plain_number(v) for v in (1.50, -0.0, 1e-9, 1234567)] == ["1.5", "0", "0", "1234567"]


def test_a_trace_without_translation_is_refused() -> None:
    with pytest.raises(ConfigError, match="pie trace has no PGFPlots form"):
        to_pgfplots(go.Figure(go.Pie(values=[1])))


def test_a_broken_line_stays_broken() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1, None, 2, 3], y=[0, 1, None, 0, 1], mode="lines"))
    found = re.findall(r"coordinates \{([^}]*)\}", to_pgfplots(figure))
    assert found == ["(0,0) (1,1)", "(2,0) (3,1)"]


def test_more_points_than_latex_takes_are_refused() -> None:
    many = go.Figure(go.Scattergl(x=[0.0] * 20_001, y=[0.0] * 20_001))
    with pytest.raises(ConfigError, match="20,001 points are more than LaTeX takes"):
        to_pgfplots(many)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex with pgfplots found")
@pytest.mark.parametrize("palette", PALETTES)
def test_latex_compiles_every_figure_at_its_width(
    figures: dict[str, go.Figure], tmp_path: Path, palette: str
) -> None:
    options = PrintOptions(venue="icml", palette=palette, title=palette == "grey")
    for name, figure in figures.items():
        picture = to_pgfplots(recoloured(figure, palette), options, title="A title")
        boxed = rf"\setbox0\hbox{{{picture}}}\typeout{{WIDTH=\the\wd0}}\box0"
        (tmp_path / f"{name}.tex").write_text(document(boxed))
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (name, done.stdout[-800:])
        width = float(re.search(r"WIDTH=([\d.]+)pt", done.stdout)[1])
        assert name in TEXT_BESIDE or width / 72.27 <= 3.25 * 1.05, name
