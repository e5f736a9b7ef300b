"""Encoding the texts or pictures of items into a modality."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from prism_core.data.encoding.cache import VectorCache, content_key
from prism_core.data.encoding.encoder import Encoder, Kind
from prism_core.data.encoding.models import load_encoder
from prism_core.data.encoding.pictures import Pictures, decode
from prism_core.data.encoding.tfidf import tfidf_svd
from prism_core.data.features import FeatureTable, averaged
from prism_core.errors import ConfigError, DataError

TFIDF: Final = "tfidf-svd"
BATCH: Final = 64
TEXTS: Final[Mapping[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "title": lambda items: items["title"],
    "category": lambda items: items["categories"].map(", ".join),
    "text": lambda items: (
        items["text"]
        if "text" in items
        else items["title"].str.cat(items["categories"].map(", ".join), sep=". ")
    ),
}
"""What a text modality is made of: ``text`` is all that the reader knows of an item."""

Progress = Callable[[Iterable[int], str], Iterable[int]]
"""Wraps the starts of batches, to show how far the encoding is."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Texts in UTF-8 or picture files by item id, read when needed."""

    item_ids: Sequence[str]
    read: Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingOptions:
    """Where encoders run and read.

    Attributes
    ----------
    pictures
        Folder or zip of pictures by item id, for ``image``.
    cache
        Folder of vectors already made.
    device
        ``auto``, ``cuda``, ``mps`` or ``cpu``.
    """

    pictures: Path | None = None
    cache: Path = Path("data/encoded")
    device: str = "auto"


def encode_items(
    items: pd.DataFrame,
    modality: str,
    method: str,
    options: EncodingOptions,
    progress: Progress = lambda starts, _: starts,
    pictures_of: Mapping[str, Sequence[str]] | None = None,
) -> tuple[FeatureTable, str]:
    """Encode one modality of some items; items without text or picture get no row.

    Parameters
    ----------
    items
        Items of :class:`~prism_core.data.raw.RawData`.
    modality
        ``image``, or a key of ``TEXTS``.
    method
        ``tfidf-svd``, or a name that :func:`~prism_core.data.encoding.models.load_encoder` knows.
    options
        Where encoders run and read.
    progress
        Wraps the starts of batches.
    pictures_of
        Names of each item's pictures, whose vectors are averaged; None: one, named by the item.

    Returns
    -------
    table, encoder
        Vectors with ids, and the encoder's true name.

    Raises
    ------
    ConfigError
        The modality or method is unknown, or they do not fit each other.
    DataError
        No item has such a content, or a picture is damaged.
    """
    if modality != "image" and modality not in TEXTS:
        raise ConfigError(f"--encode {modality}: choose image, {', '.join(TEXTS)}.")
    named = pictures_of if modality == "image" else None
    contents = _pictures(items, options, named) if modality == "image" else _texts(items, modality)
    if not contents.item_ids:
        raise DataError(f"--encode {modality}: no item has a {modality}.")
    ids = np.array(contents.item_ids)
    if method == TFIDF and modality != "image":
        vectors, name = tfidf_svd([contents.read(item).decode() for item in contents.item_ids])
        return FeatureTable(vectors, ids), f"{name}; {modality}"
    reads: Kind = "image" if modality == "image" else "text"
    encoder = load_encoder(method, options.device, reads)
    if (encoder.reads == "image") != (modality == "image"):
        raise ConfigError(f"--encode {modality}={method}: that encoder reads {encoder.reads}s.")
    vectors = encode_contents(contents, encoder, VectorCache(options.cache), progress)
    table = FeatureTable(vectors, ids)
    told = f"{encoder.name}, {vectors.shape[1]}-d; {modality}"
    return (table if named is None else averaged(table, named)), told


def encode_contents(
    contents: Contents,
    encoder: Encoder,
    cache: VectorCache,
    progress: Progress = lambda starts, _: starts,
) -> np.ndarray:
    """Encode what the cache does not know yet, batch by batch, and give all vectors ``(R, d)``.

    Parameters
    ----------
    contents
        Texts or pictures.
    encoder
        The model.
    cache
        Receives every finished batch.
    progress
        Wraps the starts of batches.
    """
    keys = [content_key(encoder.name, contents.read(item)) for item in contents.item_ids]
    known = zip(keys, contents.item_ids, strict=True)
    todo = list({key: item for key, item in known if key not in cache}.items())
    for start in progress(range(0, len(todo), BATCH), encoder.name):
        batch = todo[start : start + BATCH]
        inputs = [_input(encoder, item, contents.read(item)) for _, item in batch]
        cache.add([key for key, _ in batch], encoder.encode(inputs))
    return cache.get(keys)


def _input(encoder: Encoder, item_id: str, content: bytes) -> Any:
    if encoder.reads == "text":
        return content.decode()
    return decode(content, f"picture of item {item_id!r}")


def _texts(items: pd.DataFrame, modality: str) -> Contents:
    texts = zip(items["item_id"], TEXTS[modality](items), strict=True)
    found = {item: text.encode() for item, text in texts if text.strip(" .,")}
    return Contents(list(found), found.__getitem__)


def _pictures(
    items: pd.DataFrame, options: EncodingOptions, named: Mapping[str, Sequence[str]] | None
) -> Contents:
    if options.pictures is None:
        raise ConfigError("--encode image: give the folder or zip with --pictures.")
    pictures = Pictures(options.pictures)
    of = {item: [item] for item in items["item_id"]} if named is None else named
    names = dict.fromkeys(name for item in items["item_id"] for name in of.get(item, ()))
    found = [name for name in names if name in pictures]
    return Contents(found, pictures.content)
