"""Intents: clusters of prefix representations (InDiRec, arXiv 2504.16077, section 3.2)."""

import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn

MAX_POINTS_PER_INTENT = 256


class Intents(nn.Module):
    """K-means prototypes of what users were after, refreshed once per epoch.

    Parameters
    ----------
    num_intents
        Largest number of clusters; fewer when there are fewer states.
    width
        Size of a state.
    """

    def __init__(self, num_intents: int, width: int) -> None:
        super().__init__()
        self.num_intents, self.is_fitted = num_intents, False
        self.register_buffer("prototypes", torch.zeros(1, width), persistent=False)

    prototypes: Tensor

    @torch.no_grad()
    def fit(self, states: Tensor, generator: torch.Generator) -> None:
        """Cluster states ``(R, W)``; at most 256 of them per intent are read."""
        device, limit = generator.device, MAX_POINTS_PER_INTENT * self.num_intents
        chosen = torch.randperm(len(states), generator=generator, device=device)[:limit]
        seed = int(torch.randint(2**31, (), generator=generator, device=device))
        points = states.float()[chosen.to(states.device)].cpu().numpy()
        count = min(self.num_intents, len(points))
        kmeans = KMeans(count, n_init=1, max_iter=20, random_state=seed).fit(points)
        self.prototypes = torch.from_numpy(kmeans.cluster_centers_).to(self.prototypes)
        self.is_fitted = True

    @torch.no_grad()
    def assign(self, states: Tensor) -> Tensor:
        """Find the nearest intent of each state ``(n, W)``: ``(n,)``."""
        return torch.cdist(states.float(), self.prototypes).argmin(1)

    def guide(self, states: Tensor, intents: Tensor, generator: torch.Generator) -> Tensor:
        """Represent each state's intent by another state that shares it.

        Parameters
        ----------
        states : Tensor (n, W)
        intents : Tensor (n,)
        generator

        Returns
        -------
        Tensor (n, W)
            A state drawn among those of the same intent; the prototype where there is no other.
        """
        partner = _draw_partner(intents, generator)
        is_alone = partner == torch.arange(len(states), device=states.device)
        prototypes = self.prototypes[intents].to(states.dtype)
        return torch.where(is_alone[:, None], prototypes, states[partner])


def _draw_partner(groups: Tensor, generator: torch.Generator) -> Tensor:
    """Draw another member of each one's group, oneself only where alone: ``(n,)``."""
    count = len(groups)
    shuffled = torch.randperm(count, generator=generator, device=generator.device)
    shuffled = shuffled.to(groups.device)
    order = shuffled[groups[shuffled].argsort(stable=True)]
    ordered = groups[order]
    first = torch.searchsorted(ordered, ordered)
    position = torch.arange(count, device=groups.device) + 1
    is_last = torch.cat([ordered[1:] != ordered[:-1], ordered.new_ones(1, dtype=torch.bool)])
    partner = torch.empty_like(order)
    partner[order] = order[torch.where(is_last, first, position)]
    return partner
