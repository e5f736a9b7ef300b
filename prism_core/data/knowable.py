"""How much of a world's factors its features tell at all: the ceiling for any model."""

import numpy as np
from scipy.special import ndtr

from prism_core.data.synthetic import World, WorldConfig
from prism_core.errors import ConfigError


def knowable_r2(config: WorldConfig, world: World) -> dict[str, float]:
    """R2 for each factor, on unseen items, of an oracle that knows how the features are made.

    Own factors are read from their modality by the posterior mean of the linear Gaussian model;
    the shared one is the mean of both readings; the interaction is the product of what each
    modality leads one to expect, of the factor or of its sign.

    Raises
    ------
    ConfigError
        Features are bent (``world.curvature``): their posterior has no closed form.
    """
    if config.curvature > 0:
        raise ConfigError("world.curvature is above 0: no oracle is known for bent features.")
    means, deviations = {}, {}
    for name, rows in world.unseen_features.items():
        means[name], deviations[name] = _posterior(rows, world.mixing[name], config.noise)
    k = config.num_factors
    expected = {name: mean[:, :k] for name, mean in means.items()}
    found = {f"own_{name}": own for name, own in expected.items()}
    found["shared"] = np.mean([mean[:, k:] for mean in means.values()], axis=0)
    if config.interaction == "xor":
        expected = {n: 2 * ndtr(own / deviations[n][:k]) - 1 for n, own in expected.items()}
    found["interaction"] = np.prod(list(expected.values()), axis=0)
    return {name: _r2(world.unseen_factors[name], guess) for name, guess in found.items()}


def _posterior(rows: np.ndarray, mixing: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean ``(n, 2 k)`` and standard deviation ``(2 k,)`` of factors behind features ``(n, d)``."""
    variance = max(noise**2, 1e-12)
    covariance = np.linalg.inv(np.eye(len(mixing)) + mixing @ mixing.T / variance)
    return rows @ mixing.T @ covariance / variance, np.sqrt(np.diag(covariance))


def _r2(truth: np.ndarray, guess: np.ndarray) -> float:
    missed = ((truth - guess) ** 2).sum(axis=0)
    return float(np.mean(1 - missed / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)))
