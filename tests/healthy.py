"""Parts that keep their roles by construction."""

import numpy as np

from prism_core.names import PARTS

RNG = np.random.default_rng(0)
IMAGE, TEXT, SHARED = RNG.normal(size=(3, 200, 6))


def healthy() -> tuple[dict[str, np.ndarray], dict[str, dict[str, np.ndarray]]]:
    """Parts that keep their roles."""
    parts = dict(zip(PARTS, (IMAGE, TEXT, IMAGE * TEXT, SHARED), strict=True))
    still = {part: array.copy() for part, array in parts.items()}
    nothing = np.zeros_like(IMAGE)
    without = {
        "image": still | {"unique_image": nothing, "synergy": nothing},
        "text": still | {"unique_text": nothing, "synergy": nothing},
    }
    return parts, without
