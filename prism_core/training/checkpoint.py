"""One file that holds everything a stopped training needs to go on, replaced atomically.

Random draws depend on seed and step alone (see :mod:`prism_core.training.seeding`), so weights,
optimizer state and counters are all there is to keep.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from prism_core.errors import RunFormatError
from prism_core.models.sequence_model import SequenceModel
from prism_core.store import files

CHECKPOINT: Final = ".checkpoint.safetensors"
"""The leading dot keeps the file out of a run's manifest."""

CHECKPOINT_VERSION: Final = 1


@dataclass(slots=True)
class Progress:
    """Where a training stands after a whole epoch.

    Attributes
    ----------
    epoch, step
        Epochs and optimizer steps done.
    best_epoch, best_score
        Epoch with the highest validation score so far; 0 before the first.
    seconds
        Time spent training, over all sittings.
    """

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    seconds: float = 0.0


@dataclass(slots=True)
class TrainingState:
    """What a checkpoint holds.

    Attributes
    ----------
    model
        Module under training.
    optimizer
        Its optimizer.
    best
        Weights of the best epoch, on the CPU.
    """

    model: SequenceModel
    optimizer: torch.optim.Optimizer
    progress: Progress = field(default_factory=Progress)
    best: dict[str, Tensor] = field(default_factory=dict)

    def tensors(self) -> dict[str, Tensor]:
        """Give all tensors by name; rows that several processes hold are brought together."""
        tensors = _prefixed("model", self.model.state_dict()) | _prefixed("best", self.best)
        tensors |= _prefixed("optimizer", _flatten(self.optimizer.state_dict()["state"]))
        device = self.model.ids.device
        for name in self.split_names():
            tensors[name] = self.model.exchange.gather(tensors[name].to(device))
        return tensors

    def split_names(self) -> list[str]:
        """Name the tensors of which this process holds some rows only."""
        if not self.model.partition.is_split:
            return []
        groups = self.optimizer.param_groups
        parameters = [parameter for group in groups for parameter in group["params"]]
        place = next(i for i, p in enumerate(parameters) if p is self.model.ids)
        return [
            "model/ids",
            "best/ids",
            f"optimizer/{place}.exp_avg",
            f"optimizer/{place}.exp_avg_sq",
        ]


def save_checkpoint(
    folder: Path, tensors: Mapping[str, Tensor], progress: Progress, recipe: str
) -> None:
    """Replace the folder's checkpoint by the present state.

    Parameters
    ----------
    tensors
        Those of a `TrainingState`.
    recipe
        Hash of the configuration, so that no other recipe continues from here.
    """
    header = {"version": CHECKPOINT_VERSION, "recipe": recipe, "progress": asdict(progress)}
    with files.replacing(folder / CHECKPOINT) as temporary:
        save_file(_plain(tensors), temporary, metadata={"prism": json.dumps(header)})


def restore_checkpoint(folder: Path, state: TrainingState, recipe: str) -> bool:
    """Bring ``state`` to where the folder's checkpoint left off.

    Returns
    -------
    bool
        False if there is no checkpoint; the state is then untouched.

    Raises
    ------
    RunFormatError
        The checkpoint is damaged, or belongs to another recipe or version.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return False
    header, tensors = _read(path)
    if header.get("version") != CHECKPOINT_VERSION or header.get("recipe") != recipe:
        raise RunFormatError(
            f"{path}: written by another recipe or version; remove the folder and train again."
        )
    partition = state.model.partition
    for name in state.split_names():
        tensors[name] = tensors[name][partition.own]
    state.model.load_state_dict(_select(tensors, "model"))
    _load_optimizer(state.optimizer, _select(tensors, "optimizer"))
    state.best = _select(tensors, "best")
    state.progress = Progress(**header["progress"])
    return True


def remove_checkpoint(folder: Path) -> None:
    """Delete the folder's checkpoint, once its run is complete."""
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as archive:
            header = json.loads((archive.metadata() or {})["prism"])
            return header, {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise RunFormatError(
            f"{path}: not a readable checkpoint ({error}); remove it and train again."
        ) from None


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _flatten(state: Mapping[int, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{i}.{key}": value for i, entry in state.items() for key, value in entry.items()}


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _select(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
