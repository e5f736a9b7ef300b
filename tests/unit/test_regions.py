"""Selections as geometry: what lies inside, the text in a link, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.regions import MAX_CORNERS, Region, box, lasso
from prism_core.errors import ConfigError

ROWS = np.array([3, 1, 0, 2])
PLANE = pd.DataFrame({"row": ROWS, "x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 0.0, 1.0]})


def read(_: str) -> pd.DataFrame:
    return PLANE


def test_box_holds_what_lies_between_its_corners_however_they_are_ordered() -> None:
    for corners in (([-1, 1.5], [-1, 2]), ([1.5, -1], [2, -1])):
        assert Region("items", "pca", (box("synergy", *corners),)).rows(read).tolist() == [1, 3]


def test_lasso_holds_its_inside_only() -> None:
    triangle = lasso("synergy", [-1, 2.5, -1], [-1, 0.1, 1])
    assert Region("items", "pca", (triangle,)).rows(read).tolist() == [0, 3]


def test_lasso_with_a_bay_leaves_the_bay_out() -> None:
    x, y = [0, 4, 4, 0, 0, 3, 3, 0], [0, 0, 4, 4, 3, 3, 1, 1]
    bay = lasso("s", x, y)
    inside = bay.holds(np.array([1.0, 3.5, 1.0]), np.array([2.0, 2.0, 0.5]))
    assert inside.tolist() == [False, True, True]


def test_shapes_add_up_and_each_reads_its_own_map() -> None:
    shapes = (box("a", [-1, 0.5], [-1, 1]), box("b", [2.5, 4], [0, 2]))
    asked = []
    region = Region("items", "pca", shapes)
    assert region.rows(lambda space: asked.append(space) or PLANE).tolist() == [2, 3]
    assert asked == ["a", "b"]


def test_nothing_drawn_marks_nothing() -> None:
    assert Region("items", "pca", ()).rows(read).tolist() == []


@given(
    st.lists(
        st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=3, max_size=MAX_CORNERS
    )
)
def test_text_gives_the_region_back(corners: list[tuple[float, float]]) -> None:
    x, y = ([round(v, 3) for v in side] for side in zip(*corners, strict=True))
    region = Region("users", "umap", (lasso("unique_image", x, y), box("state", x[:2], y[:2])))
    again = Region.parse(region.text())
    assert [shape.space for shape in again.shapes] == ["unique_image", "state"]
    np.testing.assert_allclose(again.shapes[0].x, x, rtol=1e-5, atol=1e-3)
    assert again.text() == region.text()


def test_fine_lasso_keeps_a_link_short() -> None:
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    shape = lasso("synergy", list(10 * np.cos(angle)), list(10 * np.sin(angle)))
    text = Region("items", "umap", (shape,)).text()
    assert len(shape.x) <= MAX_CORNERS
    assert len(text) < 2000
    points = np.random.default_rng(0).uniform(-12, 12, (2000, 2))
    truth = np.hypot(*points.T) < 10
    found = Region.parse(text).shapes[0].holds(points[:, 0], points[:, 1])
    assert (found == truth).mean() > 0.995


@pytest.mark.parametrize(
    "text",
    [
        "",
        "items",
        "items~umap",
        "items~tsne~synergy~b~0_0_1_1",
        "items~triangle~triangle~b~0_0_1_1",
        "films~umap~synergy~b~0_0_1_1",
        "items~umap~synergy~b~0_0_1",
        "items~umap~synergy~b~0_0_1_1_2_2",
        "items~umap~synergy~l~0_0_1_1",
        "items~umap~synergy~l~0_0_1_nan_2_2",
        "items~umap~synergy~l~a_b",
        "items~umap~synergy~l~" + "_".join("1" for _ in range(4 * MAX_CORNERS)),
        "items~umap~synergy~b~0_0_1_1~x",
    ],
)
def test_text_that_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no selection on a map"):
        Region.parse(text)
