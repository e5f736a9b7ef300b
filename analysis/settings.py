"""What sets variants apart: the settings that differ, and a metric against one that was varied."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from analysis.comparison import Variant, summary

NOT_A_SETTING: Final = ("name", "seed")
SAME: Final = ""
"""Cell of a setting that is as in the reference."""

AUXILIARY: Final = frozenset(
    f"model.losses.{name}" for name in ("reconstruction", "decorrelation", "charge")
)
TITLES: Final[Mapping[frozenset[str], str]] = {
    AUXILIARY: "Weight λ of the auxiliary losses",
    frozenset({"model.losses.experts"}): "Weight λ of the expert losses",
    frozenset({"model.temperature"}): "Temperature of the gate",
}


def settings_of(variant: Variant) -> dict[str, Any]:
    """Flatten a variant's configuration: ``{"model.gate": "user", ...}``, lists as text."""
    return {
        key: value for key, value in _flattened(variant.runs[0].config) if key not in NOT_A_SETTING
    }


def differing_settings(variants: Sequence[Variant], *, reference: Variant) -> pd.DataFrame:
    """Show only what differs from a reference.

    Returns
    -------
    pandas.DataFrame
        ``name`` and one column of text for each setting in which some trained variant differs
        from the reference; ``SAME`` where a variant does not. The reference comes first, with its
        own values.
    """
    base = settings_of(reference)
    trained = [v for v in variants if v.kind == "model" and v is not reference]
    rows = [{"name": reference.name}] + [{"name": v.name} | _changes(v, base) for v in trained]
    frame = pd.DataFrame(rows).fillna(SAME)
    for key in frame.columns[1:]:
        frame.loc[0, key] = str(base.get(key, "not set"))
    return frame


def sensitivity(
    variants: Sequence[Variant], *, reference: Variant, metric: str = "ndcg@10", seed: int = 0
) -> pd.DataFrame:
    """Give a metric against every number that was varied alone.

    A curve joins the reference with all variants that differ from it in the same settings and
    in nothing else, where each of them has one number in all these settings.

    Returns
    -------
    pandas.DataFrame
        ``setting`` (title of the curve), ``x``, ``is_reference``, and the columns of
        :func:`analysis.comparison.summary`; by curve, then x. Empty where nothing was varied.
    """
    base = settings_of(reference)
    curves: dict[frozenset[str], dict[float, Variant]] = {}
    for variant in variants:
        changed = frozenset(_changes(variant, base)) if variant.kind == "model" else frozenset()
        x, own = _one_number(settings_of(variant), changed), _one_number(base, changed)
        if x is not None and own is not None:
            curves.setdefault(changed, {own: reference})[x] = variant
    rows = [_curve(changed, points, reference, metric, seed) for changed, points in curves.items()]
    columns = ["setting", "x", "is_reference", "name", "value", "low", "high"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)


def centre_of_variation(variants: Sequence[Variant]) -> Variant:
    """Find the variant from which most others differ in one number, for :func:`sensitivity`."""
    trained = [v for v in variants if v.kind == "model"] or list(variants)
    settings = [settings_of(variant) for variant in trained]

    def neighbours(place: int) -> int:
        base = settings[place]
        changed = [frozenset(_changed(own, base)) for own in settings]
        numbers = [_one_number(own, keys) for own, keys in zip(settings, changed, strict=True)]
        return sum(number is not None for number in numbers)

    return trained[max(range(len(trained)), key=neighbours)]


def _curve(
    changed: frozenset[str],
    points: Mapping[float, Variant],
    reference: Variant,
    metric: str,
    seed: int,
) -> pd.DataFrame:
    place = {variant.name: x for x, variant in points.items()}
    rows = summary(list(points.values()), metrics=[metric], seed=seed)
    title = TITLES.get(changed, ", ".join(sorted(changed)))
    rows = rows.assign(x=rows["name"].map(place), is_reference=rows["name"] == reference.name)
    return rows.sort_values("x", ignore_index=True).assign(setting=title)


def _one_number(settings: Mapping[str, Any], keys: frozenset[str]) -> float | None:
    """Give the number that all of some settings have, or None."""
    values = {settings.get(key) for key in keys}
    (value,) = values if len(values) == 1 else (None,)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _changes(variant: Variant, base: Mapping[str, Any]) -> dict[str, str]:
    own = settings_of(variant)
    return {key: str(own.get(key, "not set")) for key in _changed(own, base)}


def _changed(own: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
    return [key for key in dict.fromkeys([*base, *own]) if own.get(key) != base.get(key)]


def _flattened(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        plain = isinstance(value, bool | int | float | str)
        return [(prefix, value if plain else ", ".join(map(str, value or ())) or "none")]
    return [
        pair
        for key, inner in value.items()
        for pair in _flattened(inner, f"{prefix}.{key}" if prefix else key)
    ]
