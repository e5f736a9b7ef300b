"""How a model is asked for the next item in training: one recipe for all, or the originals."""

from dataclasses import dataclass
from typing import Final

from prism_core.errors import ConfigError

LOSSES: Final = ("softmax", "bce", "bpr")
SPLITTINGS: Final = ("positions", "prefixes")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveConfig:
    """The recommendation loss.

    Attributes
    ----------
    loss
        ``softmax``: cross-entropy over all items; ``bce``: binary cross-entropy against one
        negative (SASRec); ``bpr``: Bayesian personalised ranking against one negative, with a
        positive-vs-negative margin (STOSA).
    splitting
        ``positions``: a history is read once and asked at every position; ``prefixes``: every
        prefix is a history of its own, asked at its end (InDiRec).
    sampled_above
        Number of items above which ``softmax`` is estimated from sampled items.
    num_sampled
        Items sampled for that, shared by the batch; the estimate is corrected by log Q.
    margin_weight
        Weight of the margin term of ``bpr``: an item should be nearer to its user than to the
        negative.
    """

    loss: str = "softmax"
    splitting: str = "positions"
    sampled_above: int = 100_000
    num_sampled: int = 8192
    margin_weight: float = 0.005

    def __post_init__(self) -> None:
        _one_of("loss", self.loss, LOSSES)
        _one_of("splitting", self.splitting, SPLITTINGS)
        for name, lowest in (("sampled_above", 0), ("num_sampled", 1), ("margin_weight", 0)):
            if getattr(self, name) < lowest:
                raise ConfigError(
                    f"model.objective.{name} = {getattr(self, name)}: give at least {lowest}."
                )


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"model.objective.{key} = {value!r}: choose one of {', '.join(allowed)}.")
