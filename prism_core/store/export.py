"""Copying a run without its large files, with a manifest that says what is there."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.errors import ConfigError, RunFormatError
from prism_core.names import TIERS, Tier
from prism_core.store import files, schema
from prism_core.store.reader import Run, read_events
from prism_core.store.writer import ROWS_PER_GROUP

OPTIONAL: Final = {
    "model": schema.MODEL,
    "vectors": schema.VECTORS,
    "events": schema.EVENTS,
    "recommendations": schema.file_of("recommendations"),
}
"""What a copy may leave out; a run stays readable without any of them."""

LEFT_OUT: Final[Mapping[Tier, tuple[str, ...]]] = {
    "whole": (),
    "compact": (schema.MODEL, schema.VECTORS),
    "metrics": (
        schema.MODEL,
        schema.VECTORS,
        schema.file_of("recommendations"),
        schema.file_of("users"),
    ),
}
"""What each tier lacks; a run of metrics also lacks the artifacts computed after training."""

GAMES: Final = ("part_coalitions", "modality_coalitions")
KEPT_BITS: Final = 17
"""Significant bits of the scores in a compact copy: relative rounding error below 1e-5."""

SHARED: Final = ".shared"
"""Folder beside the copies of a study for a table that all of them have."""

KEPT_CURVES: Final = ("ndcg@10", "recall@10")
KEPT_DIGITS: Final = 5


def export_run(
    source: Path, target: Path, *, without: tuple[str, ...] = (), compact: bool = False
) -> Path:
    """Copy a complete run, or the part of it that is wanted.

    Parameters
    ----------
    source, target
        Run folders; ``target`` must not hold a run yet.
    without
        Names of ``OPTIONAL`` to leave out.
    compact
        Store scores with ``KEPT_BITS`` significant bits.

    Raises
    ------
    ConfigError
        A name of ``without`` is unknown.
    RunFormatError
        The source is not a complete, intact run, or the target exists.
    """
    unknown = [name for name in without if name not in OPTIONAL]
    if unknown:
        raise ConfigError(f"--without {unknown[0]}: choose from {', '.join(OPTIONAL)}.")
    run = _intact(source, target)
    _copy(run, target, [OPTIONAL[name] for name in without])
    if compact:
        _round_scores(target)
    _describe(run, target, {})
    return target


def export_tier(source: Path, target: Path, tier: Tier, *, group: str = "") -> Path:
    """Copy a complete run into a study's folder, as much of it as its tier keeps.

    The item table, the same for all runs on one data set, is stored once beside the copies.

    Parameters
    ----------
    source, target
        Run folders; ``target`` must not hold a run yet.
    tier
        How much to keep; see :data:`prism_core.names.TIERS`.
    group
        Heading under which the study lists the run.

    Raises
    ------
    RunFormatError
        The source is not a complete, intact run, has less than the tier keeps, or the target
        exists.
    """
    run = _intact(source, target)
    if TIERS.index(run.tier) > TIERS.index(tier):
        raise RunFormatError(f"{source}: kept as {run.tier!r}, which is less than {tier!r}.")
    items = schema.file_of("items")
    _copy(run, target, [*LEFT_OUT[tier], *_artifacts(run, tier), items])
    if tier == "compact":
        _round_scores(target)
    if tier == "metrics":
        _thin_events(target)
    facts = {"backbone": _backbone(run), "group": group}
    _describe(run, target, {k: v for k, v in facts.items() if v}, {items: _share(run, target)})
    return target


def _intact(source: Path, target: Path) -> Run:
    run = Run(source)
    run.verify()
    if target.exists():
        raise RunFormatError(f"{target}: exists already; remove it or choose another folder.")
    return run


def _copy(run: Run, target: Path, left_out: Iterable[str]) -> None:
    wanted = [name for name in run.manifest["files"] if name not in set(left_out)]
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.file(name), target / name)


def _describe(
    run: Run,
    target: Path,
    facts: Mapping[str, Any],
    shared: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write the copy's manifest: the run's, with what is there now."""
    entries = {
        name: {k: v for k, v in entry.items() if k != "shared"} | files.describe_file(target / name)
        for name, entry in run.manifest["files"].items()
        if (target / name).is_file()
    }
    manifest = {**run.manifest, **facts, "files": entries | dict(shared or {})}
    files.write_json(target / schema.MANIFEST, manifest)


def _artifacts(run: Run, tier: Tier) -> list[str]:
    """Name the files computed after training that the tier does not keep."""
    own = {schema.file_of(name) for name in ("metrics", "user_metrics", "users", "items")}
    own |= {schema.CONFIG, schema.EVENTS, schema.file_of("recommendations")}
    return [] if tier != "metrics" else [n for n in run.manifest["files"] if n not in own]


def _backbone(run: Run) -> str:
    return run.backbone or str(run.config.get("model", {}).get("backbone", ""))


def _share(run: Run, target: Path) -> dict[str, Any]:
    """Put the run's item table beside the copies, once, and give its manifest entry."""
    source = run.file(schema.file_of("items"))
    entry = files.describe_file(source)
    place = Path(SHARED) / f"items-{entry['sha256'][:16]}.parquet"
    shared = target.parent / place
    if not shared.is_file():
        with files.replacing(shared) as temporary:
            shutil.copyfile(source, temporary)
    return entry | {"shared": place.as_posix()}


def _thin_events(target: Path) -> None:
    """Keep of a learning curve what the figures show, with few digits."""
    path = target / schema.EVENTS
    if not path.is_file():
        return
    lines = [json.dumps(_thinned(event), separators=(",", ":")) for event in read_events(target)]
    with files.replacing(path) as temporary:
        temporary.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _thinned(event: Mapping[str, Any]) -> dict[str, Any]:
    valid = event.get("valid", {})
    kept = {"valid": {k: valid[k] for k in KEPT_CURVES if k in valid}} if valid else {}
    return {name: _shortened(value) for name, value in {**event, **kept}.items()}


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    return float(f"{value:.{KEPT_DIGITS}g}") if isinstance(value, float) else value


def _round_scores(target: Path) -> None:
    path = target / schema.file_of("recommendations")
    if path.is_file():
        rounded = _rounded_scores(files.read_parquet(path))
        files.write_parquet(path, rounded, rows_per_group=ROWS_PER_GROUP)


def _rounded_scores(pairs: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, Any] = {"score": round_bits(pairs["score"].to_numpy())}
    for name in GAMES:
        if name in pairs.columns:
            columns[name] = list(round_bits(np.stack(pairs[name].to_list())))
    return pairs.assign(**columns)


def round_bits(values: np.ndarray) -> np.ndarray:
    """Round float32 values to ``KEPT_BITS`` significant bits; infinities stay."""
    mantissa, exponent = np.frexp(values.astype(np.float32))
    scale = np.float32(2.0**KEPT_BITS)
    return np.ldexp(np.round(mantissa * scale) / scale, exponent).astype(np.float32)
