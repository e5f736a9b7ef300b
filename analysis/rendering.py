"""Turning figures into PDF, SVG and PNG bytes with a browser that stays open.

A warm browser draws a figure in a fraction of a second; a cold one takes several. Nothing is
fetched from the network.
"""

import io
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import plotly.graph_objects as go
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import RectangleObject

from prism_core.errors import MissingExtraError

ImageFormat = Literal["pdf", "svg", "png"]

CSS_DPI: Final = 96
"""Pixels of a figure's layout in one inch."""

POINTS_PER_PX: Final = 0.75

GL_DENSITY: Final = 2
"""Raster pixels that a WebGL layer gets for one layout pixel at scale 1."""

RASTER_DPI: Final = 600

_NO_MARGINS: Final = """
        <style>
            @page { margin: 0 !important }
            html, body { margin: 0 !important; padding: 0 !important }
            img { display: block }
        </style>
"""

_ONE_AT_A_TIME = threading.Lock()


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
    return drawn if scale == 1 else _sized_svg(drawn, width, height)


def has_gl(figure: go.Figure) -> bool:
    """Whether a figure has WebGL layers, which are exported as raster."""
    return any(trace.type.endswith("gl") for trace in figure.data)


def _drawn(figure: go.Figure, options: Mapping[str, str | float]) -> bytes:
    import kaleido

    require_browser()
    with _ONE_AT_A_TIME:
        kaleido.start_sync_server(page_generator=_page(), silence_warnings=True)
        return kaleido.calc_fig_sync(figure, opts=options)


def _page() -> Any:
    """Give the page that draws figures, without the margins that would shrink and clip a PDF."""
    import kaleido

    page = kaleido.PageGenerator(mathjax=False)
    page.header += _NO_MARGINS
    return page


def _scale(figure: go.Figure, image_format: ImageFormat, dpi: int) -> float:
    if image_format == "png":
        return dpi / CSS_DPI
    return dpi / CSS_DPI / GL_DENSITY if has_gl(figure) else 1


def _with_dpi(png: bytes, dpi: int) -> bytes:
    target = io.BytesIO()
    Image.open(io.BytesIO(png)).save(target, format="PNG", dpi=(dpi, dpi), optimize=False)
    return target.getvalue()


def _sized_pdf(pdf: bytes, factor: float, width: int, height: int) -> bytes:
    """Give a page its exact size; the browser rounds to points and draws raster layers large."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    page = writer.pages[0]
    page.scale_by(factor)
    top = float(page.mediabox.top)
    box = RectangleObject((0, top - height * POINTS_PER_PX, width * POINTS_PER_PX, top))
    page.mediabox = page.cropbox = page.trimbox = page.bleedbox = page.artbox = box
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _sized_svg(svg: bytes, width: int, height: int) -> bytes:
    text = svg.decode("utf-8")
    text = re.sub(r'\bwidth="[\d.]+"', f'width="{width}"', text, count=1)
    return re.sub(r'\bheight="[\d.]+"', f'height="{height}"', text, count=1).encode()
