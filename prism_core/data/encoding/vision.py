"""Encoders by model name: CLIP for pictures and texts, timm and torchvision for pictures.

Weights come from a folder, or from the model's hub where there is a network. CLIP: Radford et al.
2021, https://arxiv.org/abs/2103.00020.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from prism_core.data.encoding.encoder import Encoder, Kind, package
from prism_core.errors import ConfigError

CLIP_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
CLIP_SPREAD: Final = (0.26862954, 0.26130258, 0.27577711)
"""Of the red, green and blue of CLIP's training pictures."""
HEADS: Final = ("fc", "classifier", "head", "heads")
"""What torchvision calls the last layer."""


def load_clip(source: str, reads: Kind, device: str) -> Encoder:
    """Load a CLIP model in the layout of Hugging Face; its vectors have length 1."""
    import torch

    model = package("transformers").CLIPModel.from_pretrained(source).eval().to(device)
    prepare = (_clip_words if reads == "text" else _clip_pixels)(source, model)
    features = model.get_text_features if reads == "text" else model.get_image_features

    @torch.inference_mode()
    def encode(contents: Sequence[Any]) -> np.ndarray:
        found = features(**prepare(list(contents)).to(device))
        vectors = getattr(found, "pooler_output", found)
        return torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()

    return Encoder(f"CLIP {_short(source)}", reads, encode)


def _clip_words(source: str, model: Any) -> Callable[[list[Any]], Any]:
    tokenizer = package("transformers").AutoTokenizer.from_pretrained(source)
    longest = model.config.text_config.max_position_embeddings
    return lambda texts: tokenizer(
        texts, padding=True, truncation=True, max_length=longest, return_tensors="pt"
    )


def _clip_pixels(source: str, model: Any) -> Callable[[list[Any]], Any]:
    """Scale the shorter side, cut the middle, normalise: as the model was trained."""
    import torch

    side = model.config.vision_config.image_size
    mean, spread = (torch.tensor(numbers).view(3, 1, 1) for numbers in (CLIP_MEAN, CLIP_SPREAD))

    def pixels(picture: Image.Image) -> torch.Tensor:
        square = ImageOps.fit(picture, (side, side), method=Image.Resampling.BICUBIC)
        values = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1) / 255
        return (values - mean) / spread

    return lambda pictures: _Batch(pixel_values=torch.stack([pixels(p) for p in pictures]))


class _Batch(dict[str, Any]):
    """Named tensors that move together."""

    def to(self, device: str) -> "_Batch":
        return _Batch({name: tensor.to(device) for name, tensor in self.items()})


def load_timm(source: str, reads: Kind, device: str) -> Encoder:
    """Load a timm model without its classifier, with its own way of preparing pictures."""
    timm = package("timm")
    model = timm.create_model(source, pretrained=True, num_classes=0).eval().to(device)
    config = timm.data.resolve_model_data_config(model)
    prepare = timm.data.create_transform(**config, is_training=False)
    return Encoder(f"timm {_short(source)}", "image", _stacking(model, prepare, device))


def load_torchvision(source: str, reads: Kind, device: str) -> Encoder:
    """Load a torchvision classifier without its last layer."""
    import torch

    models = package("torchvision.models")
    weights = models.get_model_weights(source).DEFAULT
    model = models.get_model(source, weights=weights)
    head = next(
        (name for name in ("fc", "classifier", "head", "heads") if hasattr(model, name)), ""
    )
    if not head:
        raise ConfigError(f"torchvision model {source!r}: its last layer is not known; use timm.")
    setattr(model, head, torch.nn.Flatten())
    encode = _stacking(model.eval().to(device), weights.transforms(), device)
    return Encoder(f"torchvision {source}", "image", encode)


def _stacking(
    model: Any, prepare: Callable[[Any], Any], device: str
) -> Callable[[Sequence[Any]], np.ndarray]:
    import torch

    @torch.inference_mode()
    def encode(pictures: Sequence[Any]) -> np.ndarray:
        batch = torch.stack([prepare(picture) for picture in pictures]).to(device)
        return model(batch).float().flatten(1).cpu().numpy()

    return encode


def _short(source: str) -> str:
    return source.rstrip("/").rpartition("/")[2]


FAMILIES: Final[Mapping[str, Callable[[str, Kind, str], Encoder]]] = {
    "clip": load_clip,
    "timm": load_timm,
    "torchvision": load_torchvision,
}
"""Families of models by the word before the colon of a method."""
