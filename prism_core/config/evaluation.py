"""How a trained model is evaluated and what is kept of its scores."""

from dataclasses import dataclass
from typing import Literal

from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """Settings of the final evaluation.

    Attributes
    ----------
    batch_size
        Users whose histories are read at once.
    top_k
        Length of the stored recommendation list of each user.
    reference
        What stands in for a part that is switched off: its ``mean`` over items, or ``zero``.
    """

    batch_size: int = 512
    top_k: int = 10
    reference: Literal["mean", "zero"] = "mean"

    def __post_init__(self) -> None:
        for name in ("batch_size", "top_k"):
            if getattr(self, name) < 1:
                raise ConfigError(f"evaluation.{name} = {getattr(self, name)}: must be at least 1.")
