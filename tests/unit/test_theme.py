"""The look: readable on both pages, told apart by every eye, never by colour alone."""

from itertools import combinations

import numpy as np
import pytest

from analysis.plots import theme
from prism_core.names import PARTS

PLAYERS = ("id", *PARTS)
# Machado, Oliveira and Fernandes (2009), severity 1; rows act on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deutan": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritan": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def linear(color: str) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(TO_XYZ[1] @ linear(c) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(np.clip(TO_XYZ @ np.clip(rgb, 0, 1) / WHITE, 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("dark", [False, True])
def test_every_part_is_readable_on_both_pages(player: str, dark: bool) -> None:
    assert contrast(theme.color_of(player), theme.PAPER[dark]) >= 3


def test_text_is_read_on_any_colour() -> None:
    levels = range(0, 256, 15)
    fills = [f"#{r:02x}{g:02x}{b:02x}" for r in levels for g in levels for b in levels]
    assert min(contrast(theme.ink_on(fill), fill) for fill in fills) >= 4.5
    assert theme.ink_on("rgb(0, 0, 0)") == "#FFFFFF"


@pytest.mark.parametrize("vision", VISIONS)
def test_the_parts_differ_for_every_vision(vision: str) -> None:
    seen = [lab(np.array(VISIONS[vision]) @ linear(theme.PART_COLORS[p])) for p in PARTS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 25


@pytest.mark.parametrize("style", [theme.PART_COLORS, theme.PART_PATTERNS, theme.PART_MARKERS])
def test_each_part_has_its_own_style_in_every_channel(style: dict[str, str]) -> None:
    assert len({style[part] for part in PARTS}) == len(PARTS)


def test_a_part_of_a_third_modality_has_a_style_and_a_name() -> None:
    assert theme.label_of("unique_sound") == "Unique sound"
    assert theme.color_of("unique_sound") in theme.CATEGORY_COLORS
    assert theme.pattern_of("unique_sound")


@pytest.mark.parametrize("dark", [False, True])
def test_a_new_figure_has_the_ink_of_its_page(dark: bool) -> None:
    figure = theme.new_figure(dark=dark, height=100)
    assert figure.layout.template.layout.font.color == theme.INK[dark]
    assert contrast(theme.MUTED[dark], theme.PAPER[dark]) >= 4.5
