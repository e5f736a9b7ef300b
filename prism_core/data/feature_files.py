"""Reading feature files of any common kind; nothing in them is ever executed.

Named arrays (``.npz``, ``.safetensors``, a ``.pt`` dictionary of tables) carry the modality's
name, and ids in ``<modality>_<anything>_id``. Other files need the name from the caller.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file

from prism_core.data.features import FeatureTable
from prism_core.data.readers.frames import read_parquet
from prism_core.errors import ConfigError, DataError

UNNAMED: Final = ""
"""Key of an array whose file does not name it."""


def read_features(path: Path, modality: str | None = None) -> dict[str, FeatureTable]:
    """Read the vectors of a feature file by modality.

    Parameters
    ----------
    path
        A ``.npz``, ``.npy``, ``.safetensors``, ``.pt`` or ``.parquet`` file.
    modality
        Name of the modality, for a file that holds just one.

    Raises
    ------
    ConfigError
        The ending is unknown, or a name is needed or given in vain.
    DataError
        The file is missing or damaged, an array has the wrong shape, an id stands twice, or a
        value is not finite; array and row are named.
    """
    if path.suffix not in LOADERS:
        raise ConfigError(f"{path}: unknown ending; choose one of {', '.join(LOADERS)}.")
    if not path.is_file():
        raise DataError(f"{path}: the file is missing.")
    arrays = LOADERS[path.suffix](path)
    names = [name for name in arrays if not name.endswith("_id")]
    if not names:
        raise DataError(f"{path}: there is no array of vectors.")
    if UNNAMED in names and modality is None:
        raise ConfigError(f"{path}: the file does not name its modality; write modality={path}.")
    if modality is not None and len(names) > 1:
        raise ConfigError(f"{path}: holds {', '.join(names)}; give the file without a name.")
    return {modality or name: _table(path, name, arrays) for name in names}


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a readable npz file: {error}.") from None


def _read_npy(path: Path) -> dict[str, np.ndarray]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a readable npy file: {error}.") from None
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: an npz archive with the ending of an npy file; rename it.")
    return {UNNAMED: array}


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a readable safetensors file: {error}.") from None


def _read_pt(path: Path) -> dict[str, np.ndarray]:
    import torch  # takes seconds to load and only this format needs it

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the reader of damaged files stops with errors of any kind
        reason = str(error).splitlines()[0][:120].rstrip(".") if str(error) else "it is cut off"
        raise DataError(f"{path}: not a file of plain tensors: {reason}.") from None
    if isinstance(content, torch.Tensor):
        return {UNNAMED: content.float().numpy()}
    tensors = isinstance(content, dict) and all(torch.is_tensor(v) for v in content.values())
    if not tensors or not content:
        raise DataError(f"{path}: expected a tensor or a dictionary of tensors.")
    arrays = {str(name): _from_torch(tensor) for name, tensor in content.items()}
    return _by_id(path, arrays) if all(a.ndim == 1 for a in arrays.values()) else arrays


def _from_torch(tensor: Any) -> np.ndarray:
    return tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy()


def _by_id(path: Path, vectors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    sizes = {len(vector) for vector in vectors.values()}
    if len(sizes) > 1:
        raise DataError(f"{path}: vectors have different lengths: {sorted(sizes)[:5]}.")
    return {UNNAMED: np.stack(list(vectors.values())), "_id": np.array(list(vectors))}


def _read_parquet(path: Path) -> dict[str, np.ndarray]:
    frame = read_parquet(path)
    if "item_id" not in frame:
        raise DataError(f"{path}: column 'item_id' is missing.")
    values = frame.drop(columns="item_id")
    return {UNNAMED: _stacked(path, values), "_id": frame["item_id"].astype("str").to_numpy(str)}


def _stacked(path: Path, values: pd.DataFrame) -> np.ndarray:
    if values.shape[1] != 1:
        return values.to_numpy()
    column = values.iloc[:, 0]
    try:
        return np.stack([np.atleast_1d(vector) for vector in column])
    except ValueError:
        raise DataError(f"{path}: vectors in column {column.name!r} differ in length.") from None


LOADERS: Final[Mapping[str, Callable[[Path], dict[str, np.ndarray]]]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".safetensors": _read_safetensors,
    ".pt": _read_pt,
    ".parquet": _read_parquet,
}


def _table(path: Path, name: str, arrays: Mapping[str, np.ndarray]) -> FeatureTable:
    vectors = arrays[name]
    label = f"array {name!r}" if name else "the array"
    _check_vectors(path, label, vectors)
    prefix = f"{name}_" if name else "_id"
    keys = [key for key in arrays if key.startswith(prefix) and key.endswith("_id")]
    if not keys:
        return FeatureTable(vectors, None)
    if len(keys) > 1:
        raise DataError(f"{path}: {label} has more than one list of ids: {', '.join(keys)}.")
    return FeatureTable(vectors, _ids(path, keys[0], arrays[keys[0]], len(vectors)))


def _ids(path: Path, key: str, ids: np.ndarray, rows: int) -> np.ndarray:
    if ids.shape != (rows,):
        raise DataError(f"{path}: {key!r} has shape {ids.shape}, not ({rows},).")
    if ids.dtype.kind not in "iuU":
        raise DataError(f"{path}: {key!r} holds {ids.dtype}, but ids are whole numbers or text.")
    names = ids.astype(str)
    repeated = pd.Index(names).duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise DataError(
            f"{path}: array {key!r}, row {row} (from 0): id {str(names[row])!r} stands twice."
        )
    return names


def _check_vectors(path: Path, label: str, vectors: np.ndarray) -> None:
    numeric = vectors.dtype.kind in "fiu"
    if vectors.ndim != 2 or not numeric or 0 in vectors.shape:
        raise DataError(
            f"{path}: {label} is {vectors.dtype} of shape {vectors.shape}, but numbers "
            "of shape (items, size) are needed."
        )
    with np.errstate(over="ignore"):
        finite = np.isfinite(vectors.astype(np.float16))
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"{path}: {label}, row {row} (from 0), column {column}: "
            f"{vectors[row, column]} is not a finite float16 number."
        )
