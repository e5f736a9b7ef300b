"""Settings of the published modes: what the paper leaves open, and the released code's quirks."""

from dataclasses import dataclass

from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperConfig:
    """Settings of mode ``paper``.

    Attributes
    ----------
    margin
        Margin of the cosine triplet losses; the paper gives none.
    """

    margin: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= 2:
            raise ConfigError(
                f"model.paper.margin = {self.margin}: cosine distances differ by at most 2; "
                "give a number from 0 to 2."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedConfig:
    """Quirks of the released code, all on as its authors left them; turn one off to see its effect.

    Attributes
    ----------
    future_pooling
        Image and text are averaged over the whole sequence, so that training positions see their
        own target. Off: over the positions read so far.
    padded_means
        Padding counts in these averages. Off: real positions only.
    unscaled_noise
        A withheld modality is replaced by standard normal noise, far larger than the features.
        Off: as ``model.withhold`` says.
    losses_on_vectors
        Expert losses compare the experts' vectors. Off: predictions made from them, as published.
    raw_content_input
        The projected image and text are also added to the input. Off: id and fused vector only.
    padding_candidates
        Padding is a candidate and a negative. Off: it never is.
    zero_seen_scores
        Items already seen score 0 when ranking. Off: minus infinity.
    negatives_avoid_targets
        Sampled negatives avoid the user's own validation and test items. Off: known items only.
    losses_at_evaluation
        Expert losses are computed in evaluation mode too. Off: in training only.
    no_expert_dropout
        ``model.expert_dropout`` has no effect. Off: it has.
    trained_features
        Feature tables are trained. Off: they are frozen.
    """

    future_pooling: bool = True
    padded_means: bool = True
    unscaled_noise: bool = True
    losses_on_vectors: bool = True
    raw_content_input: bool = True
    padding_candidates: bool = True
    zero_seen_scores: bool = True
    negatives_avoid_targets: bool = True
    losses_at_evaluation: bool = True
    no_expert_dropout: bool = True
    trained_features: bool = True
