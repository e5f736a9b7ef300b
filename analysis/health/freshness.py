"""Whether the stored check of a run's parts is that of the run, the data and the program as is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from prism_core.store import schema
from prism_core.store.reader import Run

ARTIFACT: Final = "health"
DEFAULTS: Final[Mapping[str, int]] = {"permutations": 100, "seed": 0}
_REVISION: Final = 4

OTHER_INPUTS: Final = (
    "The parts were checked by an older version, or their vectors have changed since."
)
NO_DATA: Final = (
    "The parts were checked without the data set, so without probes and information; it is here "
    "now."
)


def content_key(run: Run, fingerprint: str | None, settings: Mapping[str, Any]) -> str:
    """Hash of everything a check is computed from.

    Parameters
    ----------
    fingerprint
        Of the data set; None where it is not here.
    settings
        ``permutations`` and ``seed``.
    """
    vectors = run.manifest["files"].get(schema.VECTORS, {}).get("sha256")
    content = [_REVISION, vectors, fingerprint, settings["permutations"], settings["seed"]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def why_out_of_date(run: Run, *, has_dataset: bool) -> str:
    """Say why the stored check should be made anew; empty if it is up to date or missing.

    Parameters
    ----------
    has_dataset
        Whether the data set that the run was trained on is here.
    """
    entry = run.manifest["files"].get(schema.file_of(ARTIFACT))
    if entry is None:
        return ""
    settings = entry.get("settings", DEFAULTS)
    if entry.get("key") == content_key(run, run.manifest["dataset"]["fingerprint"], settings):
        return ""
    if entry.get("key") == content_key(run, None, settings):
        return NO_DATA if has_dataset else ""
    return OTHER_INPUTS
