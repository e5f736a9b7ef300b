"""The same training in processes that Ray Train starts (``pip install 'ray[train]'``)."""

import os
from pathlib import Path
from typing import Any

from prism_core.config.reading import build, to_dict
from prism_core.config.run import RunConfig
from prism_core.devices import choose_device
from prism_core.errors import ConfigError, MissingExtraError, TrainingError
from prism_core.training.runs import train_run


def train_with_ray(config: RunConfig, root: Path, workers: int, **options: Any) -> Path:
    """Train one run in Ray workers; connects to the cluster that ``RAY_ADDRESS`` names, if any.

    Workers read the data and write the run under the paths of the calling process.

    Parameters
    ----------
    config, root
        As for `train_run`.
    workers
        Number of processes.
    **options
        ``device``, ``resume``, ``overwrite`` and ``split_items`` of `train_run`.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    TrainingError
        A worker failed.
    """
    if workers < 1:
        raise ConfigError(f"--ray {workers}: give 1 worker or more.")
    try:
        from ray.train import ScalingConfig
        from ray.train.base_trainer import TrainingFailedError
        from ray.train.torch import TorchConfig, TorchTrainer
    except ImportError as error:
        raise MissingExtraError(
            f"Ray Train cannot be loaded ({error}); pip install 'ray[train]', or use torchrun."
        ) from None
    on_gpu = choose_device(options.get("device", "auto")).type == "cuda"
    trainer = TorchTrainer(
        _work,
        train_loop_config={
            "config": to_dict(config),
            "root": str(root.resolve()),
            "folder": str(Path.cwd()),
            "options": options,
        },
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=on_gpu),
        torch_config=TorchConfig(backend="nccl" if on_gpu else "gloo"),
    )
    try:
        trainer.fit()
    except TrainingFailedError as error:
        raise TrainingError(f"a Ray worker failed: {error}") from None
    return root / config.run_id


def _work(settings: dict[str, Any]) -> None:
    os.chdir(settings["folder"])
    config = build(RunConfig, settings["config"])
    train_run(config, Path(settings["root"]), **settings["options"])
