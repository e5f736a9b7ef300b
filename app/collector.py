"""Keep what libraries hold out of the garbage collector's passes.

A full pass over the objects of the loaded libraries takes about a quarter of a second, and the
reader waits for it now and then. They are never garbage, so they are set aside once loaded.
"""

import gc
import sys

_seen = 0


def set_aside() -> None:
    """Set aside what lives now, where libraries were loaded since the last call."""
    global _seen
    if len(sys.modules) == _seen:
        return
    _seen = len(sys.modules)
    gc.collect()
    gc.freeze()
