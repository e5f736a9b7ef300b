"""Settings that only one backbone has."""

from dataclasses import dataclass
from typing import Final

from prism_core.errors import ConfigError

SIMILARITIES: Final = ("cosine", "dot")


@dataclass(frozen=True, slots=True, kw_only=True)
class StosaConfig:
    """Settings of STOSA (doi:10.1145/3485447.3512077).

    Attributes
    ----------
    mean_stream_bug
        Leave the mean stream as it entered, as the original code does by a misspelt variable:
        attention then updates covariances only.
    """

    mean_stream_bug: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndirecConfig:
    """Settings of InDiRec (arXiv 2504.16077); all but one default are its authors'.

    Attributes
    ----------
    num_intents
        Clusters of prefix representations.
    diffusion_steps
        Noising steps ``T`` of the diffusion model.
    guidance
        How far a generated view leans on its intent; 0 is plain conditional sampling.
    intent_dropout
        Probability that the diffusion model is trained without the intent.
    diffusion_weight
        Weight of the denoising loss.
    contrast_weight
        Weight of the contrastive loss.
    contrast_similarity
        How a state and a view are compared: ``cosine`` or ``dot``. The authors' code uses ``dot``;
        states here have the norm of their size, and dot products of that scale let the contrast
        drown the recommendation loss for hundreds of steps.
    contrast_temperature
        What divides that.
    """

    num_intents: int = 256
    diffusion_steps: int = 200
    guidance: float = 2.0
    intent_dropout: float = 0.1
    diffusion_weight: float = 1.0
    contrast_weight: float = 0.2
    contrast_similarity: str = "cosine"
    contrast_temperature: float = 1.0

    def __post_init__(self) -> None:
        for name in ("num_intents", "diffusion_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"model.indirec.{name} = {getattr(self, name)}: give 1 or more.")
        for name in ("guidance", "diffusion_weight", "contrast_weight"):
            if getattr(self, name) < 0:
                raise ConfigError(f"model.indirec.{name} = {getattr(self, name)}: give 0 or more.")
        if not 0 <= self.intent_dropout < 1:
            raise ConfigError(
                f"model.indirec.intent_dropout = {self.intent_dropout}: give 0 to below 1."
            )
        if self.contrast_similarity not in SIMILARITIES:
            raise ConfigError(
                f"model.indirec.contrast_similarity = {self.contrast_similarity!r}: "
                f"choose one of {', '.join(SIMILARITIES)}."
            )
        if self.contrast_temperature <= 0:
            raise ConfigError("model.indirec.contrast_temperature: give a number above 0.")
