"""Progress of a command as JSON lines on standard output, for whoever started it."""

import json
import sys
from typing import Any


def emit(event: str, **values: Any) -> None:
    """Print one event line at once, for example ``{"event": "progress", "done": 1, "total": 4}``.

    Raises
    ------
    ValueError
        A value is not finite, so it has no JSON form.
    """
    sys.stdout.write(json.dumps({"event": event, **values}, allow_nan=False) + "\n")
    sys.stdout.flush()
