"""One training run from configuration to complete run folder."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from prism_core.config.reading import build_stored, to_dict
from prism_core.config.run import RunConfig
from prism_core.data.sequences import Sequences
from prism_core.devices import choose_device
from prism_core.errors import ConfigError, PrismError, RunFormatError
from prism_core.evaluation.metrics import summary
from prism_core.models.sequence_model import SequenceModel
from prism_core.scoring import make_model
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset
from prism_core.store.writer import RunWriter
from prism_core.training import seeding
from prism_core.training.checkpoint import Progress, remove_checkpoint
from prism_core.training.group import Group
from prism_core.training.loop import Trainer
from prism_core.training.progress import Reporter, Silent
from prism_core.training.recording import part_measures, rank_split, record_model
from prism_core.training.split_ranking import rank_split_items

TOLD_TO_STOP = (
    "either you stopped it, or a process that trains with this one is gone and the launcher, which "
    "names it below, stopped the others; start all of them again with --resume."
)


def train_run(
    config: RunConfig,
    root: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    split_items: bool = False,
    reporter: Reporter | None = None,
) -> Path:
    """Train, evaluate and store one run.

    Parameters
    ----------
    config
        Its resolved configuration; decides the run's id.
    root
        Folder of run folders.
    resume
        Continue an unfinished run of the same id, if there is one.
    overwrite
        Remove an older run of the same id first.
    split_items
        With several processes: each holds the id vectors, their gradients and optimizer state of
        its share of the items only. The result is the same.

    Returns
    -------
    Path
        The complete run folder.

    Raises
    ------
    PrismError
        Configuration or data are wrong, the run exists already, or training diverged.
    """
    path = root / config.run_id
    if split_items and config.model.quirks is not None:
        raise ConfigError("--split-items: mode 'released' ranks padding too; use another mode.")
    chosen = choose_device(device)
    dataset = Dataset(Path(config.data.path))
    sequences = Sequences(dataset)
    seeding.initialise(config.seed)
    model = make_model(config.model, dataset).to(chosen)
    group = Group.join(chosen)
    if group.is_first:
        _make_room(path, resume=resume, overwrite=overwrite)
    group.wait()
    trainer = Trainer(
        model=model,
        sequences=sequences,
        config=config,
        device=chosen,
        validate=_validation(model, sequences, config, group),
        measure=partial(part_measures, model),
        folder=path,
        writer=_open(path, config) if group.is_first else None,
        reporter=reporter if reporter is not None and group.is_first else Silent(),
        group=group,
        split_items=split_items,
    )
    progress = _fit(trainer)
    if trainer.writer is not None:
        _complete(trainer, trainer.writer, dataset, progress)
    group.wait()
    group.leave()
    return path


def _open(path: Path, config: RunConfig) -> RunWriter:
    writer = RunWriter(path)
    writer.write_config(to_dict(config))
    return writer


def _validation(
    model: SequenceModel, sequences: Sequences, config: RunConfig, group: Group
) -> Callable[[], dict[str, float]]:
    """Rank the validation split, each process its share of the users."""
    everyone = np.arange(sequences.num_users)
    mine = everyone[group.rank :: group.size]

    def validate() -> dict[str, float]:
        if model.partition.is_split:
            return summary(rank_split_items(model, sequences, "valid", config).rank)
        ranks = np.zeros(len(everyone), dtype=np.int64)
        ranks[mine] = rank_split(model, sequences, "valid", config, users=mine).rank
        return summary(group.sum(ranks, model.ids.device))

    return validate


def _complete(trainer: Trainer, writer: RunWriter, dataset: Dataset, progress: Progress) -> None:
    training = {
        "best_epoch": progress.best_epoch,
        "epochs": progress.epoch,
        "steps": progress.step,
        "seconds": round(progress.seconds, 1),
        "processes": trainer.group.size,
    }
    writer.log("finished", best_epoch=progress.best_epoch)
    record_model(writer, trainer.model, dataset, trainer.sequences, trainer.config, training)
    remove_checkpoint(writer.path)


def _fit(trainer: Trainer) -> Progress:
    """Train, and leave in the events why training ended early if it did."""
    try:
        return trainer.fit().progress
    except KeyboardInterrupt:
        trainer.log("stopped", epoch=trainer.state.progress.epoch)
        if trainer.group.size > 1:
            raise KeyboardInterrupt(TOLD_TO_STOP) from None
        raise
    except PrismError as error:
        trainer.log("failed", reason=str(error))
        raise


def stored_config(path: Path) -> RunConfig:
    """Read the configuration of a run folder.

    Raises
    ------
    RunFormatError
        There is none, or it is damaged.
    ConfigError
        It holds a key this version does not know.
    """
    return build_stored(RunConfig, files.read_json(path / schema.CONFIG))


def _make_room(path: Path, *, resume: bool, overwrite: bool) -> None:
    if overwrite and path.exists():
        shutil.rmtree(path)
    if (path / schema.MANIFEST).is_file():
        raise RunFormatError(f"{path}: this run is complete; --overwrite trains it again.")
    if path.exists() and not resume:
        raise RunFormatError(
            f"{path}: an unfinished run; --resume continues it, --overwrite starts again."
        )
