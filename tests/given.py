"""Where tests find the large given data: beside the repository, or where PRISM_SHARED says."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("PRISM_SHARED", Path(__file__).parents[1].parent / "shared"))
needs_given_data = pytest.mark.skipif(
    not (SHARED / "data").is_dir(),
    reason=f"the given data is not in {SHARED.name}/ beside the repository",
)
