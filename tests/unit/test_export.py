"""What leaves the program: true sizes, readable text, vectors, and exactly what is drawn."""

import io
import re
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image
from pypdf import PageObject, PdfReader

from analysis import browser, rendering, tables
from analysis.browser import BROWSER
from analysis.export import FORMATS, drawn_frame, export
from analysis.plots import comparison as comparison_plots
from analysis.plots import theme
from analysis.printing import MAX_VECTOR_POINTS, PAGE_INCHES, PrintOptions, for_print, for_screen
from analysis.venues import VENUES
from prism_core.errors import ConfigError, MissingExtraError, PrismError
from tests.figures import all_figures, drawn_builders

EARLY_STYLE = """
        <script>
            const set = Element.prototype.setAttribute;
            Element.prototype.setAttribute = function (...given) {
                this.getAttribute("style");
                return set.apply(this, given);
            };
        </script>
"""
"""Writes each element's style at once, as a layout of the page would."""
needs_browser = pytest.mark.skipif(
    rendering.find_browser() is None, reason="no Chrome or Chromium found"
)


class Text(NamedTuple):
    """A piece of text in a PDF, in points from the lower left."""

    text: str
    x: float
    y: float
    size: float
    level: bool


@pytest.fixture(scope="module")
def figures(tiny_runs: Path) -> dict[str, go.Figure]:
    return all_figures(tiny_runs)


def page_of(pdf: bytes) -> PageObject:
    return PdfReader(io.BytesIO(pdf)).pages[0]


def texts_of(page: PageObject) -> list[Text]:
    found: list[Text] = []

    def visit(text: str, cm: list, tm: list, font: object, size: float) -> None:
        if text.strip():
            turn = np.array([tm[:2], tm[2:4]]) @ np.array([cm[:2], cm[2:4]])
            x, y = np.array([*tm[4:], 1]) @ np.array([cm[:2], cm[2:4], cm[4:]])
            real = size * abs(np.linalg.det(turn)) ** 0.5
            found.append(Text(text.strip(), x, y, real, abs(turn[0, 1]) < 1e-6))

    page.extract_text(visitor_text=visit)
    return found


def test_every_builder_of_a_figure_is_among_them(figures: dict[str, go.Figure]) -> None:
    drawn_as = {"linked_maps": "part_maps"}
    assert {drawn_as.get(name, name) for name in drawn_builders()} <= set(figures)


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("span", ["column", "full"])
@pytest.mark.parametrize("venue", VENUES)
def test_every_figure_at_every_venue(figures: dict[str, go.Figure], venue: str, span: str) -> None:
    options = PrintOptions(venue=venue, span=span)
    for name, figure in figures.items():
        check_page(export(figure, "pdf", options), for_print(figure, options), name)


@needs_browser
@pytest.mark.slow
def test_a_grey_titled_figure_with_small_text_has_room_for_it(
    figures: dict[str, go.Figure],
) -> None:
    options = PrintOptions(venue="icml", palette="grey", title=True, points=7.5, legend="bottom")
    title = "A title of the figure that is long enough to need a second line of a column"
    for name, figure in figures.items():
        printed = for_print(figure, options, title=title)
        check_page(export(figure, "pdf", options, title=title), printed, name)


def check_page(pdf: bytes, printed: go.Figure, name: str) -> None:
    page = page_of(pdf)
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    assert width == pytest.approx(printed.layout.width * 0.75, abs=0.1), name
    assert height == pytest.approx(printed.layout.height * 0.75, abs=0.1), name
    bottom = float(page.mediabox.bottom)
    texts = texts_of(page)
    assert texts, name
    assert min(text.size for text in texts) >= 7, name
    for text in texts:
        end = text.x + (0.38 * text.size * len(text.text) if text.level else 0)
        assert -0.5 <= text.x <= end <= width + 0.5, (name, text)
        assert -0.5 <= text.y - bottom <= height - 0.6 * text.size, (name, text)
    assert not overlapping(texts), (name, overlapping(texts))
    assert fonts_are_embedded(page), name
    assert not len(page.images), name


def many_variants(count: int) -> dict[str, go.Figure]:
    rows = pd.DataFrame(
        {
            "name": [f"Variant {place} of a study" for place in range(count)],
            "kind": "model",
            "metric": "ndcg@10",
            "value": np.linspace(0.03, 0.06, count),
            "difference": np.linspace(-0.02, 0.01, count),
            "p_holm": 0.5,
            "wins": 30,
            "ties": 500,
            "losses": 80,
        }
    )
    around = rows.assign(low=rows["value"] - 0.013, high=rows["value"] + 0.013)
    apart = rows.assign(low=rows["difference"] - 0.013, high=rows["difference"] + 0.013)
    both = pd.concat([around, around.assign(metric="hr@10")])
    return {
        "metrics": comparison_plots.metric_forest(table=both),
        "differences": comparison_plots.difference_forest(table=apart, reference="Item-kNN"),
        "wins": comparison_plots.win_tie_loss(table=apart, reference="Item-kNN"),
    }


@needs_browser
@pytest.mark.parametrize("count", [23, 51])
def test_a_study_with_many_variants_fits_a_column_and_a_page_with_level_texts(count: int) -> None:
    for name, figure in many_variants(count).items():
        pdf = export(figure, "pdf", PrintOptions(venue="icml"))
        check_page(pdf, for_print(figure, PrintOptions(venue="icml")), name)
        texts = texts_of(page_of(pdf))
        assert all(text.level for text in texts), name
        assert sum(text.text.startswith("Variant") for text in texts) == count, name
        assert float(page_of(pdf).mediabox.height) <= PAGE_INCHES * 72 + 0.5, name


def test_a_tall_figure_is_as_high_in_latex_as_on_paper() -> None:
    figure = many_variants(51)["wins"]
    (inches,) = re.findall(r"height=([\d.]+)in", export(figure, "tex").decode())
    assert float(inches) < PAGE_INCHES


def overlapping(texts: list[Text]) -> list[tuple[str, str]]:
    """Pairs of level texts that cover each other, by a cautious estimate of their boxes."""
    level = [text for text in texts if text.level]
    pairs = []
    for place, one in enumerate(level):
        for other in level[place + 1 :]:
            left, right = sorted((one, other), key=lambda text: text.x)
            covers = left.x + 0.38 * left.size * len(left.text) > right.x
            if covers and abs(one.y - other.y) < 0.5 * one.size:
                pairs.append((left.text, right.text))
    return pairs


def fonts_are_embedded(page: PageObject) -> bool:
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    return all(
        font["/Subtype"] == "/Type3"
        or "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for font in fonts
    )


@needs_browser
def test_nothing_at_the_page_s_edge_is_cut_off() -> None:
    figure = go.Figure(go.Bar(x=["a"], y=[1]))
    figure.update_layout(template=theme.LIGHT, height=200)
    figure.add_annotation(text="EDGE", x=1, y=0, xref="paper", yref="paper", yshift=-30)
    clip = re.search(rb"0 0 ([\d.]+) ([\d.]+) re\nW", _content(export(figure, "pdf")))
    printed = for_print(figure, PrintOptions())
    assert float(clip[1]) == pytest.approx(printed.layout.width * 3.125, abs=1)
    assert float(clip[2]) == pytest.approx(printed.layout.height * 3.125, abs=4)


def _content(pdf: bytes) -> bytes:
    return page_of(pdf).get_contents().get_data()


@needs_browser
def test_many_points_become_a_raster_layer_of_600_dpi_under_vector_axes() -> None:
    count = MAX_VECTOR_POINTS + 1
    xy = np.random.default_rng(0).normal(size=(2, count)).astype(np.float32)
    figure = go.Figure(go.Scattergl(x=xy[0], y=xy[1], mode="markers"))
    figure.update_layout(template=theme.LIGHT, height=400, xaxis_title="vector axis")
    page = page_of(export(figure, "pdf"))
    assert float(page.mediabox.width) == pytest.approx(3.337 * 72, abs=0.5)
    assert max(image.image.size[0] for image in page.images) >= 3.33 * 600
    assert "vector axis" in page.extract_text()
    few = go.Figure(go.Scattergl(x=xy[0][:99], y=xy[1][:99], mode="markers"))
    assert not len(page_of(export(few, "pdf")).images)


@needs_browser
def test_png_has_its_resolution_and_svg_its_texts(figures: dict[str, go.Figure]) -> None:
    figure = figures["win_tie_loss"]
    image = Image.open(io.BytesIO(export(figure, "png", PrintOptions(venue="acm"))))
    assert image.width == pytest.approx(3.337 * 300, abs=2)
    assert image.info["dpi"][0] == pytest.approx(300, abs=1)
    svg = export(figure, "svg", PrintOptions(venue="acm")).decode()
    assert svg.startswith("<svg")
    assert "Users, against SASRec" in svg
    assert "<image" not in svg


def test_without_a_browser_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "find_browser", lambda: None)
    figure = go.Figure(go.Bar(x=[1], y=[1]))
    for name, kind in FORMATS.items():
        if kind.needs_browser:
            with pytest.raises(MissingExtraError, match="apt install chromium"):
                export(figure, name)
        else:
            assert export(figure, name)


def test_html_needs_no_network(figures: dict[str, go.Figure]) -> None:
    page = export(figures["win_tie_loss"], "html").decode()
    assert not re.search(r'<(script|link)[^>]+(src|href)="http', page)
    assert "Plotly.newPlot" in page


def test_html_has_the_chosen_font_legend_and_shape(figures: dict[str, go.Figure]) -> None:
    figure, before = figures["win_tie_loss"], figures["win_tie_loss"].to_json()
    chosen = PrintOptions(font="Georgia", points=12, legend="right", aspect=0.5, title=True)
    drawn = for_screen(figure, chosen, title="Who gains").layout
    assert (drawn.font.family, drawn.font.size) == ("Georgia", 16)
    assert drawn.height == 0.5 * drawn.width
    assert drawn.title.text == "Who gains"
    assert drawn.legend.orientation == "v"
    assert for_screen(figure, PrintOptions(legend="bottom")).layout.legend.y < 0
    plain = for_screen(figure, PrintOptions(venue="neurips", legend="none"), title="Who").layout
    assert plain.showlegend is False
    assert plain.title.text is None
    assert plain.width is None
    assert plain.font.family == VENUES["neurips"].font
    assert b"Georgia" in export(figure, "html", chosen)
    assert figure.to_json() == before


def test_a_dark_figure_leaves_as_the_light_one(
    figures: dict[str, go.Figure], tiny_runs: Path
) -> None:
    for name, dark in all_figures(tiny_runs, dark=True).items():
        light, options = figures[name], PrintOptions()
        assert for_print(dark, options).to_json() == for_print(light, options).to_json(), name
        assert export(dark, "tex") == export(light, "tex"), name


def test_printing_leaves_the_figure_as_it_is(figures: dict[str, go.Figure]) -> None:
    before = {name: figure.to_json() for name, figure in figures.items()}
    for figure in figures.values():
        for_print(figure, PrintOptions(palette="grey", title=True, legend="right", aspect=0.5))
    assert {name: figure.to_json() for name, figure in figures.items()} == before


def test_a_grey_figure_has_no_colour(figures: dict[str, go.Figure]) -> None:
    for name, figure in figures.items():
        printed = for_print(figure, PrintOptions(palette="grey"))
        for color in re.findall(
            r"#[0-9A-Fa-f]{6}\b", str([t.to_plotly_json() for t in printed.data])
        ):
            assert color[1:3] == color[3:5] == color[5:7], name


def test_in_grey_every_series_has_a_look_of_its_own(figures: dict[str, go.Figure]) -> None:
    for name in ("learning_curves", "atoms_against", "recovery_figure"):
        lines = [t for t in for_print(figures[name], PrintOptions(palette="grey")).data if t.name]
        looks = {(t.name, t.line.dash, str(t.marker.symbol)) for t in lines}
        assert len({look[1:] for look in looks}) == len({look[0] for look in looks}) > 1, name
    bars = for_print(figures["contribution_bars"], PrintOptions(palette="grey")).data
    patterns = [t.marker.pattern.shape for t in bars if t.type == "bar"]
    assert len(set(patterns)) == len(patterns) > 3


@pytest.mark.parametrize("file_format", ["html", "tex", "svg"])
def test_a_title_is_in_the_figure_only_where_it_is_asked_for(
    figures: dict[str, go.Figure], file_format: str
) -> None:
    if FORMATS[file_format].needs_browser and rendering.find_browser() is None:
        pytest.skip("no Chrome or Chromium found")
    for shown in (True, False):
        options = PrintOptions(title=shown)
        text = export(figures["win_tie_loss"], file_format, options, title="Users won").decode()
        assert ("Users won" in text) is shown


@needs_browser
def test_the_same_figure_gives_the_same_bytes(figures: dict[str, go.Figure]) -> None:
    names = ("part_maps", "contribution_bars")
    formats = [name for name in FORMATS if name != "latex"]
    first = {(n, f): export(figures[n], f) for n in names for f in formats}
    BROWSER.close()
    for name, file_format in reversed(first):
        again = export(figures[name], file_format)
        assert again == first[name, file_format], (name, file_format)


@needs_browser
def test_a_layout_between_two_attributes_does_not_reorder_them(
    figures: dict[str, go.Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = figures["contribution_bars"]
    raw: dict[bool, bytes] = {}
    canonical = rendering._canonical

    def kept(svg: bytes, early: bool) -> bytes:
        raw[early] = svg
        return canonical(svg)

    made = {}
    for early in (False, True):
        BROWSER.close()
        if early:
            monkeypatch.setattr(browser, "_SEEDED", browser._SEEDED + EARLY_STYLE)
        monkeypatch.setattr(rendering, "_canonical", partial(kept, early=early))
        made[early] = export(figure, "svg")
    BROWSER.close()
    assert raw[True] != raw[False]
    assert made[True] == made[False]


@needs_browser
def test_an_svg_is_well_formed_whatever_its_texts() -> None:
    text = "A \"b\" & 'c' < d > e \x0b \u00a0 ü 電影 &amp; &nbsp; ]]> <i>f</i>"
    figure = go.Figure(go.Bar(x=[text], y=[1], name=text))
    figure.update_layout(template=theme.LIGHT, height=300, xaxis_title=text, showlegend=True)
    root = ET.fromstring(export(figure, "svg"))
    assert "電影" in "".join(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


@needs_browser
def test_a_browser_that_died_is_started_again(figures: dict[str, go.Figure]) -> None:
    figure = figures["win_tie_loss"]
    before = export(figure, "svg")
    BROWSER._kaleido.subprocess.kill()
    with pytest.raises(PrismError, match="did not draw the figure"):
        export(figure, "svg")
    assert export(figure, "svg") == before


@pytest.mark.parametrize(
    "wrong",
    [{"venue": "nature"}, {"span": "half"}, {"legend": "left"}, {"points": 5}, {"aspect": 0}],
)
def test_wrong_options_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        PrintOptions(**wrong)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match="format 'gif'"):
        export(go.Figure(), "gif")


def test_the_csv_is_what_is_drawn(figures: dict[str, go.Figure]) -> None:
    figure = figures["metric_forest"]
    frame = pd.read_csv(io.BytesIO(export(figure, "csv")))
    drawn = [(t.xaxis, y, x) for t in figure.data for x, y in zip(t.x, t.y, strict=True)]
    assert len(frame) == len(drawn)
    for row, (panel, y, x) in zip(frame.to_dict("records"), drawn, strict=True):
        assert (row["panel"], row["y"], row["x"]) == (panel, y, pytest.approx(x))
        assert row["low"] <= row["x"] <= row["high"]


def test_every_figure_has_a_csv(figures: dict[str, go.Figure]) -> None:
    for name, figure in figures.items():
        frame = drawn_frame(figure)
        if name != "table_figure":
            assert len(frame), name
            assert not frame[["x", "y"]].isna().all(axis=None), name


def test_a_heat_map_s_csv_has_each_cell_once(figures: dict[str, go.Figure]) -> None:
    frame = drawn_frame(figures["slice_heatmap"])
    assert not frame.duplicated(["x", "y"]).any()
    assert frame["value"].notna().all()


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff20A1"],
)
def test_text_cannot_become_a_formula(text: str) -> None:
    written = tables.safe_csv(pd.DataFrame({"title": [text], "value": [-2.5]}))
    back = pd.read_csv(io.StringIO(written), keep_default_na=False)
    assert back["title"][0].startswith("'")
    assert back["value"][0] == -2.5
