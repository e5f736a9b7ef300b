"""Copying a run without its large files, with a manifest that says what is there."""

import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.errors import ConfigError, RunFormatError
from prism_core.store import files, schema
from prism_core.store.reader import Run
from prism_core.store.writer import ROWS_PER_GROUP

OPTIONAL: Final = {
    "model": schema.MODEL,
    "vectors": schema.VECTORS,
    "events": schema.EVENTS,
    "recommendations": schema.file_of("recommendations"),
}
"""What a copy may leave out; a run stays readable without any of them."""

GAMES: Final = ("part_coalitions", "modality_coalitions")
KEPT_BITS: Final = 17
"""Significant bits of the scores in a compact copy: relative rounding error below 1e-5."""


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
    run = Run(source)
    run.verify()
    if target.exists():
        raise RunFormatError(f"{target}: exists already; remove it or choose another folder.")
    left_out = {OPTIONAL[name] for name in without}
    entries = {name: e for name, e in run.manifest["files"].items() if name not in left_out}
    for name in entries:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
    if compact:
        _compact(run, target)
        entries = {name: e | files.describe_file(target / name) for name, e in entries.items()}
    files.write_json(target / schema.MANIFEST, {**run.manifest, "files": entries})
    return target


def _compact(run: Run, target: Path) -> None:
    table = schema.file_of("recommendations")
    if (target / table).is_file():
        files.write_parquet(target / table, _rounded_scores(run), rows_per_group=ROWS_PER_GROUP)


def _rounded_scores(run: Run) -> pd.DataFrame:
    pairs = run.table("recommendations")
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
