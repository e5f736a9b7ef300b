"""What the maps draw: every point once a panel, its colour, and one selection in all panels."""

import numpy as np
import pandas as pd
import pytest

from analysis.plots import maps as figures
from analysis.plots.coloring import MAX_CATEGORIES, coloring_of
from analysis.plots.morph import morphing_map
from analysis.plots.theme import PART_COLORS, PART_MARKERS
from analysis.regions import box, lasso

POINTS = pd.DataFrame(
    {
        "title": ["One", "Two <b>", "Three", "Four"],
        "year": pd.array([1990, 1991, None, 1993], dtype="Int16"),
        "categories": [["Drama"], ["Drama", "War"], ["War"], []],
        "category": ["Drama", "Drama", "War", "none"],
        "popularity": [1, 5, 10, 20],
        "top_part": ["synergy", "unique_text", "synergy", "redundancy"],
    }
)


def plane(seed: int) -> pd.DataFrame:
    xy = np.random.default_rng(seed).normal(size=(4, 2)).astype(np.float32)
    return pd.DataFrame({"row": [2, 0, 1, 3], "x": xy[:, 0], "y": xy[:, 1]})


MAPS = {"unique_image": plane(0), "synergy": plane(1)}


def panels(figure) -> list:
    return [trace for trace in figure.data if trace.type == "scattergl"]


def test_every_panel_draws_every_point_where_the_frame_says() -> None:
    drawn = panels(figures.linked_maps(maps=MAPS, points=POINTS))
    assert len(drawn) == 2
    for trace, frame in zip(drawn, MAPS.values(), strict=True):
        np.testing.assert_array_equal(trace.x, frame["x"])
        np.testing.assert_array_equal(trace.y, frame["y"])
        np.testing.assert_array_equal(trace.customdata, frame["row"])


def test_hover_says_title_year_and_genres_and_escapes_them() -> None:
    (trace,) = panels(figures.linked_maps(maps={"synergy": plane(0)}, points=POINTS))
    assert list(trace.text) == [
        "Three<br>War",
        "One (1990)<br>Drama",
        "Two &lt;b&gt; (1991)<br>Drama, War",
        "Four (1993)<br>",
    ]


def test_a_selection_shows_the_same_rows_in_all_panels() -> None:
    figure = figures.linked_maps(maps=MAPS, points=POINTS, selected=[0, 3])
    for trace in panels(figure):
        assert set(np.array(trace.customdata)[list(trace.selectedpoints)]) == {0, 3}
    everything = figures.linked_maps(maps=MAPS, points=POINTS)
    assert all(trace.selectedpoints is None for trace in panels(everything))


def test_recolouring_keeps_the_view() -> None:
    revisions = {
        figures.linked_maps(maps=MAPS, points=POINTS, color=color).layout.uirevision
        for color in ("category", "popularity", "top_part")
    }
    assert revisions == {"map"}


def test_parts_keep_their_colour_and_marker() -> None:
    figure = figures.linked_maps(maps=MAPS, points=POINTS, color="top_part")
    legend = {t.name: (t.marker.color, t.marker.symbol) for t in figure.data if t.showlegend}
    expected = {
        "Unique text": "unique_text",
        "Synergy": "synergy",
        "Redundancy": "redundancy",
    }
    legend |= {t.name: (t.marker.color, t.marker.symbol) for t in figure.data if t.name in expected}
    for label, part in expected.items():
        assert legend[label] == (PART_COLORS[part], PART_MARKERS[part])
    symbols = panels(figure)[0].marker.symbol
    assert list(symbols) == [PART_MARKERS[POINTS["top_part"][r]] for r in [2, 0, 1, 3]]


def test_numbers_get_a_colour_bar_over_their_range() -> None:
    figure = figures.linked_maps(maps=MAPS, points=POINTS, color="popularity")
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (1, 20)
    np.testing.assert_array_equal(panels(figure)[0].marker.color, [10, 1, 5, 20])


def test_search_hits_are_ringed_in_every_panel() -> None:
    figure = figures.linked_maps(maps=MAPS, points=POINTS, highlighted=[3])
    rings = [t for t in panels(figure) if np.all(t.marker.symbol == "circle-open")]
    assert [t.x[0] for t in rings] == [frame["x"].iloc[3] for frame in MAPS.values()]


def test_a_hundred_thousand_points_take_few_bytes_each() -> None:
    rng = np.random.default_rng(0)
    count = 100_000
    frame = pd.DataFrame(
        {"row": np.arange(count), "x": rng.normal(size=count), "y": rng.normal(size=count)}
    )
    points = pd.DataFrame({"user_id": np.arange(count), "taste": rng.random(count)})
    figure = figures.linked_maps(maps={"state": frame}, points=points, color="taste")
    trace = panels(figure)[0]
    trace.text = None
    assert len(figure.to_json()) / count < 30


def test_many_points_carry_neither_text_nor_symbols_of_their_own() -> None:
    count = figures.DETAILED + 1
    frame = pd.DataFrame({"row": np.arange(count), "x": np.zeros(count), "y": np.zeros(count)})
    points = pd.DataFrame({"title": ["t"] * count, "category": np.arange(count) % 3 > 0})
    (trace,) = panels(figures.linked_maps(maps={"synergy": frame}, points=points))
    assert trace.text is None
    assert trace.customdata is None
    assert trace.marker.symbol == "circle"
    assert len(figures.linked_maps(maps={"s": frame}, points=points).to_json()) / count < 16


def test_points_without_a_value_are_grey_and_below() -> None:
    points = POINTS.assign(error=[1.0, np.nan, 3.0, np.nan])
    below, above = panels(
        figures.linked_maps(maps={"synergy": plane(0)}, points=points, color="error")
    )
    assert sorted(below.customdata) == [1, 3]
    assert sorted(above.customdata) == [0, 2]
    assert isinstance(below.marker.color, str)
    marked = panels(
        figures.linked_maps(maps={"s": plane(0)}, points=points, color="error", selected=[1, 2])
    )
    rows = [np.array(t.customdata)[list(t.selectedpoints)].tolist() for t in marked]
    assert rows == [[1], [2]]


def test_outlines_stand_in_the_panel_they_were_drawn_in() -> None:
    shapes = [box("synergy", [0, 1], [0, 1]), lasso("unique_image", [0, 1, 1], [0, 0, 1])]
    drawn = figures.linked_maps(maps=MAPS, points=POINTS, selected=[0], shapes=shapes).layout
    assert [(one.xref, one.type) for one in drawn.selections] == [("x2", "rect"), ("x", "path")]
    assert drawn.selections[1].path == "M0,0L1,0L1,1Z"


def test_another_selection_is_another_revision() -> None:
    revisions = {
        figures.linked_maps(maps=MAPS, points=POINTS, selected=rows).layout.selectionrevision
        for rows in (None, [0], [1], [0, 1])
    }
    assert len(revisions) == 4


def test_the_chosen_point_is_a_star_and_its_neighbours_crosses_where_they_are_near() -> None:
    figure = figures.linked_maps(maps=MAPS, points=POINTS, chosen=3, near={"synergy": [0, 1]})
    kinds = [t.marker.symbol for t in panels(figure) if isinstance(t.marker.symbol, str)]
    assert kinds == ["star-open", "x-thin-open", "star-open"]


def test_quality_stands_beside_each_name() -> None:
    quality = {"synergy": {"trustworthiness": 0.913, "neighbourhood_preservation": 0.4}}
    titles = figures.linked_maps(maps=MAPS, points=POINTS, quality=quality).layout.annotations
    assert titles[0].text == "Unique image"
    assert "trust 0.91, kept 0.40" in titles[1].text


def test_the_silhouette_beside_a_name_is_that_of_the_colours_or_else_of_the_parts() -> None:
    numbers = {"trustworthiness": 0.9, "neighbourhood_preservation": 0.4}
    quality = numbers | {"silhouette_category": -0.126, "silhouette_top_part": 0.31}
    drawn = {"synergy": plane(0)}
    texts = {
        color: figures.linked_maps(
            maps=drawn, points=POINTS, quality={"synergy": quality}, color=color
        ).layout.annotations[0].text
        for color in ("category", "top_part", "popularity")
    }  # fmt: skip
    assert "silhouette −0.13" in texts["category"]
    assert "silhouette 0.31" in texts["top_part"]
    assert "silhouette 0.31" in texts["popularity"]
    for without in (numbers, numbers | {"silhouette_category": float("nan")}):
        figure = figures.linked_maps(maps=drawn, points=POINTS, quality={"synergy": without})
        assert "silhouette" not in figure.layout.annotations[0].text


def test_a_silhouette_that_rounds_to_zero_has_no_sign() -> None:
    assert figures.silhouette_text({"silhouette_category": -0.004}, "category") == "0.00"
    assert figures.silhouette_text({"silhouette_category": -0.006}, "category") == "−0.01"


def test_rare_names_are_put_together() -> None:
    values = pd.Series([f"genre {i % 30}" for i in range(300)] + ["genre 1"] * 9)
    coloring = coloring_of(values)
    assert len(coloring.categories) == MAX_CATEGORIES
    assert coloring.categories[-1][0] == "Other"
    assert (coloring.codes >= 0).all()


def test_missing_numbers_do_not_move_the_scale() -> None:
    assert coloring_of(pd.Series([np.nan, 2.0, 4.0])).limits == (2, 4)
    assert coloring_of(pd.Series([np.nan, np.nan])).limits == (0, 1)


def test_movers_are_drawn_with_their_overlap() -> None:
    movers = pd.DataFrame({"row": [3, 0, 2], "overlap": [0.0, 0.2, 0.9]})
    figure = figures.neighbour_overlap(movers=movers, titles=POINTS["title"], count=2)
    assert list(figure.data[0].x) == [0.0, 0.2]
    assert list(figure.data[0].y) == ["1  Four", "2  One"]


@pytest.mark.parametrize("maps", [{}, None])
def test_a_map_not_yet_made_is_said_in_words(maps) -> None:
    figure = figures.linked_maps(maps=maps or {}, points=POINTS)
    assert "not been computed" in figure.layout.annotations[0].text


def test_the_slider_moves_the_same_points_between_runs() -> None:
    planes = {"full": plane(0), "without synergy": plane(1)}
    figure = morphing_map(planes=planes, points=POINTS)
    assert [frame.name for frame in figure.frames] == list(planes)
    for frame, expected in zip(figure.frames, planes.values(), strict=True):
        np.testing.assert_array_equal(frame.data[0].x, expected["x"])
    steps = figure.layout.sliders[0].steps
    assert [list(step.args[0]) for step in steps] == [["full"], ["without synergy"]]
    low, high = figure.layout.xaxis.range
    assert all(low < x < high for frame in planes.values() for x in frame["x"])
