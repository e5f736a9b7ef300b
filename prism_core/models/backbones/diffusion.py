"""Conditional diffusion in the space of item vectors (InDiRec, arXiv 2504.16077, section 3.3)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BETA_MIN, BETA_MAX = 0.1, 10.0


class IntentDiffusion(nn.Module):
    """Denoise an item vector, given an intent (DDPM, arXiv 2006.11239; guidance, 2207.12598).

    The network predicts the clean vector by one linear layer over [noisy vector, intent, step],
    as its authors released it. Being linear, both passes of classifier-free guidance fold into
    one pass with an extrapolated intent, and a sampling step is one ``W x W`` product.

    Parameters
    ----------
    width
        Size of an item vector, ``W``.
    num_steps
        Noising steps ``T``.
    guidance
        Strength of classifier-free guidance in `sample`.
    intent_dropout
        Probability of training a row without its intent.
    """

    def __init__(self, width: int, num_steps: int, guidance: float, intent_dropout: float) -> None:
        super().__init__()
        self.num_steps, self.guidance, self.intent_dropout = num_steps, guidance, intent_dropout
        self.no_intent = nn.Parameter(torch.randn(width))
        self.step_network = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.from_noisy = nn.Linear(width, width)
        self.from_intent = nn.Linear(width, width, bias=False)
        self.from_step = nn.Linear(width, width, bias=False)
        self.register_buffer("step_waves", sinusoids(num_steps, width), persistent=False)
        keep = 1 - variance_schedule(num_steps)
        self.register_buffer("keep", keep, persistent=False)
        self.register_buffer("kept", keep.cumprod(0), persistent=False)

    step_waves: Tensor
    keep: Tensor
    kept: Tensor

    def denoise(self, noisy: Tensor, intent: Tensor, step: Tensor) -> Tensor:
        """Predict clean vectors from ``(n, W)``, intents ``(n, W)`` and steps ``(n,)``."""
        at_step = self.from_step(self.step_network(self.step_waves))[step]
        return self.from_noisy(noisy) + self.from_intent(intent) + at_step

    def loss(self, clean: Tensor, intent: Tensor, generator: torch.Generator) -> Tensor:
        """Squared error of the clean vector predicted at a random step: a scalar.

        Parameters
        ----------
        clean, intent : Tensor (n, W)
        generator
        """
        count = len(clean)
        device = generator.device
        step = torch.randint(self.num_steps, (count,), generator=generator, device=device)
        is_dropped = torch.rand(count, 1, generator=generator, device=device) < self.intent_dropout
        step, is_dropped = step.to(clean.device), is_dropped.to(clean.device)
        kept = self.kept[step, None]
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise_like(clean, generator)
        intent = torch.where(is_dropped, self.no_intent, intent)
        return F.mse_loss(self.denoise(noisy, intent, step), clean)

    @torch.no_grad()
    def sample(self, intent: Tensor, generator: torch.Generator) -> Tensor:
        """Generate one item vector per intent ``(n, W)``, from noise: ``(n, W)``."""
        guided = self.guidance * (intent - self.no_intent) + intent
        constant = self.from_intent(guided) + self.from_noisy.bias
        at_step = self.from_step(self.step_network(self.step_waves))
        x = noise_like(intent, generator)
        for step in range(self.num_steps - 1, -1, -1):
            clean = x @ self.from_noisy.weight.T + constant + at_step[step]
            x = self._step_back(x, clean, step, generator)
        return x

    def _step_back(self, x: Tensor, clean: Tensor, step: int, generator: torch.Generator) -> Tensor:
        if step == 0:
            return clean
        kept, before = self.kept[step], self.kept[step - 1]
        beta = 1 - self.keep[step]
        mean = beta * before.sqrt() * clean + (1 - before) * self.keep[step].sqrt() * x
        deviation = (beta * (1 - before) / (1 - kept)).sqrt()
        return mean / (1 - kept) + deviation * noise_like(x, generator)


def variance_schedule(num_steps: int) -> Tensor:
    """Give the noise variance added at each step: the discretised VP-SDE (arXiv 2011.13456)."""
    time = (torch.arange(num_steps) + 0.5) / num_steps
    return 1 - torch.exp(-(BETA_MIN + time * (BETA_MAX - BETA_MIN)) / num_steps)


def sinusoids(num_steps: int, width: int) -> Tensor:
    """Encode steps as sines and cosines of falling frequency: ``(num_steps, width)``."""
    half = (width + 1) // 2
    frequency = 10_000.0 ** -(torch.arange(half) / max(half - 1, 1))
    angle = torch.arange(num_steps)[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1)[:, :width]


def noise_like(x: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal noise of the shape, type and device of ``x``."""
    noise = torch.randn(x.shape, generator=generator, device=generator.device)
    return noise.to(device=x.device, dtype=x.dtype)
