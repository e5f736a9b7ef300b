"""Worlds whose parts are known: item features made of own and shared factors, and users who
choose by them, so that what a model calls a part can be held against the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from prism_core.errors import ConfigError

FACTORS: Final = ("own_image", "own_text", "shared", "interaction")
INTERACTIONS: Final = ("product", "xor")
EVEN: Final[Mapping[str, float]] = MappingProxyType(dict.fromkeys(FACTORS, 0.25))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """How a world is made.

    Attributes
    ----------
    num_users, num_items, length
        Histories are ``(num_users, length)``.
    num_unseen
        Further items that nobody ever meets, to hold parts against the truth on.
    num_factors
        Columns of each factor.
    feature_size
        Columns of the image and of the text features.
    noise
        Standard deviation of the noise in each feature column; the signal's is 1.
    curvature
        0 mixes factors linearly into features; above 0 bends each column, ``tanh(c x) / c``.
    interaction
        What neither modality carries alone: the ``product`` of the own factors, or the product
        of their signs (``xor``).
    shares
        Share of each factor in the variance of a user's utility; they sum to 1.
    strength
        Standard deviation of a user's utility over the items.
    """

    num_users: int = 2000
    num_items: int = 600
    num_unseen: int = 200
    length: int = 20
    num_factors: int = 3
    feature_size: int = 48
    noise: float = 0.3
    curvature: float = 0.0
    interaction: str = "product"
    shares: Mapping[str, float] = field(default_factory=lambda: EVEN)
    strength: float = 3.0

    def __post_init__(self) -> None:
        if self.interaction not in INTERACTIONS:
            raise ConfigError(
                f"world.interaction is '{self.interaction}'; choose {' or '.join(INTERACTIONS)}."
            )
        unknown = set(self.shares) - set(FACTORS)
        if unknown or abs(sum(self.shares.values()) - 1) > 1e-6 or min(self.shares.values()) < 0:
            raise ConfigError(
                f"world.shares is {dict(self.shares)}; give shares of {', '.join(FACTORS)} "
                "from 0 that sum to 1."
            )
        if self.length > self.num_items:
            raise ConfigError(
                f"world.length {self.length} exceeds world.num_items {self.num_items}: nobody "
                "meets an item twice. Lower the length."
            )


@dataclass(frozen=True, slots=True)
class World:
    """Items 1..num_items are met by users; ``unseen_*`` rows belong to items nobody meets.

    Attributes
    ----------
    features
        By modality ``(N + 1, d)`` float32, row 0 zero.
    factors
        By name ``(N + 1, k)`` float32: the truth, unit variance.
    unseen_features, unseen_factors
        The same for the ``num_unseen`` items, without a padding row.
    item_seq
        ``(num_users, length)`` int64, newest last; full, so without padding.
    mixing
        By modality ``(2 k, d)``: how own and shared factors, in that order, make its features.
    """

    features: dict[str, np.ndarray]
    factors: dict[str, np.ndarray]
    unseen_features: dict[str, np.ndarray]
    unseen_factors: dict[str, np.ndarray]
    item_seq: np.ndarray
    mixing: dict[str, np.ndarray]

    @property
    def num_items(self) -> int:
        return len(self.factors["shared"]) - 1


def make_world(config: WorldConfig, seed: int) -> World:
    """Draw a world; the same seed gives the same world.

    Parameters
    ----------
    config
    seed
        Seed of every draw.
    """
    rng = np.random.default_rng(seed)
    count = config.num_items + config.num_unseen
    factors = _factors(config, count, rng)
    features, mixing = {}, {}
    for name in ("image", "text"):
        latent = np.concatenate([factors[f"own_{name}"], factors["shared"]], axis=1)
        mixing[name] = _mixing(config, latent.shape[1], rng)
        features[name] = _mix(config, latent @ mixing[name], rng)
    known = {name: values[: config.num_items] for name, values in factors.items()}
    item_seq = _choices(config, known, rng) + 1
    return World(
        features={name: _with_padding(v[: config.num_items]) for name, v in features.items()},
        factors={name: _with_padding(values) for name, values in known.items()},
        unseen_features={name: v[config.num_items :] for name, v in features.items()},
        unseen_factors={name: v[config.num_items :] for name, v in factors.items()},
        item_seq=item_seq,
        mixing=mixing,
    )


def _factors(config: WorldConfig, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    image, text, shared = rng.standard_normal((3, count, config.num_factors), dtype=np.float32)
    product = image * text
    interaction = product if config.interaction == "product" else np.sign(product)
    values = (image, text, shared, interaction)
    return dict(zip(FACTORS, values, strict=True))


def _mixing(config: WorldConfig, num_latent: int, rng: np.random.Generator) -> np.ndarray:
    drawn = rng.standard_normal((num_latent, config.feature_size), dtype=np.float32)
    return drawn / np.sqrt(num_latent, dtype=np.float32)


def _mix(config: WorldConfig, signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if config.curvature > 0:
        signal = np.tanh(config.curvature * signal) / config.curvature
    return signal + config.noise * rng.standard_normal(signal.shape, dtype=np.float32)


def _choices(
    config: WorldConfig, factors: Mapping[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Let each user draw items without replacement, softmax of the utility (Gumbel top-k)."""
    utility = np.zeros((config.num_users, config.num_items), dtype=np.float32)
    for name, values in factors.items():
        taste = rng.standard_normal((config.num_users, values.shape[1]), dtype=np.float32)
        taste /= np.linalg.norm(taste, axis=1, keepdims=True)
        utility += np.sqrt(config.shares.get(name, 0.0), dtype=np.float32) * (taste @ values.T)
    perturbed = config.strength * utility + rng.gumbel(size=utility.shape)
    chosen = np.argsort(-perturbed, axis=1)[:, : config.length]
    return rng.permuted(chosen, axis=1)


def _with_padding(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(rows[:1]), rows])
