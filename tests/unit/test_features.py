"""Feature files of every kind, padding rows, filling, and offline text encoding."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from prism_core.data.feature_files import read_features
from prism_core.data.features import FeatureTable, align, averaged, identified, real_rows
from prism_core.data.readers.amazon_images import RECORD, read_amazon_images
from prism_core.errors import ConfigError, DataError

IDS = pd.Series(["7", "9", "12"])
VECTORS = np.array([[3, 4], [1, 2], [0.5, 6]], dtype=np.float32)


def write(path: Path, kind: str) -> Path:
    """Write the vectors of items 12, 9, 7 by id, where the format can hold ids."""
    target = path / f"image{kind}"
    ids, turned = IDS[::-1].tolist(), VECTORS[::-1].copy()
    if kind == ".npz":
        np.savez(target, image=turned, image_item_id=np.array(ids))
    elif kind == ".npy":
        np.save(target, VECTORS)
    elif kind == ".safetensors":
        save_file({"image": turned, "image_item_id": np.array([12, 9, 7])}, target)
    elif kind == ".pt":
        torch.save({i: torch.tensor(v) for i, v in zip(ids, turned, strict=True)}, target)
    else:
        pd.DataFrame({"item_id": ids, "vector": list(turned)}).to_parquet(target)
    return target


@pytest.mark.parametrize("kind", [".npz", ".npy", ".safetensors", ".pt", ".parquet"])
def test_every_kind_of_file_gives_the_same_vectors(tmp_path: Path, kind: str) -> None:
    tables = read_features(write(tmp_path, kind), "image")
    features = align(identified(tables["image"], IDS, "image"), ["9", "7", "8"])
    assert features.vectors.tolist() == [[0, 0], [1, 2], [3, 4], [0, 0]]
    assert features.available.tolist() == [False, True, True, False]


def test_tensors_are_read_in_order_and_in_half_precision(tmp_path: Path) -> None:
    torch.save(torch.tensor(VECTORS).bfloat16(), tmp_path / "text.pt")
    table = read_features(tmp_path / "text.pt", "text")["text"]
    assert table.item_ids is None
    assert np.array_equal(table.vectors, VECTORS)


def test_columns_of_numbers_make_up_a_vector(tmp_path: Path) -> None:
    frame = pd.DataFrame({"item_id": [7, 9], "x": [1.0, 2.0], "y": [3.0, 4.0]})
    frame.to_parquet(tmp_path / "f.parquet")
    table = read_features(tmp_path / "f.parquet", "image")["image"]
    assert table.vectors.tolist() == [[1, 3], [2, 4]]
    assert table.item_ids.tolist() == ["7", "9"]


def test_a_padding_row_first_is_passed_over() -> None:
    padded = np.concatenate([np.zeros((1, 2)), VECTORS])
    for vectors in (VECTORS, padded):
        found = identified(FeatureTable(vectors, None), IDS, "image")
        assert found.item_ids.tolist() == IDS.tolist()
        assert np.array_equal(found.vectors, VECTORS)
    with pytest.raises(DataError, match="'image': 2 rows without ids, but there are 3 items"):
        identified(FeatureTable(VECTORS[:2], None), IDS, "image")


def test_noise_among_normalised_vectors_is_told_from_features() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 512))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    filling = [3, 17]
    rows[filling] = rng.normal(scale=0.02, size=(2, 512))
    assert np.flatnonzero(~real_rows(rows)).tolist() == filling


def test_vectors_of_any_length_are_kept_but_rows_of_zeros_are_not() -> None:
    rows = np.array([[10.0, 0], [0, 0], [1, 0], [0, 30]])
    assert real_rows(rows).tolist() == [True, False, True, True]


def malicious(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (path.with_suffix(".ran"),)

    torch.save({"a": Trap()}, path)


BAD = {
    "trap.pt": (malicious, r"trap.pt: not a file of plain tensors"),
    "text.pt": (lambda p: p.write_text("hello"), r"text.pt: not a file of plain tensors"),
    "empty.pt": (lambda p: p.write_bytes(b""), r"empty.pt: not a file of plain tensors"),
    "list.pt": (lambda p: torch.save([1, 2], p), r"list.pt: expected a tensor or a dictionary"),
    "ragged.pt": (
        lambda p: torch.save({"a": torch.ones(2), "b": torch.ones(3)}, p),
        r"ragged.pt: vectors have different lengths: \[2, 3\]",
    ),
    "text.npy": (lambda p: p.write_text("hello"), r"text.npy: not a readable npy file"),
    "objects.npy": (
        lambda p: np.save(p, np.array([{}], dtype=object), allow_pickle=True),
        r"objects.npy: not a readable npy file",
    ),
    "nan.npy": (
        lambda p: np.save(p, np.array([[1.0, 2.0], [np.nan, 1.0]])),
        r"nan.npy: the array, row 1 \(from 0\), column 0: nan is not a finite",
    ),
    "text.safetensors": (lambda p: p.write_text("hello"), r"not a readable safetensors file"),
    "text.parquet": (lambda p: p.write_text("hello"), r"not a readable parquet file"),
    "no_ids.parquet": (
        lambda p: pd.DataFrame({"x": [1.0]}).to_parquet(p),
        r"no_ids.parquet: column 'item_id' is missing",
    ),
    "ragged.parquet": (
        lambda p: pd.DataFrame({"item_id": [1, 2], "v": [[1.0], [1.0, 2.0]]}).to_parquet(p),
        r"ragged.parquet: vectors in column 'v' differ in length",
    ),
    "twice.parquet": (
        lambda p: pd.DataFrame({"item_id": [1, 1], "v": [1.0, 2.0]}).to_parquet(p),
        r"twice.parquet: array '_id', row 1 \(from 0\): id '1' stands twice",
    ),
    "missing.npy": (lambda p: None, r"missing.npy: the file is missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_feature_files_are_refused_and_never_run(tmp_path: Path, name: str) -> None:
    make, message = BAD[name]
    make(tmp_path / name)
    with pytest.raises(DataError, match=message) as caught:
        read_features(tmp_path / name, "image")
    assert len(str(caught.value).splitlines()) == 1
    assert not list(tmp_path.glob("*.ran"))


def test_a_modality_is_named_exactly_once(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VECTORS)
    np.savez(tmp_path / "b.npz", image=VECTORS, text=VECTORS)
    with pytest.raises(ConfigError, match="does not name its modality"):
        read_features(tmp_path / "a.npy")
    with pytest.raises(ConfigError, match="holds image, text; give the file without a name"):
        read_features(tmp_path / "b.npz", "image")
    with pytest.raises(ConfigError, match="unknown ending"):
        read_features(tmp_path / "c.pkl", "image")


def amazon_file(path: Path, *asins: str, values: float = 1.0) -> Path:
    rows = np.zeros(len(asins), dtype=RECORD)
    for place, asin in enumerate(asins):
        rows[place] = (asin.encode(), np.full(4096, place + values))
    rows.tofile(path)
    return path


def test_amazon_image_features_are_read_for_the_wanted_items(tmp_path: Path) -> None:
    asins = ("B000000001", "B000000002", "B000000003", "B000000001")
    path = amazon_file(tmp_path / "image_features_Beauty.b", *asins)
    table = read_amazon_images(path, ["B000000003", "B000000001", "B000000009"])
    assert table.item_ids.tolist() == ["B000000001", "B000000003"]
    assert table.vectors.shape == (2, 4096)
    assert table.vectors[:, 7].tolist() == [1, 3], "the first of two rows counts"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda b: b[:-1], "no whole number of records"),
        (lambda b: b"", "no whole number of records"),
        (lambda b: b"\0\x80" * 5 + b[10:], r"record 1: .* is no ASIN"),
        (lambda b: b[:10] + b"\xff" * 4 + b[14:], r"record 1 \(B000000001\), number 1: nan"),
    ],
)
def test_bad_amazon_image_features_are_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], told: str
) -> None:
    path = amazon_file(tmp_path / "image_features_X.b", "B000000001")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=told):
        read_amazon_images(path, ["B000000001"])
    path.unlink()
    with pytest.raises(DataError, match="not a readable file"):
        read_amazon_images(path, ["B000000001"])


def test_vectors_of_photos_are_averaged_for_each_item() -> None:
    table = FeatureTable(np.array([[1.0, 0], [3, 2], [5, 5]]), np.array(["p", "q", "r"]))
    found = averaged(table, {"a": ["p", "q"], "b": ["none"], "c": ["r"]})
    assert dict(zip(found.item_ids.tolist(), found.vectors.tolist(), strict=True)) == {
        "a": [2, 1],
        "c": [5, 5],
    }
    with pytest.raises(DataError, match="no picture of an item has a vector"):
        averaged(table, {"a": ["x"]})
