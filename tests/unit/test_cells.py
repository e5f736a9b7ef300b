"""Heat maps on paper: rectangles in place of a picture, which say the same."""

import numpy as np
import plotly.graph_objects as go
import pytest

from analysis.cells import with_vector_cells
from analysis.plots import theme


@pytest.fixture
def figure() -> go.Figure:
    drawn = go.Figure(layout={"template": theme.LIGHT})
    common = {"x": ["left", "right"], "y": [["g", "g", "h"], ["a", "b", "c"]], "xgap": 1}
    scale = [[0, "#000000"], [1, "#FFFFFF"]]
    drawn.add_heatmap(
        z=[[0, -1], [np.nan, 1], [3, np.nan]], zmin=-1, zmax=1, texttemplate="%{z:+.1f}",
        colorscale=scale, colorbar_title="Unit", **common,
    )  # fmt: skip
    drawn.add_heatmap(
        z=[[np.nan] * 2, [0, np.nan], [np.nan, 0]], text=[[""] * 2, ["un", ""], ["", "sure"]],
        texttemplate="%{text}", textfont_color="#626975", colorscale=scale, showscale=False,
        **common,
    )  # fmt: skip
    return drawn.update_yaxes(autorange="reversed")


def test_every_cell_with_a_value_is_one_rectangle_of_its_colour(figure: go.Figure) -> None:
    shapes = with_vector_cells(figure).layout.shapes
    places = {(shape.y0 + 0.5, shape.x0 + 0.5): shape.fillcolor for shape in shapes}
    assert len(shapes) == len(places) == 6
    assert places[0, 1] == "rgb(0, 0, 0)"
    assert places[1, 1] == places[2, 0] == "rgb(255, 255, 255)"


def test_texts_stay_and_are_read_on_their_colour(figure: go.Figure) -> None:
    first, second = with_vector_cells(figure).data
    assert first.text == ("+0.0", "−1.0", "", "+1.0", "+3.0", "")
    assert second.text == ("", "", "un", "", "", "sure")
    assert first.textfont.color[1] == "#FFFFFF"
    assert first.textfont.color[3] == "#000000"
    assert set(second.textfont.color) == {"#626975"}


def test_the_colour_bar_has_the_limits_and_stands_once(figure: go.Figure) -> None:
    first, second = with_vector_cells(figure).data
    assert (first.marker.cmin, first.marker.cmax) == (-1, 1)
    assert first.marker.colorbar.title.text == "Unit"
    assert first.marker.opacity == 0
    assert second.marker.showscale is None
    assert second.mode == "text"


def test_rows_keep_their_order_and_the_figure_itself_is_left_as_it_is(figure: go.Figure) -> None:
    before = figure.to_json()
    layout = with_vector_cells(figure).layout
    assert layout.yaxis.range == (2.5, -0.5)
    assert layout.xaxis.range == (-0.5, 1.5)
    assert figure.to_json() == before


def test_a_figure_without_cells_is_given_back() -> None:
    bars = go.Figure(go.Bar(x=["a"], y=[1]))
    assert with_vector_cells(bars) is bars
