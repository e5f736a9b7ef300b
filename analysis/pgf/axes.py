"""Axes in PGFPlots: places, ranges, labels, colour bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from analysis.pgf.text import escape, plain_number


def axis_name(name: str) -> str:
    return f"{name[0]}axis{name[1:]}"


def categories(figure: go.Figure, traces: Sequence[Any], letter: str) -> list[str]:
    """Names along a category axis in order; empty for an axis of numbers."""
    axis = figure.layout[axis_name(traces[0][f"{letter}axis"] or letter)]
    found: list[str] = [str(name) for name in axis.categoryarray or ()]
    for trace in traces:
        found += [name for name in labels_of(trace[letter]) if isinstance(name, str)]
    return list(dict.fromkeys(found))


def labels_of(values: Any) -> list[Any]:
    """Places along an axis; two levels of names are joined."""
    if values is None:
        return []
    listed = list(values)
    if len(listed) == 2 and not isinstance(listed[0], str | int | float | np.number | None):
        return [": ".join(pair) for pair in zip(*listed, strict=True)]
    return listed


def places_of(values: Any, names: Sequence[str]) -> list[float]:
    order = {name: float(place) for place, name in enumerate(names)}
    return [
        order[v] if isinstance(v, str) else float("nan") if v is None else float(v)
        for v in labels_of(values)
    ]


def scale_settings(axis: Any, letter: str, names: Sequence[str]) -> dict[str, str]:
    """Range, direction, labels and title of one axis."""
    settings = {}
    if axis.title.text:
        settings[f"{letter}label"] = f"{{{escape(axis.title.text)}}}"
    if names:
        settings |= _ticks(letter, range(len(names)), names)
        settings |= {f"{letter}min": "-0.6", f"{letter}max": f"{len(names) - 0.4:.1f}"}
    elif axis.tickvals is not None:
        settings |= _ticks(letter, axis.tickvals, axis.ticktext)
    if axis.range is not None:
        ends = sorted(end for end in axis.range if end is not None)
        is_open = len(ends) < 2
        sides = ["min" if axis.range[0] is not None else "max"] if is_open else ["min", "max"]
        settings |= {f"{letter}{n}": plain_number(e) for n, e in zip(sides, ends, strict=False)}
    if axis.autorange == "reversed":
        settings[f"{letter} dir"] = "reverse"
    if axis.showticklabels is False:
        settings |= {f"{letter}tick": r"\empty"}
    return settings


def _ticks(letter: str, values: Any, names: Sequence[str]) -> dict[str, str]:
    places = ",".join(plain_number(value) for value in values)
    labels = ",".join(f"{{{escape(str(name))}}}" for name in names)
    return {f"{letter}tick": f"{{{places}}}", f"{letter}ticklabels": f"{{{labels}}}"}


def shared_range(figure: go.Figure, axis: Any) -> dict[str, str]:
    """One vertical range for panels whose axes match."""
    matched = {a.matches for a in figure.select_yaxes() if a.matches}
    if not matched or categories(figure, figure.data, "y"):
        return {}
    low = min(_reach(trace, trace.error_y.arrayminus, -1).min() for trace in figure.data)
    high = max(_reach(trace, trace.error_y.array, 1).max() for trace in figure.data)
    room = 0.05 * (high - low)
    hidden = {"yticklabels": r"\empty"} if axis.matches else {}
    return {"ymin": plain_number(low - room), "ymax": plain_number(high + room)} | hidden


def _reach(trace: Any, error: Any, sign: int) -> np.ndarray:
    """Ends of a trace's intervals on one side."""
    ends = np.asarray(trace.y, dtype=float)
    return ends if error is None else ends + sign * np.asarray(error, dtype=float)


def color_bar_settings(figure: go.Figure, traces: Sequence[Any]) -> dict[str, str]:
    """Colour bar of a numeric colour axis."""
    axis = figure.layout.coloraxis
    if axis.colorscale is None or not any(t.marker.coloraxis for t in traces if t.type != "bar"):
        return {}
    shades = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for _, c in axis.colorscale]
    stops = " ".join(f"rgb255=({r},{g},{b})" for r, g, b in shades)
    title = escape(axis.colorbar.title.text or "")
    style = rf"{{width=0.08in, ylabel={{{title}}}}}"
    return {
        "colorbar": "",
        "colormap": f"{{scale}}{{{stops}}}",
        "point meta min": plain_number(axis.cmin),
        "point meta max": plain_number(axis.cmax),
        "colorbar style": style,
    }
