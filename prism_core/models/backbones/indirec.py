"""InDiRec: intent-aware diffusion with contrastive learning (arXiv 2504.16077)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from prism_core.config.model import ModelConfig
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.diffusion import IntentDiffusion
from prism_core.models.backbones.intents import Intents
from prism_core.models.backbones.sasrec import SASRec

MAX_VIEWS = 256


class InDiRec(Backbone):
    """A SASRec encoder trained to agree with views that share the intent of a history.

    Once per epoch the states of prefixes are clustered into intents. In each step a conditional
    diffusion model learns to denoise the next item's vector, guided by another prefix of the same
    intent; from pure noise it then generates one positive view per prefix, and InfoNCE pulls the
    prefix and its view together. Nothing of this runs when scoring.

    As in the authors' code: the denoiser is one linear layer over [noisy vector, intent, step] and
    predicts the clean vector, which is the embedding of the next item, itself trained by the
    denoising loss; guidance is classifier-free; a view is sampled without gradient; InfoNCE runs
    over states and views together, both ways, and pairs of one next item are no negatives.

    Otherwise than there, with the reason:

    - Each prefix is guided by a prefix of its own intent. The code looks up the intent of the
      first row and guides the whole batch by it; the paper asks for each sequence's own.
    - Guides are prefixes of the same step, whose states are there already; the code encodes
      prefixes drawn from the whole training set a second time.
    - Clusters are found among the states of at most 2,048 users and 256 states per intent; at most
      256 views are generated per step. Both bound the time on large data.
    - Similarity is the cosine by default (``model.indirec.contrast_similarity``).
    - All positions of a history are asked at once by default; the original's rows, one per prefix,
      are ``model.objective.splitting = "prefixes"``.

    With several processes, each of them computes these losses on the states of the whole batch.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        settings = config.indirec
        self.settings = settings
        self.encoder = SASRec(config)
        self.intents = Intents(settings.num_intents, config.hidden_size)
        self.diffusion = IntentDiffusion(
            config.hidden_size,
            settings.diffusion_steps,
            settings.guidance,
            settings.intent_dropout,
        )

    def forward(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        states: Tensor = self.encoder(inputs, padding_mask)
        return states

    def newest(self, inputs: Tensor, padding_mask: Tensor) -> Tensor:
        return self.encoder.newest(inputs, padding_mask)

    def start_epoch(self, states: Tensor, generator: torch.Generator) -> None:
        self.intents.fit(states, generator)

    def auxiliary_losses(
        self,
        states: Tensor,
        vectors_of: Callable[[Tensor], Tensor],
        targets: Tensor,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        gather = self.exchange.gather
        states, clean, targets = gather(states), gather(vectors_of(targets)), gather(targets)
        if not self.intents.is_fitted or len(states) < 2:
            return {}
        guide = self.intents.guide(states, self.intents.assign(states), generator)
        denoising = self.diffusion.loss(clean, guide, generator)
        contrast = self._contrast(states, guide, targets, generator)
        return {
            "diffusion": self.settings.diffusion_weight * denoising,
            "contrast": self.settings.contrast_weight * contrast,
        }

    def _contrast(
        self, states: Tensor, guide: Tensor, targets: Tensor, generator: torch.Generator
    ) -> Tensor:
        shuffled = torch.randperm(len(states), generator=generator, device=generator.device)
        chosen = shuffled[:MAX_VIEWS].to(states.device)
        views = self.diffusion.sample(guide[chosen], generator)
        anchors, temperature = states[chosen], self.settings.contrast_temperature
        if self.settings.contrast_similarity == "cosine":
            anchors, views = F.normalize(anchors, dim=-1), F.normalize(views, dim=-1)
        return info_nce(anchors, views, targets[chosen], temperature)


def info_nce(anchors: Tensor, views: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Tell each anchor's view, and each view's anchor, from those of other labels.

    Parameters
    ----------
    anchors, views : Tensor (n, W)
    labels : Tensor (n,)
        Rows of one label are no negatives of each other.
    temperature
        Divides the dot products.

    Returns
    -------
    Tensor ()
        Mean cross-entropy over the ``2 n`` rows.
    """
    count = len(anchors)
    both = torch.cat([anchors, views])
    logits = (both @ both.T).float() / temperature
    partner = torch.arange(2 * count, device=both.device).roll(count)
    same_label = (labels[:, None] == labels).repeat(2, 2)
    is_partner = F.one_hot(partner, 2 * count).bool()
    return F.cross_entropy(logits.masked_fill(same_label & ~is_partner, float("-inf")), partner)
