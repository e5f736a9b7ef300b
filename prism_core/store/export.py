"""Copying a run without its large files, with a manifest that says what is there."""

import shutil
from pathlib import Path
from typing import Final

from prism_core.errors import ConfigError, RunFormatError
from prism_core.store import files, schema
from prism_core.store.reader import Run

OPTIONAL: Final = {
    "model": schema.MODEL,
    "vectors": schema.VECTORS,
    "events": schema.EVENTS,
    "recommendations": schema.file_of("recommendations"),
}
"""What a copy may leave out; a run stays readable without any of them."""


def export_run(source: Path, target: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Copy a complete run, or the part of it that is wanted.

    Parameters
    ----------
    source, target
        Run folders; ``target`` must not hold a run yet.
    without
        Names of ``OPTIONAL`` to leave out.

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
    files.write_json(target / schema.MANIFEST, {**run.manifest, "files": entries})
    return target
