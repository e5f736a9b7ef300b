"""Turning figures into PDF, SVG and PNG bytes with a browser that stays open.

Nothing is fetched from the network, and no date or random name is left in a file: the same figure
gives the same bytes with the same browser and fonts.
"""

import io
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import plotly.graph_objects as go
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import NameObject, RectangleObject

from prism_core.errors import MissingExtraError, PrismError

ImageFormat = Literal["pdf", "svg", "png"]

CSS_DPI: Final = 96
"""Pixels of a figure's layout in one inch."""

POINTS_PER_PX: Final = 0.75

GL_DENSITY: Final = 2
"""Raster pixels that a WebGL layer gets for one layout pixel at scale 1."""

RASTER_DPI: Final = 600

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters of texts that a browser writes into an SVG although XML forbids them."""


def find_browser() -> Path | None:
    """Find Chrome or Chromium: ``BROWSER_PATH``, then the usual places; None if there is none."""
    from choreographer.browsers.chromium import Chromium

    named = os.environ.get("BROWSER_PATH")
    found = named or Chromium.find_browser(skip_local=False)
    return Path(found) if found and Path(found).is_file() else None


def require_browser() -> None:
    """Refuse where no browser is found.

    Raises
    ------
    MissingExtraError
        Neither Chrome nor Chromium is installed; the text says how to get one.
    """
    if find_browser() is None:
        raise MissingExtraError(
            "PDF, SVG and PNG are drawn by Chrome or Chromium, and none was found. Install one "
            "('apt install chromium', or 'kaleido_get_chrome' for a private copy) or name it in "
            "BROWSER_PATH; HTML, CSV and LaTeX work without."
        )


def render(
    figure: go.Figure, image_format: ImageFormat, *, width: int, height: int, dpi: int = RASTER_DPI
) -> bytes:
    """Draw a figure.

    Parameters
    ----------
    figure
        The figure; its layout is taken as it is.
    image_format
        ``pdf``, ``svg`` or ``png``.
    width, height
        Size in layout px, 96 to the inch.
    dpi
        Resolution of a PNG, and of WebGL layers inside PDF and SVG.

    Raises
    ------
    MissingExtraError
        There is no browser.
    """
    scale = _scale(figure, image_format, dpi)
    options = {"format": image_format, "width": width, "height": height, "scale": scale}
    drawn = _drawn(figure, options)
    if image_format == "png":
        return _with_dpi(drawn, dpi)
    if image_format == "pdf":
        return _sized_pdf(drawn, 1 / scale, width, height)
    return _canonical(drawn if scale == 1 else _sized_svg(drawn, width, height))


def has_gl(figure: go.Figure) -> bool:
    """Whether a figure has WebGL layers, which are exported as raster."""
    return any(trace.type.endswith("gl") for trace in figure.data)


def _drawn(figure: go.Figure, options: Mapping[str, str | float]) -> bytes:
    require_browser()
    from analysis.browser import BROWSER  # its packages are needed only where something is drawn

    try:
        return BROWSER.draw(figure, options)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PrismError(
            f"the browser {find_browser()} did not draw the figure: {reason}; try again, or choose "
            "HTML, CSV or LaTeX."
        ) from error


def _scale(figure: go.Figure, image_format: ImageFormat, dpi: int) -> float:
    if image_format == "png":
        return dpi / CSS_DPI
    return dpi / CSS_DPI / GL_DENSITY if has_gl(figure) else 1


def _with_dpi(png: bytes, dpi: int) -> bytes:
    target = io.BytesIO()
    Image.open(io.BytesIO(png)).save(target, format="PNG", dpi=(dpi, dpi), optimize=False)
    return target.getvalue()


def _sized_pdf(pdf: bytes, factor: float, width: int, height: int) -> bytes:
    """Give a page its exact size and no dates; the browser rounds and draws raster layers large."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    page = writer.pages[0]
    page.scale_by(factor)
    top = float(page.mediabox.top)
    box = RectangleObject((0, top - height * POINTS_PER_PX, width * POINTS_PER_PX, top))
    page.mediabox = page.cropbox = page.trimbox = page.bleedbox = page.artbox = box
    _make_timeless(writer)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _make_timeless(writer: PdfWriter) -> None:
    """Drop dates, and the outline of the page for screen readers, whose names are random."""
    writer.metadata = None
    for key in ("/StructTreeRoot", "/MarkInfo"):
        writer.root_object.pop(NameObject(key), None)
    for page in writer.pages:
        page.pop(NameObject("/StructParents"), None)


def _sized_svg(svg: bytes, width: int, height: int) -> bytes:
    text = svg.decode("utf-8")
    text = re.sub(r'\bwidth="[\d.]+"', f'width="{width}"', text, count=1)
    return re.sub(r'\bheight="[\d.]+"', f'height="{height}"', text, count=1).encode()


def _canonical(svg: bytes) -> bytes:
    """Write an SVG in the canonical form of XML, whose attributes are sorted.

    Chrome adds an element's ``style`` to its attributes when it next lays the page out, which is
    before or after others are set, as time falls.

    References
    ----------
    .. [1] Canonical XML 2.0, https://www.w3.org/TR/xml-c14n2/
    """
    return ET.canonicalize(_NOT_XML.sub("", svg.decode("utf-8"))).encode()
