"""Title cards: a drawn picture for an item that has none."""

import colorsys
import textwrap
import zlib
from typing import Final
from urllib.parse import quote

from app.components.text import escaped, shortened

WIDTH: Final = 184
HEIGHT: Final = 276
FONT: Final = "Inter, 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"


def title_card(*, title: str, year: str, category: str, color: str, seed: str) -> str:
    """Draw a title card as SVG text.

    Parameters
    ----------
    title, year, category
        What the card says; empty strings are left out.
    color
        Colour of the category, ``#rrggbb``.
    seed
        Decides the ornament; the same seed gives the same card.

    Returns
    -------
    str
        An SVG document of 184 x 276 units.
    """
    top, bottom = _shade(color, 0.50), _shade(color, 0.22)
    lines, size = _wrap(title)
    text = "".join(
        f'<tspan x="16" dy="{0 if i == 0 else size * 1.16:.1f}">{escaped(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="{FONT}"><defs><linearGradient id="g" x1="0" y1="0" x2=".35" y2="1">'
        f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/>'
        f'</linearGradient></defs><rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>'
        f"{_ornament(seed)}"
        f'<text x="168" y="44" text-anchor="end" font-size="14" letter-spacing=".9" fill="#fff" '
        f'fill-opacity=".88">{escaped(shortened(category.upper(), 16))}</text>'
        f'<text y="{78 + size * 0.3:.0f}" font-size="{size}" font-weight="700" '
        f'fill="#fff">{text}</text>'
        f'<text x="16" y="{HEIGHT - 18}" font-size="20" font-weight="600" fill="#fff" '
        f'fill-opacity=".88">{escaped(year)}</text></svg>'
    )


def as_data_uri(svg: str) -> str:
    """Give an SVG as the address of an ``<img>``, where nothing in it can run."""
    return "data:image/svg+xml," + quote(svg)


def _wrap(title: str) -> tuple[list[str], int]:
    for size, width, most in ((27, 10, 4), (23, 12, 6), (19, 15, 8)):
        lines = textwrap.wrap(title, width, break_long_words=True) or [""]
        if len(lines) <= most and all(len(word) <= width for word in title.split()):
            return lines, size
    lines = textwrap.wrap(title, 15, max_lines=8, placeholder="…", break_long_words=True)
    return lines or [""], 19


def _shade(color: str, lightness: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, own, saturation = colorsys.rgb_to_hls(red, green, blue)
    darker = min(own, lightness) * 0.78
    shaded = colorsys.hls_to_rgb(hue, darker, min(saturation, 0.75))
    return "#" + "".join(f"{round(255 * c):02x}" for c in shaded)


def _ornament(seed: str) -> str:
    """Draw three large, faint rings whose places follow from the seed."""
    number = zlib.crc32(seed.encode())
    rings = []
    for index in range(3):
        byte = (number >> (8 * index)) & 0xFF
        x, y = 40 + (byte & 15) * 10, 170 + (byte >> 4) * 7
        rings.append(
            f'<circle cx="{x}" cy="{y}" r="{46 + 26 * index}" fill="none" stroke="#fff" '
            f'stroke-opacity="{0.16 - 0.04 * index:.2f}" stroke-width="{18 - 5 * index}"/>'
        )
    return "".join(rings)
