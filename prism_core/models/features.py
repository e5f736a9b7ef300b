"""Frozen item features: standardised, reduced, and split into shared and own variation."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from prism_core.errors import DataError

RIDGE = 1e-3
MAX_SHARED = 32
NUM_SHUFFLES = 20
SPACE_BUFFERS = ("mean", "std", "basis")


class FeatureSpace(nn.Module):
    """One modality: standardised columns, at most ``size`` principal components, never trained.

    Parameters
    ----------
    features : Tensor (N + 1, d)
        Row 0 is padding.
    available : Tensor (N + 1,), bool
        Items that have this modality; the others get zero rows.
    size
        Largest number of columns kept.
    fitted : mapping of str to Tensor, optional
        Buffers of a trained model's space, taken over if they fit instead of estimated again.

    Attributes
    ----------
    rows : Tensor (N + 1, k)
        Mean 0; columns scaled so that their mean variance is 1; exact in half precision, in which
        they are stored.
    """

    def __init__(
        self,
        features: Tensor,
        available: Tensor,
        size: int,
        fitted: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        if fitted is None or not _fits(fitted, features.shape[1], size):
            fitted = _fit(features[available].double(), size)
        for name in SPACE_BUFFERS:
            self.register_buffer(name, fitted[name].float())
        self.register_buffer("available", available)
        self.register_buffer("rows", self.encode(features, available))

    mean: Tensor
    std: Tensor
    basis: Tensor
    available: Tensor
    rows: Tensor

    @property
    def size(self) -> int:
        """Number of columns kept."""
        return self.basis.shape[1]

    def encode(self, features: Tensor, available: Tensor) -> Tensor:
        """Bring raw features ``(n, d)`` of any items into this space ``(n, k)``."""
        encoded = ((features.float() - self.mean) / self.std) @ self.basis
        return torch.where(available[:, None], encoded, 0.0).half().float()


def _fits(fitted: Mapping[str, Tensor], width: int, size: int) -> bool:
    if not all(name in fitted for name in SPACE_BUFFERS):
        return False
    basis = fitted["basis"]
    return (
        basis.ndim == 2
        and len(basis) == width
        and basis.shape[1] <= size
        and fitted["mean"].shape == fitted["std"].shape == (width,)
    )


def _fit(known: Tensor, size: int) -> dict[str, Tensor]:
    mean, std = _moments(known)
    return {"mean": mean, "std": std, "basis": _principal_axes((known - mean) / std, size)}


def _moments(known: Tensor) -> tuple[Tensor, Tensor]:
    if len(known) < 2:
        return known.new_zeros(known.shape[1]), known.new_ones(known.shape[1])
    mean, std = known.mean(0), known.std(0)
    return mean, torch.where(std > 1e-8, std, torch.ones_like(std))


def _principal_axes(standardised: Tensor, size: int) -> Tensor:
    width = standardised.shape[1]
    if len(standardised) < 2:
        return torch.eye(width, min(size, width), dtype=standardised.dtype)
    covariance = standardised.T @ standardised / len(standardised)
    variances, axes = torch.linalg.eigh(covariance)
    keep = min(size, width, len(standardised) - 1)
    kept = variances[-keep:].clamp_min(0)
    return axes[:, -keep:].flip(1) / kept.mean().sqrt().clamp_min(1e-8)


class SharedSplit(nn.Module):
    """Split each modality into what the other modalities also say and what it alone says.

    Directions on which the whitened modalities agree more than shuffled ones do (generalised
    canonical correlation, Kettenring 1971, doi:10.1093/biomet/58.3.433) are shared. The rest of
    a modality is its residual after regressing the shared directions out, so that it holds
    nothing, linearly, of what is shared. Both maps read one modality only and are frozen.

    Parameters
    ----------
    spaces
        The ``M`` modalities by name.
    fitted : mapping of str to Tensor, optional
        Buffers of a trained model's split, taken over if they fit instead of estimated again.
    """

    def __init__(
        self,
        spaces: Mapping[str, FeatureSpace],
        fitted: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        if fitted is None or not _fits_spaces(fitted, spaces):
            fitted = _fit_split(spaces)
        for name in spaces:
            for kind in ("shared", "own"):
                self.register_buffer(f"{kind}_{name}", fitted[f"{kind}_{name}"].float())
        directions = [fitted[f"shared_{name}"] for name in spaces]
        self.num_shared = directions[0].shape[1]
        self.shares_something = any(bool(direction.any()) for direction in directions)

    def shared(self, name: str, rows: Tensor) -> Tensor:
        """Estimate the shared variates ``(n, K)`` from one modality alone.

        Their spread is how far the modalities agree beyond chance, from 0 to 1.
        """
        return rows @ self.get_buffer(f"shared_{name}")

    def own(self, name: str, rows: Tensor) -> Tensor:
        """Keep what is left ``(n, k)`` of a modality without the shared directions."""
        return rows @ self.get_buffer(f"own_{name}")

    def loadings(self, name: str) -> Tensor:
        """Say how a modality's shared variates stand in its features: ``(K, k)``.

        ``shared(name, rows) @ loadings(name) + own(name, rows)`` are the rows.
        """
        shared = self.get_buffer(f"shared_{name}").double()
        own = self.get_buffer(f"own_{name}").double()
        taken = torch.eye(len(own), dtype=own.dtype, device=own.device) - own
        return (torch.linalg.pinv(shared) @ taken).float()


def _fits_spaces(fitted: Mapping[str, Tensor], spaces: Mapping[str, FeatureSpace]) -> bool:
    maps = [(fitted.get(f"shared_{n}"), fitted.get(f"own_{n}"), s.size) for n, s in spaces.items()]
    known = [(s, o, size) for s, o, size in maps if s is not None and o is not None]
    return (
        len(known) == len(spaces)
        and all(s.ndim == 2 and len(s) == size for s, _, size in known)
        and all(o.shape == (size, size) for _, o, size in known)
        and len({s.shape[1] for s, _, _ in known}) == 1
    )


def _fit_split(spaces: Mapping[str, FeatureSpace]) -> dict[str, Tensor]:
    both = torch.stack([space.available for space in spaces.values()]).all(0)
    blocks = [space.rows[both].double() for space in spaces.values()]
    directions = _shared_directions(blocks)
    fitted = {}
    for name, block, direction in zip(spaces, blocks, directions, strict=True):
        fitted[f"shared_{name}"] = direction
        fitted[f"own_{name}"] = _residual_map(block, direction)
    return fitted


def _shared_directions(blocks: list[Tensor]) -> list[Tensor]:
    """Find directions per modality whose agreement exceeds chance, weighed by that excess."""
    if len(blocks) < 2 or len(blocks[0]) < 8:
        return [block.new_zeros(block.shape[1], 1) for block in blocks]
    whiteners = [_whitener(block) for block in blocks]
    white = [block @ whitener for block, whitener in zip(blocks, whiteners, strict=True)]
    agreement, axes = torch.linalg.eigh(_joint_covariance(white))
    null = _chance_agreement(white)
    count = int((agreement > null).sum().clamp(1, MAX_SHARED))
    excess = ((agreement - null) / (len(blocks) - null)).clamp(0, 1)[-count:].flip(0)
    pieces = axes[:, -count:].flip(1).split([w.shape[1] for w in white])
    return [
        _unit_variance(whitener @ piece, block) * excess
        for whitener, piece, block in zip(whiteners, pieces, blocks, strict=True)
    ]


def _chance_agreement(white: list[Tensor]) -> Tensor:
    """Largest agreement found when the items of every modality are shuffled apart."""
    generator = torch.Generator().manual_seed(0)
    largest = []
    for _ in range(NUM_SHUFFLES):
        apart = [rows[torch.randperm(len(rows), generator=generator)] for rows in white]
        largest.append(torch.linalg.eigvalsh(_joint_covariance(apart))[-1])
    return torch.stack(largest).max()


def _joint_covariance(white: list[Tensor]) -> Tensor:
    joined = torch.cat(white, dim=1)
    return joined.T @ joined / len(joined)


def _whitener(block: Tensor) -> Tensor:
    variances, axes = torch.linalg.eigh(block.T @ block / len(block))
    return axes / (variances + RIDGE).sqrt()


def _unit_variance(direction: Tensor, block: Tensor) -> Tensor:
    return direction / (block @ direction).std(0).clamp_min(1e-8)


def _residual_map(block: Tensor, direction: Tensor) -> Tensor:
    identity = torch.eye(block.shape[1], dtype=block.dtype)
    if len(block) < 2:
        return identity
    covariance = block.T @ block / len(block)
    direction = _unit_variance(direction, block)
    gram = direction.T @ covariance @ direction
    return identity - direction @ torch.linalg.pinv(gram) @ direction.T @ covariance


def check_features(
    features: Mapping[str, Tensor],
    available: Mapping[str, Tensor],
    modalities: tuple[str, ...],
    num_items: int,
) -> None:
    """Refuse features that do not fit the model.

    Raises
    ------
    DataError
        If a modality is absent, has another number of rows than ``num_items + 1``, or has
        values that are not finite.
    """
    for name in modalities:
        if name not in features or name not in available:
            raise DataError(
                f"The model reads modality '{name}', but the data offers "
                f"{', '.join(features) or 'none'}; prepare it or leave it out of model.modalities."
            )
        rows = len(features[name])
        if rows != num_items + 1 or len(available[name]) != num_items + 1:
            raise DataError(
                f"Features of '{name}' have {rows} rows; {num_items} items need {num_items + 1} "
                "(row 0 is padding). Prepare the data again."
            )
        if not torch.isfinite(features[name][available[name]]).all():
            raise DataError(f"Features of '{name}' are not all finite; prepare the data again.")
