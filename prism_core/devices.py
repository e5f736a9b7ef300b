"""Where and in which precision a model computes."""

from contextlib import AbstractContextManager, nullcontext
from typing import Final

import numpy as np
import torch
from torch import Tensor

from prism_core.errors import ConfigError

DEVICES: Final = ("auto", "cuda", "mps", "cpu")


def choose_device(name: str = "auto") -> torch.device:
    """Turn a name into a device; ``auto`` takes the first of cuda, mps, cpu that is there.

    Raises
    ------
    ConfigError
        The name is unknown, or this machine has no such device.
    """
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise ConfigError(f"device {name!r}: choose one of {', '.join(DEVICES)}.")
    if kind == "auto":
        return torch.device(next(kind for kind in DEVICES[1:] if _is_there(kind)))
    if not _is_there(kind):
        raise ConfigError(f"device {name!r}: PyTorch finds no such device here; use 'auto'.")
    return torch.device(name)


def _is_there(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    return kind == "cpu" or torch.backends.mps.is_available()


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Give the context a forward pass runs in: mixed bfloat16, or plain float32."""
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Copy an array to the device, without waiting where the device is cuda."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def device_name(device: torch.device) -> str:
    """Name the hardware, for the manifest."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"
