"""What the reader does on a chart of points, and what is marked there: drawing, clicking, resting.

The chart itself would send every marked point and be sent again to show it. Here the drawn shape
goes to the server, and a bit per point comes back, so that a hundred thousand points cost little
more than ten.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from analysis.regions import Shape, box, lasso
from app.state import Widget

HERE: Final = Path(__file__).parent
MAX_SHAPES: Final = 20

_lens = st.components.v2.component(
    "prism_map_lens", js=(HERE / "map_lens.js").read_text(encoding="utf-8"), isolate_styles=False
)
_card = st.components.v2.component(
    "prism_hover_card", js=(HERE / "hover_card.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)  # fmt: skip
_marks = st.components.v2.component(
    "prism_map_marks", js=(HERE / "map_marks.js").read_text(encoding="utf-8"), isolate_styles=False
)


def draw_marks(
    chart: str,
    *,
    rows: np.ndarray | None,
    count: int,
    selections: Sequence[Mapping[str, Any]],
) -> None:
    """Mark rows, in every panel of a chart, without sending it again.

    Parameters
    ----------
    chart
        Key of the chart.
    rows
        Marked rows; None for no difference between rows.
    count
        Number of all rows.
    selections
        Outlines of what was drawn: a part of plotly's layout.
    """
    data = {
        "chart": _class_of(chart), "rows": None if rows is None else bits_of(rows, count),
        "selections": list(selections),
    }  # fmt: skip
    _marks(key=f"{chart}-marks", data=data, height=1)


def bits_of(rows: np.ndarray, count: int) -> str:
    """Write which of ``count`` rows are named: a bit for each, lowest first, in base64."""
    named = np.zeros(count, dtype=bool)
    named[rows] = True
    return base64.b64encode(np.packbits(named, bitorder="little").tobytes()).decode()


def draw(
    chart: str,
    *,
    spaces: list[str],
    on_drawn: Callable[[list[Shape]], None],
    on_picked: Callable[[int], None],
) -> None:
    """Listen to a chart.

    Parameters
    ----------
    chart
        Key of the chart.
    spaces
        Spaces of its panels, in order.
    on_drawn
        Takes everything that is drawn now; an empty list for nothing.
    on_picked
        Takes the row of a clicked point.
    """

    key = f"{chart}-lens"

    def drawn() -> None:
        on_drawn(shapes_of(_state(key).get("drawn") or [], spaces))

    def picked() -> None:
        row = _state(key).get("picked")
        if isinstance(row, int | float):
            on_picked(int(row))

    data = {"chart": _class_of(chart)}
    _lens(key=key, data=data, on_drawn_change=drawn, on_picked_change=picked, height=1)


@st.fragment
def draw_card(version: str, html_of: Callable[[int], str]) -> None:
    """Show a card beside the pointer for the point of ``Widget.MAP_CHART`` below it.

    Parameters
    ----------
    version
        Changes whenever the rows mean something else.
    html_of
        From a row to the HTML of its card; an empty text for no card.
    """
    asked, _, number = str(_state(Widget.MAP_HOVER).get("hovered") or "").rpartition("|")
    row = int(number) if asked == version and number.isdigit() else None
    data = {"chart": _class_of(Widget.MAP_CHART), "version": version, "row": row, "html": ""}
    if row is not None:
        data["html"] = html_of(row)
    _card(key=Widget.MAP_HOVER, data=data, on_hovered_change=_nothing, height=1)


def shapes_of(drawn: list[dict[str, Any]], spaces: list[str]) -> list[Shape]:
    """Read drawn shapes; those on no panel, or without area, are left out."""
    shapes = []
    for one in drawn[:MAX_SHAPES]:
        number = str(one["axis"]).removeprefix("x") or "1"
        place, make = int(number) - 1, {"box": box, "lasso": lasso}[one["kind"]]
        if place < len(spaces) and len(one["x"]) >= (2 if one["kind"] == "box" else 3):
            shapes.append(make(spaces[place], one["x"], one["y"]))
    return shapes


def _class_of(chart: str) -> str:
    """Give the CSS class of the chart with a key."""
    return f"st-key-{chart}"


def _state(key: str) -> dict[str, Any]:
    return dict(st.session_state.get(key) or {})


def _nothing() -> None:
    """Take the value over; the fragment reads it when it runs."""
