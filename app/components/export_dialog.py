"""The one way out of the app for every figure and every table: look, preview, files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis.exhibits import Exhibit, TableExhibit
from analysis.export import FORMATS, Format
from analysis.printing import PrintOptions
from analysis.rendering import CSS_DPI, find_browser
from analysis.tables import safe_csv
from app.components.look_controls import draw_look, draw_shape
from app.components.text import markdown
from app.look import Look, Shape
from prism_core.errors import PrismError

NO_BROWSER: Final = (
    "PDF, SVG and PNG are drawn by Chrome or Chromium, and none was found on the computer that "
    "runs this app. Install one there (`apt install chromium`, or `kaleido_get_chrome` for a "
    "private copy) or name it in `$BROWSER_PATH`."
)
CAMERA: Final[Mapping[str, tuple[str, float]]] = {
    "SVG": ("svg", 1.0),
    "PNG, 300 dpi": ("png", 300 / CSS_DPI),
    "PNG, 600 dpi": ("png", 600 / CSS_DPI),
}
"""What the reader's own browser can save: format and scale."""
STATIC: Final = {"staticPlot": True, "displayModeBar": False, "responsive": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is to be exported.

    Attributes
    ----------
    make
        Gives it; called when the dialog is open.
    name
        File name without ending.
    data
        Gives all numbers behind a figure, beyond what is drawn.
    shape
        Width, legend and aspect at first.
    """

    make: Callable[[], Exhibit]
    name: str
    data: Callable[[], pd.DataFrame] | None = None
    shape: Shape = field(default_factory=Shape)


def draw_button(outgoing: Outgoing) -> None:
    """Draw the button that opens the dialog."""
    if st.button(
        "Export", icon=":material/download:", key=f"{outgoing.name}-export", type="tertiary",
        help="Save it for a paper: PDF, SVG, PNG, PGFPlots, HTML, CSV, LaTeX table",
    ):  # fmt: skip
        _open(outgoing)


@st.dialog("Export", width="large", icon=":material/download:")
def _open(outgoing: Outgoing) -> None:
    exhibit = outgoing.make()
    st.markdown(f"**{markdown(exhibit.title)}**")
    look = draw_look()
    is_table = isinstance(exhibit, TableExhibit)
    try:
        first = _first_shape(exhibit, outgoing.shape, look)
        shape = draw_shape(f"export-{outgoing.name}", first, is_table=is_table)
        options = shape.options(look)
        if refusal := exhibit.refusal("svg", options):
            st.warning(markdown(f"{refusal[0].upper()}{refusal[1:]}"))
        else:
            _draw_preview(exhibit, options, outgoing.name)
    except PrismError as error:
        st.error(markdown(error))
        return
    _draw_files(exhibit, options, outgoing)


def _first_shape(exhibit: Exhibit, shape: Shape, look: Look) -> Shape:
    """Take the full width at first where one column is too narrow."""
    full = replace(shape, span="full")
    too_narrow = exhibit.refusal("svg", shape.options(look))
    return full if too_narrow and not exhibit.refusal("svg", full.options(look)) else shape


def _draw_preview(exhibit: Exhibit, options: PrintOptions, name: str) -> None:
    """Show the figure at its printed size; without a browser on the server it can be saved here."""
    figure = exhibit.printed(options)
    width, height = int(figure.layout.width), int(figure.layout.height)
    config: dict[str, Any] = dict(STATIC)
    if not has_browser():
        config = _camera(name, width, height)
    with st.container(border=True, horizontal_alignment="center"):
        st.plotly_chart(
            figure, theme=None, width=width, height=height, config=config,
            key=f"export-{name}-preview", alt=exhibit.title,
        )  # fmt: skip
    st.caption(
        f"{width / CSS_DPI:.2f} x {height / CSS_DPI:.2f} inches, text of {options.text_points:g} "
        f"pt, shown at true size ({CSS_DPI} pixels to the inch)."
    )
    if exhibit.note:
        st.info(exhibit.note)


def _camera(name: str, width: int, height: int) -> dict[str, Any]:
    st.warning(f"{NO_BROWSER} Until then the camera above the preview saves SVG and PNG.")
    chosen = st.segmented_control(
        "The camera saves", list(CAMERA), default="SVG", required=True, key="export-camera"
    )
    kind, scale = CAMERA[str(chosen)]
    image = {"format": kind, "scale": scale, "width": width, "height": height, "filename": name}
    buttons = [["toImage"]]
    return {
        "displaylogo": False, "displayModeBar": True, "responsive": False,
        "modeBarButtons": buttons, "toImageButtonOptions": image,
    }  # fmt: skip


def _draw_files(exhibit: Exhibit, options: PrintOptions, outgoing: Outgoing) -> None:
    """Offer the formats; each file is made only when its button is pressed."""
    grid = st.grid(4, min_column_width=170)
    for key, kind in FORMATS.items():
        refusal = exhibit.refusal(key, options)
        if kind.needs_browser and not has_browser():
            refusal = "Needs Chrome or Chromium where the app runs."
        with grid.cell():
            _draw_file(kind, partial(exhibit.export, key, options), outgoing.name, refusal)
    if (numbers := outgoing.data) is not None:
        kind = Format(suffix="data.csv", mime="text/csv", label="CSV (all data behind it)")
        with grid.cell():
            _draw_file(kind, lambda: safe_csv(numbers()), outgoing.name, "")


def _draw_file(kind: Format, make: Callable[[], bytes | str], name: str, refusal: str) -> None:
    st.download_button(
        kind.label, make, file_name=f"{name}.{kind.suffix}", mime=kind.mime,
        key=f"export-{name}-{kind.suffix}", on_click="ignore", disabled=bool(refusal),
        help=refusal or None, width="stretch",
    )  # fmt: skip


@st.cache_resource(max_entries=1, ttl=60, show_spinner=False)
def has_browser() -> bool:
    """Say whether the computer that runs the app has a browser that draws files."""
    return find_browser() is not None
