"""Information as areas: two overlapping discs for the sources, a ring around them for synergy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.information.decomposition import ATOMS
from analysis.plots.atoms import MODALITY_SOURCES, atom_label, axis_title, part_of_atom
from analysis.plots.theme import PAPER, color_of, empty_figure, label_of, new_figure


def area_diagram(
    *,
    atoms: pd.DataFrame,
    target: str,
    sources: Sequence[str] = MODALITY_SOURCES,
    dark: bool = False,
) -> go.Figure:
    """Draw what each source tells as two overlapping discs, and synergy as a ring around both.

    The areas of the two discs, of their overlap (redundancy) and of the ring (synergy) are in
    proportion to the bits. Negative atoms count as zero here; the bars show them.
    """
    bits = {a: max(float(v), 0.0) for a, v in zip(atoms["atom"], atoms["value"], strict=True)}
    total = sum(bits[atom] for atom in ATOMS)
    if total <= 0:
        return empty_figure("There is no information to draw.", dark=dark)
    first, second = (
        math.sqrt((bits["redundancy"] + bits[side]) / total / math.pi)
        for side in ("unique_first", "unique_second")
    )
    radii = first, second
    distance = disc_distance(first, second, bits["redundancy"] / total)
    figure = new_figure(dark=dark, height=360, showlegend=True)
    centres = _centres(radii, distance)
    _ring(figure, centres, radii, bits, total, dark)
    for side, centre, radius in zip(("first", "second"), centres, radii, strict=True):
        atom = f"unique_{side}"
        text = f"{atom_label(atom, sources)} {bits[atom]:.3f} bit"
        _disc(figure, centre, radius, color_of(part_of_atom(atom, sources)), text, 0.6)
    text = f"{label_of('redundancy')} {bits['redundancy']:.3f} bit"
    _lens(figure, centres, radii, color_of("redundancy"), text)
    figure.update_xaxes(
        showgrid=False, zeroline=False, showticklabels=False, showline=False, scaleanchor="y",
        title=f"All areas: {axis_title(target)[:1].lower()}{axis_title(target)[1:]}",
    )  # fmt: skip
    figure.update_yaxes(visible=False)
    return figure


def disc_distance(first: float, second: float, overlap: float) -> float:
    """Distance of the centres of two discs whose common area is `overlap`.

    Found by bisection; the area falls steadily with the distance.
    """
    near, far = abs(first - second), first + second
    for _ in range(60):
        middle = (near + far) / 2
        if lens_area(first, second, middle) > overlap:
            near = middle
        else:
            far = middle
    return (near + far) / 2


def lens_area(first: float, second: float, distance: float) -> float:
    """Common area of two discs with these radii at this distance of their centres."""
    if distance >= first + second:
        return 0.0
    if distance <= abs(first - second):
        return math.pi * min(first, second) ** 2
    return sum(
        radius**2 * (angle - math.sin(2 * angle) / 2)
        for radius, angle in zip(
            (first, second), _half_angles(first, second, distance), strict=True
        )
    )


def _half_angles(first: float, second: float, distance: float) -> tuple[float, float]:
    """Half the angle of the lens as seen from each centre."""
    along = (distance**2 + first**2 - second**2) / (2 * distance)
    return (
        math.acos(min(max(along / first, -1.0), 1.0)),
        math.acos(min(max((distance - along) / second, -1.0), 1.0)),
    )


def _centres(radii: Sequence[float], distance: float) -> list[float]:
    left, right = min(-radii[0], distance - radii[1]), max(radii[0], distance + radii[1])
    middle = (left + right) / 2
    return [-middle, distance - middle]


def _outline(centre: float, radius: float) -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0, 2 * np.pi, 181)
    return centre + radius * np.cos(angle), radius * np.sin(angle)


def _disc(
    figure: go.Figure, centre: float, radius: float, color: str, text: str, opacity: float
) -> None:
    x, y = _outline(centre, radius)
    _shape(figure, x, y, color, text, opacity)


def _shape(
    figure: go.Figure, x: np.ndarray, y: np.ndarray, color: str, text: str, opacity: float
) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        fillcolor=color,
        opacity=opacity,
        line={"color": color, "width": 2},
        name=text,
        hoverinfo="name",
        hoveron="fills",
    )


def _ring(
    figure: go.Figure,
    centres: Sequence[float],
    radii: Sequence[float],
    bits: Mapping[str, float],
    total: float,
    dark: bool,
) -> None:
    """Synergy lies around both discs: its ring has exactly the area it needs."""
    inner = max(abs(c) + r for c, r in zip(centres, radii, strict=True))
    outer = math.sqrt(inner**2 + bits["synergy"] / total / math.pi)
    text = f"{label_of('synergy')} {bits['synergy']:.3f} bit"
    _disc(figure, 0.0, outer, color_of("synergy"), text, 0.55)
    figure.add_scatter(
        x=_outline(0.0, inner)[0],
        y=_outline(0.0, inner)[1],
        mode="lines",
        fill="toself",
        fillcolor=PAPER[dark],
        line={"width": 0, "color": PAPER[dark]},
        showlegend=False,
        hoverinfo="skip",
    )


def _lens(
    figure: go.Figure, centres: Sequence[float], radii: Sequence[float], color: str, text: str
) -> None:
    distance = centres[1] - centres[0]
    if lens_area(radii[0], radii[1], distance) <= 1e-9:
        _shape(figure, np.zeros(1), np.zeros(1), color, text, 0.9)
        return
    small = int(np.argmin(radii))
    if distance <= abs(radii[0] - radii[1]) + 1e-9:
        _disc(figure, centres[small], radii[small], color, text, 0.9)
        return
    left, right = _half_angles(radii[0], radii[1], distance)
    one = np.linspace(-left, left, 61)
    other = np.linspace(math.pi - right, math.pi + right, 61)
    x = np.concatenate([centres[0] + radii[0] * np.cos(one), centres[1] + radii[1] * np.cos(other)])
    y = np.concatenate([radii[0] * np.sin(one), radii[1] * np.sin(other)])
    _shape(figure, x, y, color, text, 0.9)
