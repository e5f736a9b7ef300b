"""From a configuration and item features to a model."""

from collections.abc import Mapping

import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.errors import ConfigError
from prism_core.models.backbones.base import Backbone
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.content.anchored import AnchoredContent
from prism_core.models.content.base import Content
from prism_core.models.content.paper import PaperContent
from prism_core.models.content.released import ReleasedContent
from prism_core.models.content.summed import NoContent, SummedContent
from prism_core.models.features import FeatureSpace, check_features
from prism_core.models.sequence_model import SequenceModel


def build_model(
    config: ModelConfig,
    num_items: int,
    features: Mapping[str, Tensor] | None = None,
    available: Mapping[str, Tensor] | None = None,
    backbone: Backbone | None = None,
    fitted: Mapping[str, Tensor] | None = None,
) -> SequenceModel:
    """Build one recommender.

    Parameters
    ----------
    config
    num_items
        ``N``.
    features : mapping of str to Tensor (N + 1, d_m), optional
        Frozen features by modality; row 0 is padding. Not needed with content ``none``.
    available : mapping of str to Tensor (N + 1,), bool, optional
        Items that have the modality. Default: all.
    backbone
        An encoder of your own, ``num_streams * config.hidden_size`` wide. Default: the one that
        the configuration names.
    fitted : mapping of str to Tensor, optional
        Weights about to be loaded: what was estimated of the features is taken from them, which
        saves its cost, and all else is drawn anew.

    Raises
    ------
    ConfigError
        If the configuration asks for a part or backbone the project does not have.
    DataError
        If the features do not fit the configuration or the number of items.
    """
    backbone = backbone or BACKBONES[config.backbone](config)
    width = config.hidden_size * backbone.num_streams
    content: Content
    if config.content == "none":
        content = NoContent(num_items, width)
    else:
        known = fitted or {}
        spaces = _spaces(config, num_items, features or {}, available or {}, known)
        content = _content(config, spaces, width, known)
    return SequenceModel(config, num_items, backbone, content)


def _content(
    config: ModelConfig,
    spaces: dict[str, FeatureSpace],
    width: int,
    fitted: Mapping[str, Tensor],
) -> Content:
    if config.content == "sum":
        return SummedContent(config, spaces, width)
    if config.mode == "paper":
        return PaperContent(config, spaces, width)
    if config.mode == "released":
        return ReleasedContent(config, spaces, width)
    if width < len(spaces) + 2:
        raise ConfigError(f"model.hidden_size {width} is too small for {len(spaces) + 2} parts.")
    return AnchoredContent(config, spaces, width, _within(fitted, "content.split."))


def _spaces(
    config: ModelConfig,
    num_items: int,
    features: Mapping[str, Tensor],
    available: Mapping[str, Tensor],
    fitted: Mapping[str, Tensor],
) -> dict[str, FeatureSpace]:
    everything = torch.arange(num_items + 1) > 0
    known = {name: available.get(name, everything) & everything for name in features}
    for name in config.knocked_out:
        known[name] = torch.zeros_like(everything)
    check_features(features, known, config.modalities, num_items)
    return {
        name: FeatureSpace(
            features[name],
            known[name],
            config.feature_size,
            _within(fitted, f"content.spaces.{name}."),
        )
        for name in config.modalities
    }


def _within(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
