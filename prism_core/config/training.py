"""How a model is trained."""

from dataclasses import dataclass
from typing import Final, Literal

from prism_core.errors import ConfigError
from prism_core.names import CUTOFFS, METRICS

STOP_METRICS: Final = tuple(f"{metric}@{k}" for metric in METRICS for k in CUTOFFS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Settings of the training loop.

    Attributes
    ----------
    batch_size
        Users in a global batch.
    max_epochs
        Epochs at the most.
    patience
        Epochs without a better validation score before stopping.
    learning_rate
        Of AdamW, at the start.
    weight_decay
        Of AdamW; weights of norms and biases do not decay.
    decay
        ``linear`` lowers the learning rate to zero over ``max_epochs``; ``none`` keeps it.
    clip_norm
        Largest norm of a step's gradient.
    stop_on
        Validation metric that decides the best epoch, such as ``ndcg@10``.
    precision
        ``float32``, or ``bfloat16`` for autocast on devices that have it.
    compile
        Whether ``torch.compile`` is applied to the backbone and to what a step computes of items.
    """

    batch_size: int = 64
    max_epochs: int = 30
    patience: int = 10
    learning_rate: float = 4e-3
    weight_decay: float = 0.0
    decay: Literal["none", "linear"] = "linear"
    clip_norm: float = 5.0
    stop_on: str = "ndcg@10"
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_epochs", "patience"):
            if getattr(self, name) < 1:
                raise ConfigError(f"training.{name} = {getattr(self, name)}: must be at least 1.")
        if self.stop_on not in STOP_METRICS:
            raise ConfigError(
                f"training.stop_on = {self.stop_on!r}: choose one of {', '.join(STOP_METRICS)}."
            )
        if not self.learning_rate > 0:
            raise ConfigError(f"training.learning_rate = {self.learning_rate}: must be above 0.")
